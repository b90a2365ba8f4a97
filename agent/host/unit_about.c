#include "unit_about.h"
#include <errno.h>
#include "buf.h"
#include "str.h"

struct unit_asked {
    sd_bus *bus;
    const char *path;
};

bool unit_bus_is_lost(int rc)
{
    return rc == -ENOTCONN || rc == -ECONNRESET || rc == -EPIPE || rc == -ETIMEDOUT;
}

/* Only a connection that is gone ends the asking: what systemd answers with an error it
 * does not have. */
static int about_text(const struct unit_asked *u, const char *interface, const char *name,
                      char *dst, size_t n)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    char *value = NULL;
    int rc =
        sd_bus_get_property_string(u->bus, UNIT_BUS_NAME, u->path, interface, name, &e, &value);

    str_cut(dst, n, rc >= 0 ? value : "");
    free(value);
    sd_bus_error_free(&e);
    return unit_bus_is_lost(rc) ? rc : 0;
}

static int about_flag(const struct unit_asked *u, const char *name, bool *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    int value = 0;
    int rc = sd_bus_get_property_trivial(u->bus, UNIT_BUS_NAME, u->path, UNIT_BUS_UNIT, name, &e,
                                         'b', &value);

    *ret = rc >= 0 && value != 0;
    sd_bus_error_free(&e);
    return unit_bus_is_lost(rc) ? rc : 0;
}

/* Several texts as one, blanks between; what does not fit is told by dots. */
static int about_texts(const struct unit_asked *u, const char *name, char *dst, size_t n)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    char **values = NULL;
    int rc =
        sd_bus_get_property_strv(u->bus, UNIT_BUS_NAME, u->path, UNIT_BUS_UNIT, name, &e, &values);
    auto_buf struct buf all = BUF_INIT;

    for (char **v = values; rc >= 0 && v != NULL && *v != NULL; v++) {
        (void)buf_printf(&all, "%s%s", v == values ? "" : " ", *v);
        free(*v);
    }
    free(values);
    str_cut(dst, n, buf_str(&all));
    if (all.len >= n && n > 4)
        memcpy(dst + n - 4, "...", 4);
    sd_bus_error_free(&e);
    return unit_bus_is_lost(rc) ? rc : 0;
}

static int add_words(sd_bus_message *m, struct service_about *ret)
{
    const char *word = NULL;
    int rc;

    while ((rc = sd_bus_message_read(m, "s", &word)) > 0) {
        size_t n = strlen(word) + 1;

        if (n > sizeof(ret->words) - ret->words_len)
            return -E2BIG;
        memcpy(ret->words + ret->words_len, word, n);
        ret->words_len += n;
    }
    return rc;
}

/* a(sasbttttuii): program, words, and how it went the last time. */
static int read_command(sd_bus_message *m, struct service_about *ret)
{
    const char *program = NULL;
    int rc = sd_bus_message_enter_container(m, 'a', "(sasbttttuii)");

    if (rc >= 0)
        rc = sd_bus_message_enter_container(m, 'r', "sasbttttuii");
    if (rc <= 0)
        return rc; /* an empty list: nothing is started */
    rc = sd_bus_message_read(m, "s", &program);
    if (rc < 0)
        return rc;
    str_cut(ret->program, sizeof(ret->program), program);
    rc = sd_bus_message_enter_container(m, 'a', "s");
    return rc < 0 ? rc : add_words(m, ret);
}

static int about_command(const struct unit_asked *u, struct service_about *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL;
    int rc = sd_bus_get_property(u->bus, UNIT_BUS_NAME, u->path, UNIT_BUS_SERVICE, "ExecStart", &e,
                                 &m, "a(sasbttttuii)");

    if (rc >= 0 && read_command(m, ret) < 0)
        ret->words_len = 0;
    sd_bus_message_unref(m);
    sd_bus_error_free(&e);
    return unit_bus_is_lost(rc) ? rc : 0;
}

static int ask_about(const struct unit_asked *u, struct service_about *ret)
{
    const struct {
        const char *interface, *name;
        char *dst;
        size_t n;
    } rows[] = {
        {UNIT_BUS_UNIT, "FragmentPath", ret->fragment, sizeof(ret->fragment)},
        {UNIT_BUS_SERVICE, "Type", ret->type, sizeof(ret->type)},
        {UNIT_BUS_SERVICE, "KillMode", ret->kill_mode, sizeof(ret->kill_mode)},
        {UNIT_BUS_SERVICE, "User", ret->user, sizeof(ret->user)},
    };
    char load[32] = "";
    int rc;

    memset(ret, 0, sizeof(*ret));
    ret->unit = true;
    rc = about_text(u, UNIT_BUS_UNIT, "LoadState", load, sizeof(load));
    ret->missing = str_eq(load, "not-found") || str_eq(load, "masked");
    if (rc < 0 || ret->missing)
        return rc;
    for (size_t i = 0; rc >= 0 && i < ARRAY_LEN(rows); i++)
        rc = about_text(u, rows[i].interface, rows[i].name, rows[i].dst, rows[i].n);
    if (rc >= 0)
        rc = about_texts(u, "DropInPaths", ret->drop_ins, sizeof(ret->drop_ins));
    if (rc >= 0)
        rc = about_flag(u, "NeedDaemonReload", &ret->reload);
    return rc < 0 ? rc : about_command(u, ret);
}

int unit_about(sd_bus *bus, const char *path, struct service_about *ret)
{
    const struct unit_asked u = {.bus = bus, .path = path};

    return ask_about(&u, ret);
}
