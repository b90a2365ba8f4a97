#include <errno.h>
#include <systemd/sd-journal.h>
#include "process.h"
#include "service.h"
#include "str.h"
#include "unit_about.h"
#include "unit_boot.h"

#define NAME     UNIT_BUS_NAME
#define ROOT     UNIT_BUS_ROOT
#define MANAGER  NAME ".Manager"
#define UNIT     UNIT_BUS_UNIT
#define SERVICE  UNIT_BUS_SERVICE
#define CALL_US  (5 * 1000 * 1000) /* deadline of one call; systemd may be busy */
#define EVIDENCE 16                /* lines of the unit's journal */

struct service_systemd {
    const struct agent_conf *conf;
    sd_bus *bus;   /* NULL: not connected */
    char *path;    /* the unit's D-Bus object */
    char job[128]; /* the job of the present act; "": none */
    bool lost;     /* the connection was lost during the job, and perhaps the signal of its end */
    bool removed;  /* the job has ended, with `result` */
    char result[32];
};

/* ---- the connection ---- */

static int on_job_removed(sd_bus_message *m, void *self, sd_bus_error *error)
{
    struct service_systemd *s = self;
    const char *job = NULL, *unit = NULL, *result = NULL;
    uint32_t id = 0;

    (void)error;
    if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) < 0 || s->job[0] == '\0' ||
        !str_eq(job, s->job))
        return 0;
    s->removed = true;
    str_cut(s->result, sizeof(s->result), result);
    return 0;
}

static void close_bus(struct service_systemd *s)
{
    s->bus = sd_bus_close_unref(s->bus);
    if (s->job[0] != '\0')
        s->lost = true;
}

static int subscribe_to_jobs(struct service_systemd *s)
{
    int rc =
        sd_bus_match_signal(s->bus, NULL, NAME, ROOT, MANAGER, "JobRemoved", on_job_removed, s);

    if (rc < 0)
        return rc;
    return sd_bus_call_method(s->bus, NAME, ROOT, MANAGER, "Subscribe", NULL, NULL, "");
}

static int connect_bus(struct service_systemd *s, struct err *err)
{
    int rc;

    if (s->bus != NULL)
        return 0;
    rc = sd_bus_open_system(&s->bus);
    if (rc >= 0)
        rc = sd_bus_set_method_call_timeout(s->bus, CALL_US);
    if (rc >= 0)
        rc = subscribe_to_jobs(s);
    if (rc >= 0)
        return 0;
    close_bus(s);
    return err_set(err, ERR_NETWORK, -rc, "talk to systemd over D-Bus");
}

/* Sets the error. Closes a lost connection; an error that systemd answered does not close it. */
static int set_bus_error(struct service_systemd *s, int rc, const sd_bus_error *e, const char *what,
                         struct err *err)
{
    if (unit_bus_is_lost(rc))
        close_bus(s);
    return err_set(err, rc == -ETIMEDOUT ? ERR_TIMEOUT : ERR_NETWORK,
                   sd_bus_error_is_set(e) ? 0 : -rc, "%s of %s%s%.200s", what, s->conf->unit,
                   sd_bus_error_is_set(e) && e->message != NULL ? ": " : "",
                   sd_bus_error_is_set(e) && e->message != NULL ? e->message : "");
}

/* ---- acts ---- */

/* So that a start limit that was reached before does not refuse this start. */
static void reset_failed_unit(struct service_systemd *s)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;

    (void)sd_bus_call_method(s->bus, NAME, ROOT, MANAGER, "ResetFailedUnit", &e, NULL, "s",
                             s->conf->unit);
    sd_bus_error_free(&e);
}

static int systemd_begin(void *self, enum service_act act, struct err *err)
{
    static const char *const methods[] = {[SERVICE_ACT_START] = "StartUnit",
                                          [SERVICE_ACT_STOP] = "StopUnit",
                                          [SERVICE_ACT_RESTART] = "RestartUnit"};
    struct service_systemd *s = self;
    sd_bus_error e = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    const char *job = NULL;

    if (connect_bus(s, err) < 0)
        return -1;
    if (act != SERVICE_ACT_STOP)
        reset_failed_unit(s);
    int rc = sd_bus_call_method(s->bus, NAME, ROOT, MANAGER, methods[act], &e, &reply, "ss",
                                s->conf->unit, "replace");
    if (rc >= 0)
        rc = sd_bus_message_read(reply, "o", &job);
    if (rc >= 0) {
        s->removed = s->lost = false;
        str_cut(s->job, sizeof(s->job), job);
    } else {
        set_bus_error(s, rc, &e, methods[act], err);
    }
    sd_bus_message_unref(reply);
    sd_bus_error_free(&e);
    return rc < 0 ? -1 : 0;
}

