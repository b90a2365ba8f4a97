#include "service_systemd_about.h"
#include <errno.h>
#include "str.h"

#define NAME    "org.freedesktop.systemd1"
#define UNIT    NAME ".Unit"
#define SERVICE NAME ".Service"

struct asking {
    sd_bus *bus;
    const char *path;
};

/* Only a connection that is gone ends the asking: what systemd answers with an error it
 * does not have. */
static bool lost(int rc)
{
    return rc == -ENOTCONN || rc == -ECONNRESET || rc == -EPIPE || rc == -ETIMEDOUT;
}

static int text(const struct asking *a, const char *interface, const char *name, char *dst,
                size_t n)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    char *value = NULL;
    int rc = sd_bus_get_property_string(a->bus, NAME, a->path, interface, name, &e, &value);

    str_cut(dst, n, rc >= 0 ? value : "");
    free(value);
    sd_bus_error_free(&e);
    return lost(rc) ? rc : 0;
}

static int flag(const struct asking *a, const char *name, bool *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    int value = 0;
    int rc = sd_bus_get_property_trivial(a->bus, NAME, a->path, UNIT, name, &e, 'b', &value);

    *ret = rc >= 0 && value != 0;
    sd_bus_error_free(&e);
    return lost(rc) ? rc : 0;
}

/* Several texts as one, blanks between; what does not fit is told by dots. */
static int texts(const struct asking *a, const char *name, char *dst, size_t n)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    char **values = NULL;
    int rc = sd_bus_get_property_strv(a->bus, NAME, a->path, UNIT, name, &e, &values);
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
    return lost(rc) ? rc : 0;
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

static int command(const struct asking *a, struct service_about *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL;
    int rc =
        sd_bus_get_property(a->bus, NAME, a->path, SERVICE, "ExecStart", &e, &m, "a(sasbttttuii)");

    if (rc >= 0 && read_command(m, ret) < 0)
        ret->words_len = 0;
    sd_bus_message_unref(m);
    sd_bus_error_free(&e);
    return lost(rc) ? rc : 0;
}

int service_systemd_ask_about(sd_bus *bus, const char *path, struct service_about *ret)
{
    const struct asking a = {bus, path};
    const struct {
        const char *interface, *name;
        char *dst;
        size_t n;
    } rows[] = {
        {UNIT, "FragmentPath", ret->fragment, sizeof(ret->fragment)},
        {SERVICE, "Type", ret->type, sizeof(ret->type)},
        {SERVICE, "KillMode", ret->kill_mode, sizeof(ret->kill_mode)},
        {SERVICE, "User", ret->user, sizeof(ret->user)},
    };
    char load[32] = "";
    int rc;

    memset(ret, 0, sizeof(*ret));
    ret->unit = true;
    rc = text(&a, UNIT, "LoadState", load, sizeof(load));
    ret->missing = str_eq(load, "not-found") || str_eq(load, "masked");
    if (rc < 0 || ret->missing)
        return rc;
    for (size_t i = 0; rc >= 0 && i < ARRAY_LEN(rows); i++)
        rc = text(&a, rows[i].interface, rows[i].name, rows[i].dst, rows[i].n);
    if (rc >= 0)
        rc = texts(&a, "DropInPaths", ret->drop_ins, sizeof(ret->drop_ins));
    if (rc >= 0)
        rc = flag(&a, "NeedDaemonReload", &ret->reload);
    return rc < 0 ? rc : command(&a, ret);
}
