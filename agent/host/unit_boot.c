#include "unit_boot.h"
#include <errno.h>
#include "file.h"
#include "str.h"
#include "unit_about.h"

#define MANAGER UNIT_BUS_NAME ".Manager"

struct unit_booted {
    sd_bus *bus;
    const char *unit, *path;
    char **links; /* the links that disabling removes; NULL: unknown */
};

static void free_texts(char **texts)
{
    for (char **t = texts; t != NULL && *t != NULL; t++)
        free(*t);
    free(texts);
}

static int return_if_lost(int rc)
{
    return unit_bus_is_lost(rc) ? rc : 0;
}

/* ---- asking ---- */

/* GetUnitFileState reads the files as they are now. The unit's own property may be older. */
static int ask_file_state(const struct unit_booted *u, struct about_boot *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL;
    const char *state = "";
    int rc = sd_bus_call_method(u->bus, UNIT_BUS_NAME, UNIT_BUS_ROOT, MANAGER, "GetUnitFileState",
                                &e, &m, "s", u->unit);

    if (rc >= 0)
        rc = sd_bus_message_read(m, "s", &state);
    str_cut(ret->state, sizeof(ret->state), rc >= 0 ? state : "");
    sd_bus_message_unref(m);
    sd_bus_error_free(&e);
    return return_if_lost(rc);
}

static int ask_removable_links(struct unit_booted *u)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL;
    int rc = sd_bus_call_method(u->bus, UNIT_BUS_NAME, UNIT_BUS_ROOT, MANAGER, "GetUnitFileLinks",
                                &e, &m, "sb", u->unit, 0);

    if (rc >= 0)
        rc = sd_bus_message_read_strv(m, &u->links);
    if (rc >= 0 && u->links == NULL) /* there are no links */
        u->links = xzalloc(1, sizeof(*u->links));
    sd_bus_message_unref(m);
    sd_bus_error_free(&e);
    return return_if_lost(rc);
}

/* Does `other` start this unit by a link that disabling removes? (If a file of `other` names the
 * unit too, reading back shows that after the links are removed.) */
static bool is_started_by_link(const struct unit_booted *u, const char *other, const char *dir)
{
    char end[600];

    snprintf(end, sizeof(end), "/%s.%s/%s", other, dir, u->unit);
    for (char **l = u->links; *l != NULL; l++) {
        size_t n = strlen(*l);

        if (n >= strlen(end) && str_eq(*l + n - strlen(end), end))
            return true;
    }
    return false;
}

static void add_starter_name(struct about_boot *ret, const char *other)
{
    size_t n = strlen(ret->others);

    if (n + strlen(other) + 6 < sizeof(ret->others))
        snprintf(ret->others + n, sizeof(ret->others) - n, "%s%s", n > 0 ? ", " : "", other);
    else if (n >= 3 && n + 4 < sizeof(ret->others) && !str_eq(ret->others + n - 3, "..."))
        snprintf(ret->others + n, sizeof(ret->others) - n, "...");
    else if (n == 0)
        str_cut(ret->others, sizeof(ret->others), other);
}

/* The properties that name units which start this unit, and the directory of links that can be the
 * reason. */
static const struct starter {
    const char *property, *dir;
    bool new; /* an older systemd does not have the property */
} starters[] = {
    {"WantedBy", "wants", false}, {"RequiredBy", "requires", false}, {"BoundBy", NULL, false},
    {"TriggeredBy", NULL, false}, {"UpheldBy", "upholds", true},
};

static int ask_one_starter(const struct unit_booted *u, const struct starter *by,
                           struct about_boot *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    char **others = NULL;
    int rc = sd_bus_get_property_strv(u->bus, UNIT_BUS_NAME, u->path, UNIT_BUS_UNIT, by->property,
                                      &e, &others);

    for (char **o = others; rc >= 0 && o != NULL && *o != NULL; o++) {
        if (by->dir == NULL || !is_started_by_link(u, *o, by->dir))
            add_starter_name(ret, *o);
    }
    if (rc < 0 && !by->new)
        ret->told = false;
    free_texts(others);
    sd_bus_error_free(&e);
    return return_if_lost(rc);
}

static int ask_all_starters(struct unit_booted *u, struct about_boot *ret)
{
    int rc = ask_removable_links(u);

    ret->told = u->links != NULL;
    for (size_t i = 0; rc >= 0 && ret->told && i < ARRAY_LEN(starters); i++)
        rc = ask_one_starter(u, &starters[i], ret);
    free_texts(take_ptr(&u->links));
    return rc;
}

int unit_boot_ask(sd_bus *bus, const char *unit, const char *path, struct about_boot *ret)
{
    struct unit_booted u = {.bus = bus, .unit = unit, .path = path};
    int rc;

    *ret = (struct about_boot){.told = false};
    rc = ask_file_state(&u, ret);
    return rc < 0 ? rc : ask_all_starters(&u, ret);
}

/* ---- setting ---- */

static int set_boot_error(const char *unit, int rc, const sd_bus_error *e, const char *what,
                          struct err *err)
{
    bool said = e != NULL && sd_bus_error_is_set(e) && e->message != NULL;

    return err_set(err, rc == -ETIMEDOUT ? ERR_TIMEOUT : ERR_NETWORK, said ? 0 : -rc,
                   "%s of %s%s%.180s", what, unit, said ? ": " : "", said ? e->message : "");
}

