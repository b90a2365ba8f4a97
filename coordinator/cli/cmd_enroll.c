#include "agent_place.h"
#include "commands.h"
#include "enrolment.h"
#include "file.h"
#include "str.h"
#include "table.h"

static const struct {
    const char *word;
    enum color color;
} verdicts[] = {
    [ENROL_NEW] = {"new", COLOR_GREEN},           [ENROL_KNOWN] = {"known", COLOR_NONE},
    [ENROL_CHANGED] = {"KEY CHANGED", COLOR_RED}, [ENROL_SILENT] = {"no answer", COLOR_YELLOW},
    [ENROL_MISPLACED] = {"REFUSED", COLOR_RED},   [ENROL_UNREADY] = {"not ready", COLOR_YELLOW},
};

static void show(const struct console *c, const struct enrolment *list, size_t n)
{
    struct table t;
    table_init(&t, (const char *[]){"HOST", "AGENT", "FINGERPRINT", "", ""}, 5);
    for (size_t i = 0; i < n; i++) {
        char fingerprint[FINGERPRINT_LEN] = "";
        if (list[i].answered)
            pubkey_fingerprint(fingerprint, &list[i].key);
        table_row(&t, verdicts[list[i].verdict].color,
                  (const char *[]){list[i].host->name, list[i].address, fingerprint,
                                   verdicts[list[i].verdict].word, list[i].why});
    }
    table_print(&t, console_color(c, stdout), stdout);
    table_free(&t);
}

static size_t count(const struct enrolment *list, size_t n, enum enrolment_verdict verdict)
{
    size_t hits = 0;
    for (size_t i = 0; i < n; i++)
        hits += list[i].verdict == verdict;
    return hits;
}

/* 0.1.0 kept in a file of its own what known_hosts has now. */
static void drop_box_keys(const struct console *c)
{
    char path[300];
    struct err unused = ERR_INIT;
    if (state_path(&c->conf, "box_keys", path, &unused) == 0)
        unlink(path);
}

static int remember_one(struct known_hosts *known, const struct enrolment *e, struct err *err)
{
    char by_address[UUID_MAX] = "";
    const struct host *h = e->host;
    if (h->joins)
        joiner_key(by_address, &e->key);
    const char *ids[] = {h->server_id, h->node_id, by_address};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        if (ids[i][0] != '\0' && known_hosts_add(known, ids[i], h->name, &e->key, err) < 0)
            return -1;
    return 0;
}

static int remember(struct console *c, const struct enrolment *list, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if ((list[i].verdict == ENROL_NEW || list[i].verdict == ENROL_KNOWN) &&
            remember_one(&c->known, &list[i], err) < 0)
            return -1;
    if (file_make_dirs(c->conf.state_dir, 0755, err) < 0 || known_hosts_save(&c->known, err) < 0)
        return -1;
    drop_box_keys(c);
    return 0;
}

/* The first thing that must not be passed over in silence. */
static int refuse(const struct console *c, const struct enrolment *list, size_t n, struct err *err)
{
    char then[320] = "";

    for (size_t i = 0; i < n; i++) {
        if (list[i].verdict != ENROL_CHANGED && list[i].verdict != ENROL_MISPLACED)
            continue;
        if (list[i].verdict == ENROL_CHANGED)
            snprintf(then, sizeof(then),
                     "; when it is that host, remove its lines from %.200s/known_hosts and enroll "
                     "again",
                     c->conf.state_dir);
        return err_set(err, ERR_REFUSED, 0,
                       "host %s: %s. Nothing was remembered of it; find out who answers there%s",
                       list[i].host->name, list[i].why, then);
    }
    return 0;
}

static int tell(const struct enrolment *list, size_t n, struct err *err)
{
    size_t silent = count(list, n, ENROL_SILENT), unready = count(list, n, ENROL_UNREADY);

    printf("%zu of %zu hosts enrolled, %zu of them new.\n", n - silent - unready, n,
           count(list, n, ENROL_NEW));
    if (silent > 0)
        return err_set(err, ERR_NETWORK, 0,
                       "%zu %s not answer: install caravan-agent and caravan-trust there, see that "
                       "port 4650 can be reached from here, then enroll again",
                       silent, str_count(silent, "host did", "hosts did"));
    if (unready > 0)
        return err_set(
            err, ERR_NETWORK, 0,
            "%zu %s not know its Nomad yet, as just after its start: see that Nomad runs "
            "there, and enroll again in a moment",
            unready, str_count(unready, "agent does", "agents do"));
    return 0;
}