/* Asks the unit whether it still has this job, because the signal may be lost. */
static int unit_has_job(struct service_systemd *s, bool *ret, struct err *err)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL;
    const char *path = NULL;
    uint32_t id = 0;
    int rc = sd_bus_get_property(s->bus, NAME, s->path, UNIT, "Job", &e, &m, "(uo)");

    if (rc >= 0)
        rc = sd_bus_message_read(m, "(uo)", &id, &path);
    if (rc >= 0)
        *ret = id != 0 && str_eq(path, s->job);
    else
        set_bus_error(s, rc, &e, "the job", err);
    sd_bus_message_unref(m);
    sd_bus_error_free(&e);
    return rc < 0 ? -1 : 0;
}

static enum service_progress finish_job(struct service_systemd *s, char *ret_text)
{
    s->job[0] = '\0';
    s->lost = false;
    if (!s->removed || str_eq(s->result, "done") || str_eq(s->result, "skipped"))
        return SERVICE_DONE;
    snprintf(ret_text, TEXT_MAX, "systemd's job for %s ended as \"%s\"", s->conf->unit, s->result);
    return SERVICE_FAILED;
}

static int systemd_poll(void *self, enum service_progress *ret, char ret_text[static TEXT_MAX],
                        struct err *err)
{
    struct service_systemd *s = self;
    bool open = true;
    int rc;

    *ret = s->job[0] == '\0' ? SERVICE_DONE : SERVICE_WORKING;
    if (s->job[0] == '\0')
        return 0;
    if (connect_bus(s, err) < 0)
        return -1;
    while ((rc = sd_bus_process(s->bus, NULL)) > 0)
        ;
    if (rc < 0)
        return set_bus_error(s, rc, NULL, "the job", err);
    if (!s->removed && s->lost && unit_has_job(s, &open, err) < 0)
        return -1;
    if (s->removed || !open)
        *ret = finish_job(s, ret_text);
    return 0;
}

/* ---- state ---- */

static int read_unit_text(struct service_systemd *s, const char *name, char *dst, size_t n,
                          struct err *err)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    char *value = NULL;
    int rc = sd_bus_get_property_string(s->bus, NAME, s->path, UNIT, name, &e, &value);

    if (rc < 0)
        set_bus_error(s, rc, &e, name, err);
    else
        str_cut(dst, n, value);
    free(value);
    sd_bus_error_free(&e);
    return rc < 0 ? -1 : 0;
}

static int read_unit_number(struct service_systemd *s, const char *name, char type, void *ret,
                            struct err *err)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    int rc = sd_bus_get_property_trivial(s->bus, NAME, s->path, SERVICE, name, &e, type, ret);

    if (rc < 0)
        set_bus_error(s, rc, &e, name, err);
    sd_bus_error_free(&e);
    return rc < 0 ? -1 : 0;
}

static int systemd_state(void *self, struct service_state *ret, struct err *err)
{
    struct service_systemd *s = self;
    struct service_state st = {.active = TRI_YES};
    struct err ignored = ERR_INIT;
    char active[32] = "", sub[64] = "";
    uint32_t restarts = 0;
    uint64_t started_us = 0;

    /* Read the signals that nobody waits for, so that they do not pile up in the connection. */
    while (s->bus != NULL && sd_bus_process(s->bus, NULL) > 0)
        ;
    if (connect_bus(s, err) < 0 ||
        read_unit_text(s, "ActiveState", active, sizeof(active), err) < 0 ||
        read_unit_text(s, "SubState", sub, sizeof(sub), err) < 0 ||
        read_unit_number(s, "MainPID", 'u', &st.main_pid, err) < 0)
        return -1;
    /* systemd before 235 does not count restarts. Then a changed main process shows a restart. */
    if (read_unit_number(s, "NRestarts", 'u', &restarts, &ignored) == 0)
        st.restarts = restarts;
    if (s->bus != NULL &&
        read_unit_number(s, "ExecMainStartTimestamp", 't', &started_us, &ignored) == 0)
        st.started_wall_ns = (int64_t)started_us * 1000;
    st.ended = str_eq(active, "inactive") || str_eq(active, "failed");
    if (st.ended)
        st.active = TRI_NO;
    st.main_start = process_start((pid_t)st.main_pid);
    snprintf(st.text, sizeof(st.text), "%s is %s (%s)", s->conf->unit, active, sub);
    *ret = st;
    return 0;
}