static int ask_boot_state(const struct unit_booted *u, struct about_boot *ret, struct err *err)
{
    int rc = unit_boot_ask(u->bus, u->unit, u->path, ret);

    if (rc < 0)
        return set_boot_error(u->unit, rc, NULL, "ask about the start", err);
    return ret->state[0] != '\0'
               ? 0
               : err_set(err, ERR_NETWORK, 0, "systemd does not report whether %s is enabled",
                         u->unit);
}

static int check_may_set(const struct unit_booted *u, const struct about_boot *is, bool starts,
                         struct err *err)
{
    if (!str_eq(is->state, "enabled") && !str_eq(is->state, "disabled"))
        return err_set(
            err, ERR_REFUSED, 0,
            "%.80s is %s, so it can be neither enabled nor disabled: nothing was changed", u->unit,
            is->state);
    if (starts || str_eq(is->state, "disabled"))
        return 0;
    if (!is->told)
        return err_set(
            err, ERR_REFUSED, 0,
            "systemd does not report which other units start %.80s, so it was not disabled",
            u->unit);
    if (is->others[0] == '\0')
        return 0;
    return err_set(
        err, ERR_REFUSED, 0,
        "%.60s was not disabled, because %.100s would start it all the same: change that first",
        u->unit, is->others);
}

/* A disabled unit that other units start is not set. The change is then made again, because the
 * reload may show that the files of those units no longer name it. */
static bool boot_is_set(const struct about_boot *is, bool starts)
{
    if (starts)
        return str_eq(is->state, "enabled");
    return str_eq(is->state, "disabled") && is->told && is->others[0] == '\0';
}

static int sync_if_there(const char *dir, struct err *err)
{
    struct err e = ERR_INIT;

    if (file_sync_dir(dir, &e) == 0 || e.sys == ENOENT)
        return 0;
    *err = e;
    return -1;
}

/* systemd does not sync its links. It may have removed a directory together with the last link, so
 * the directory above is synced too. */
static int sync_links(char **links, struct err *err)
{
    int rc = 0;

    for (char **l = links; rc == 0 && l != NULL && *l != NULL; l++) {
        char dir[512], above[512];

        if (file_dir_of(*l, dir, sizeof(dir), err) < 0 ||
            file_dir_of(dir, above, sizeof(above), err) < 0 || sync_if_there(dir, err) < 0 ||
            sync_if_there(above, err) < 0)
            rc = -1;
    }
    return rc;
}

static int change_links(const struct unit_booted *u, bool starts, struct err *err)
{
    const char *method = starts ? "EnableUnitFiles" : "DisableUnitFiles";
    sd_bus_error e = SD_BUS_ERROR_NULL;
    int rc = starts ? sd_bus_call_method(u->bus, UNIT_BUS_NAME, UNIT_BUS_ROOT, MANAGER, method, &e,
                                         NULL, "asbb", 1, u->unit, 0, 0)
                    : sd_bus_call_method(u->bus, UNIT_BUS_NAME, UNIT_BUS_ROOT, MANAGER, method, &e,
                                         NULL, "asb", 1, u->unit, 0);

    if (rc >= 0) {
        method = "the reload after the change";
        rc = sd_bus_call_method(u->bus, UNIT_BUS_NAME, UNIT_BUS_ROOT, MANAGER, "Reload", &e, NULL,
                                "");
    }
    if (rc < 0)
        set_boot_error(u->unit, rc, &e, method, err);
    sd_bus_error_free(&e);
    return rc < 0 ? -1 : 0;
}

/* Makes the change_links, and makes the removed or the new links durable. */
static int change_links_durably(const struct unit_booted *is, bool starts, struct err *err)
{
    struct unit_booted u = *is;
    int rc = starts ? 0 : ask_removable_links(&u);

    if (rc >= 0 && change_links(&u, starts, err) < 0)
        rc = -1;
    else if (rc >= 0 && starts)
        rc = ask_removable_links(&u);
    if (rc < 0 && err->kind == ERR_NONE)
        set_boot_error(u.unit, rc, NULL, "ask for the links", err);
    if (rc >= 0 && sync_links(u.links, err) < 0)
        rc = -1;
    free_texts(take_ptr(&u.links));
    return rc < 0 ? -1 : 0;
}

static int read_boot_back(const struct unit_booted *u, bool starts, struct err *err)
{
    const char *wanted = starts ? "enabled" : "disabled";
    struct about_boot is;

    if (ask_boot_state(u, &is, err) < 0)
        return -1;
    if (boot_is_set(&is, starts))
        return 0;
    if (!str_eq(is.state, wanted))
        return err_set(err, ERR_STATE, 0, "%.80s should be %s now, but systemd reports %s", u->unit,
                       wanted, is.state);
    return err_set(err, ERR_STATE, 0,
                   "%.60s is disabled now, but %.100s would start it all the same: change that, "
                   "then send the order again",
                   u->unit, is.told ? is.others : "units that systemd does not report");
}

int unit_boot_set(sd_bus *bus, const char *unit, const char *path, bool starts, struct err *err)
{
    const struct unit_booted u = {.bus = bus, .unit = unit, .path = path};
    struct about_boot is;

    if (ask_boot_state(&u, &is, err) < 0 || check_may_set(&u, &is, starts, err) < 0)
        return -1;
    if (boot_is_set(&is, starts))
        return 0;
    return change_links_durably(&u, starts, err) < 0 ? -1 : read_boot_back(&u, starts, err);
}