static int enroll_these(struct console *c, const struct host *hosts, size_t n,
                        const struct world *w, struct err *err)
{
    struct enrolment *list = NULL;
    if (enrolment_ask(c, hosts, n, &list, err) < 0)
        return -1;
    enrolment_judge(list, n, &c->known, w);
    show(c, list, n);
    size_t fresh = count(list, n, ENROL_NEW);
    int rc = 0;
    if (fresh > 0 && !c->opt.yes) {
        char question[120];
        snprintf(question, sizeof question, "Trust %zu new key%s as shown?", fresh,
                 fresh == 1 ? "" : "s");
        rc = control_confirm(&c->signals, question, err);
        if (rc == 0)
            rc = err_set(err, ERR_REFUSED, 0, "nothing was enrolled");
    }
    if (rc >= 0)
        rc = remember(c, list, n, err);
    if (rc == 0)
        rc = refuse(c, list, n, err);
    if (rc == 0)
        rc = tell(list, n, err);
    free(list);
    return rc;
}

/* ---- by address ---- */

static const struct host *listed_at(const struct console *c, const struct world *w,
                                    const char *address)
{
    char at[128];
    for (size_t i = 0; i < w->n_hosts; i++)
        if (!world_has_left(w, &w->hosts[i]) &&
            agent_address(&c->conf, &w->hosts[i], at, sizeof at) == 0 && str_eq(at, address))
            return &w->hosts[i];
    return NULL;
}

static int parse_places(const struct cli_list *texts, struct agent_place *ret, struct err *err)
{
    for (size_t i = 0; i < texts->n; i++) {
        if (agent_place(texts->items[i], &ret[i], err) < 0)
            return err_wrap(err, "--host");
        for (size_t k = 0; k < i; k++)
            if (str_eq(ret[k].address, ret[i].address))
                return err_set(err, ERR_USAGE, 0, "--host names %s twice", ret[i].name);
    }
    return 0;
}

/* At each address the host that Nomad lists there; else one that is to join. */
static void hosts_at(const struct console *c, const struct world *w,
                     const struct agent_place *places, size_t n, struct host *ret)
{
    for (size_t i = 0; i < n; i++) {
        const struct host *h = listed_at(c, w, places[i].address);
        if (h != NULL) {
            printf(
                "Nomad lists host %s at %s: it is enrolled by its Nomad id, as without --host.\n",
                h->name, places[i].name);
            ret[i] = *h;
            continue;
        }
        memset(&ret[i], 0, sizeof ret[i]);
        ret[i].key = ret[i].server_id = ret[i].node_id = "";
        ret[i].name = places[i].name;
        ret[i].addr = places[i].ip;
        ret[i].joins = true;
        ret[i].agent.address = places[i].address;
    }
}

static int enroll_by_address(struct console *c, const struct world *w,
                             const struct agent_place *places, size_t n, struct err *err)
{
    autofree struct host *hosts = xzalloc(n, sizeof *hosts);
    hosts_at(c, w, places, n, hosts);
    return enroll_these(c, hosts, n, w, err);
}

static int enroll(struct console *c, struct err *err)
{
    const struct world *w = NULL;
    size_t n = c->opt.host.n;
    autofree struct agent_place *places = xzalloc(n + 1, sizeof *places);
    if (parse_places(&c->opt.host, places, err) < 0 || console_open(c, err) < 0 ||
        console_look(c, NULL, PATIENCE_MS, &w, err) < 0)
        return -1;
    return n > 0 ? enroll_by_address(c, w, places, n, err)
                 : enroll_these(c, w->hosts, w->n_hosts, w, err);
}

int cmd_enroll(void *ctx, int argc, char **argv)
{
    struct err err = ERR_INIT;
    (void)argc;
    (void)argv;
    return enroll(ctx, &err) < 0 ? command_fail(&err) : EXIT_DONE;
}