/* ---- about the unit ---- */

static int systemd_about(void *self, struct service_about *ret, struct err *err)
{
    struct service_systemd *s = self;
    struct service_about a;
    int rc;

    if (connect_bus(s, err) < 0)
        return -1;
    rc = unit_about(s->bus, s->path, &a);
    if (rc >= 0)
        rc = unit_boot_ask(s->bus, s->conf->unit, s->path, &a.boot);
    if (rc < 0)
        return set_bus_error(s, rc, NULL, "the settings", err);
    *ret = a;
    return 0;
}

/* ---- another unit ---- */

static enum tri systemd_active(void *self, const char *unit)
{
    struct service_systemd *s = self;
    sd_bus_error e = SD_BUS_ERROR_NULL;
    char *path = NULL, *value = NULL;
    struct err ignored = ERR_INIT;
    enum tri active = TRI_UNKNOWN;

    if (connect_bus(s, &ignored) < 0 || sd_bus_path_encode(ROOT "/unit", unit, &path) < 0)
        return TRI_UNKNOWN;
    int rc = sd_bus_get_property_string(s->bus, NAME, path, UNIT, "ActiveState", &e, &value);
    if (rc < 0)
        set_bus_error(s, rc, &e, unit, &ignored);
    else
        active = str_eq(value, "active") ? TRI_YES : TRI_NO;
    free(value);
    free(path);
    sd_bus_error_free(&e);
    return active;
}

/* ---- at boot ---- */

static int systemd_at_boot(void *self, bool starts, struct err *err)
{
    struct service_systemd *s = self;

    if (connect_bus(s, err) < 0)
        return -1;
    if (unit_boot_set(s->bus, s->conf->unit, s->path, starts, err) == 0)
        return 0;
    /* A late answer must not look like the answer to the next question. */
    if (err->kind == ERR_NETWORK || err->kind == ERR_TIMEOUT)
        close_bus(s);
    return -1;
}

/* ---- evidence ---- */

static void add_journal_line(sd_journal *j, struct buf *text)
{
    const void *data = NULL;
    size_t n = 0;

    if (sd_journal_get_data(j, "MESSAGE", &data, &n) < 0 || n < strlen("MESSAGE="))
        return;
    str_escape(text, (const char *)data + strlen("MESSAGE="), n - strlen("MESSAGE="));
    (void)buf_add_byte(text, '\n');
}

static void systemd_evidence(void *self, char *dst, size_t n)
{
    const struct service_systemd *s = self;
    auto_buf struct buf text = BUF_INIT;
    char match[160];
    sd_journal *j = NULL;

    dst[0] = '\0';
    snprintf(match, sizeof(match), "_SYSTEMD_UNIT=%s", s->conf->unit);
    if (sd_journal_open(&j, SD_JOURNAL_LOCAL_ONLY) < 0)
        return;
    if (sd_journal_add_match(j, match, 0) >= 0 && sd_journal_seek_tail(j) >= 0 &&
        sd_journal_previous_skip(j, EVIDENCE) > 0) {
        do
            add_journal_line(j, &text);
        while (sd_journal_next(j) > 0);
    }
    sd_journal_close(j);
    /* If dst is too small, keep the last lines. */
    str_cut(dst, n, buf_str(&text) + (text.len >= n ? text.len - n + 1 : 0));
}

/* ---- the table ---- */

static int systemd_fd(void *self)
{
    const struct service_systemd *s = self;

    return s->bus != NULL && s->job[0] != '\0' ? sd_bus_get_fd(s->bus) : -1;
}

static void systemd_free(void *self)
{
    struct service_systemd *s = self;

    s->bus = sd_bus_flush_close_unref(s->bus);
    free(s->path);
    free(s);
}

int service_systemd_new(const struct agent_conf *conf, struct service *ret, struct err *err)
{
    struct service_systemd *s = xzalloc(1, sizeof(*s));

    s->conf = conf;
    if (sd_bus_path_encode(ROOT "/unit", conf->unit, &s->path) < 0) {
        free(s);
        return err_set(err, ERR_CONFIG, 0, "[nomad] unit: %s is not the name of a unit",
                       conf->unit);
    }
    *ret = (struct service){
        .self = s,
        .begin = systemd_begin,
        .poll = systemd_poll,
        .state = systemd_state,
        .at_boot = systemd_at_boot,
        .about = systemd_about,
        .active = systemd_active,
        .evidence = systemd_evidence,
        .fd = systemd_fd,
        .free = systemd_free,
    };
    return 0;
}
