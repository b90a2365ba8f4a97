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

/* Only a lost connection ends the asking. If systemd answers with an error, the value is "". */
static int ask_text(const struct unit_asked *u, const char *interface, const char *name, char *dst,
                    size_t n)
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

static int ask_flag(const struct unit_asked *u, const char *name, bool *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    int value = 0;
    int rc = sd_bus_get_property_trivial(u->bus, UNIT_BUS_NAME, u->path, UNIT_BUS_UNIT, name, &e,
                                         'b', &value);

    *ret = rc >= 0 && value != 0;
    sd_bus_error_free(&e);
    return unit_bus_is_lost(rc) ? rc : 0;
}

/* Joins several texts with blanks between. If they do not fit, the text ends with dots. */
static int ask_texts(const struct unit_asked *u, const char *name, char *dst, size_t n)
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

static int add_start_words(sd_bus_message *m, struct service_about *ret)
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

/* ---- lists ---- */

/* Calls `take` for each member of a list. 0: the whole list was read; -EBADMSG: it was not, or this
 * systemd does not have the list; else the error of the connection. */
typedef int member_fn(sd_bus_message *m, const char *name, struct service_about *ret);

static int for_each_member(const struct unit_asked *u, const char *interface, const char *name,
                           const char *member, member_fn *take, struct service_about *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL;
    char list[40];
    int rc;

    snprintf(list, sizeof(list), "a%s", member);
    rc = sd_bus_get_property(u->bus, UNIT_BUS_NAME, u->path, interface, name, &e, &m, list);
    if (rc >= 0)
        rc = sd_bus_message_enter_container(m, 'a', member);
    if (rc >= 0)
        while ((rc = take(m, name, ret)) > 0)
            ;
    sd_bus_message_unref(m);
    sd_bus_error_free(&e);
    return rc == 0 || unit_bus_is_lost(rc) ? rc : -EBADMSG;
}

/* ---- commands: a(sasbttttuii): program, words, and the result of the last run ---- */

#define COMMAND "(sasbttttuii)"

/* Opens the next command, and its list of words. 0: there is none. *ret_program belongs to the
 * message. */
static int open_exec_command(sd_bus_message *m, const char **ret_program)
{
    int rc = sd_bus_message_enter_container(m, 'r', "sasbttttuii");

    if (rc > 0)
        rc = sd_bus_message_read(m, "s", ret_program);
    return rc > 0 ? sd_bus_message_enter_container(m, 'a', "s") : rc;
}

/* *ret_may_fail: the command has "-" before it. */
static int close_exec_command(sd_bus_message *m, bool *ret_may_fail)
{
    int rc = sd_bus_message_exit_container(m), may_fail = 0;

    if (rc >= 0)
        rc = sd_bus_message_read(m, "b", &may_fail);
    if (rc >= 0)
        rc = sd_bus_message_skip(m, "ttttuii");
    *ret_may_fail = may_fail != 0;
    return rc < 0 ? rc : sd_bus_message_exit_container(m);
}

/* Reads only the first command. */
static int take_start(sd_bus_message *m, const char *name, struct service_about *ret)
{
    const char *program = NULL;
    int rc = open_exec_command(m, &program);

    (void)name;
    if (rc <= 0)
        return rc;
    str_cut(ret->program, sizeof(ret->program), program);
    return add_start_words(m, ret) < 0 ? -EBADMSG : 0;
}

static void append_about_text(char *dst, size_t n, const char *blank, const char *text)
{
    size_t len = strlen(dst);

    if ((size_t)snprintf(dst + len, n - len, "%s%s", len > 0 ? blank : "", text) >= n - len)
        memcpy(dst + n - 4, "...", 4);
}

static void add_needed_path(struct service_about *ret, const char *key, const char *path,
                            bool program, bool outside)
{
    struct about_path *p = &ret->paths.list[ret->paths.n];

    if (path[0] != '/')
        return;
    if (ret->paths.n == ABOUT_PATHS || str_copy(p->path, sizeof(p->path), path) < 0) {
        ret->paths.more = true;
        return;
    }
    str_cut(p->key, sizeof(p->key), key);
    p->program = program;
    p->outside = outside;
    ret->paths.n++;
}

/* Adds the command to dst, a text for people; words that do not fit are left out. */
static int take_exec_command(sd_bus_message *m, const char *name, char dst[static ABOUT_COMMANDS],
                             char ret_program[static 256], bool *ret_may_fail)
{
    const char *program = NULL, *word = NULL;
    char first[160];
    bool is_name = true;
    int rc = open_exec_command(m, &program);

    if (rc <= 0)
        return rc;
    str_cut(ret_program, 256, program);
    snprintf(first, sizeof(first), "%s=%.120s", name, program);
    append_about_text(dst, ABOUT_COMMANDS, "; ", first);
    while ((rc = sd_bus_message_read(m, "s", &word)) > 0) {
        if (!is_name)
            append_about_text(dst, ABOUT_COMMANDS, " ", word);
        is_name = false;
    }
    if (rc >= 0)
        rc = close_exec_command(m, ret_may_fail);
    return rc < 0 ? rc : 1;
}

static int take_beside_start(sd_bus_message *m, const char *name, struct service_about *ret)
{
    char program[256] = "";
    bool may_fail = false;
    int rc = take_exec_command(m, name, ret->start.text, program, &may_fail);

    if (rc > 0 && !may_fail)
        add_needed_path(ret, name, program, true, false);
    return rc;
}

static int take_beside_stop(sd_bus_message *m, const char *name, struct service_about *ret)
{
    char program[256];
    bool may_fail;

    return take_exec_command(m, name, ret->stop.text, program, &may_fail);
}

/* A unit that systemd starts because this unit has ended. */
static int take_after_stop(sd_bus_message *m, const char *name, struct service_about *ret)
{
    const char *unit = NULL;
    char text[160];
    int rc = sd_bus_message_read(m, "s", &unit);

    if (rc <= 0)
        return rc;
    snprintf(text, sizeof(text), "%s=%.120s", name, unit);
    append_about_text(ret->stop.text, sizeof(ret->stop.text), "; ", text);
    return 1;
}

/* ---- paths of its mounts; groups ---- */

/* "-" before a path: the path need not exist. "+": the path is below the unit's own root. If the
 * unit has its own root, a path without "+" is looked up outside of that root and does not count.
 */
static int take_mounted(sd_bus_message *m, const char *name, struct service_about *ret)
{
    const char *path = NULL;
    int rc = sd_bus_message_read(m, "s", &path);
    bool rooted = ret->paths.n > 0 && str_starts(ret->paths.list[0].key, "Root");

    if (rc > 0 && !rooted)
        add_needed_path(ret, name, path, false, false);
    return rc;
}

static int take_bind(sd_bus_message *m, const char *name, struct service_about *ret)
{
    const char *from = NULL, *to = NULL;
    int optional = 0;
    uint64_t flags = 0;
    int rc = sd_bus_message_read(m, "(ssbt)", &from, &to, &optional, &flags);

    if (rc > 0 && !optional)
        add_needed_path(ret, name, from, false, true);
    return rc;
}

static int take_group(sd_bus_message *m, const char *name, struct service_about *ret)
{
    const char *group = NULL;
    int rc = sd_bus_message_read(m, "s", &group);

    (void)name;
    for (size_t i = 0; rc > 0 && i < ABOUT_GROUPS; i++) {
        if (ret->groups[i][0] == '\0') {
            str_cut(ret->groups[i], sizeof(ret->groups[i]), group);
            break;
        }
    }
    return rc;
}

/* ---- conditions, files, exit statuses ---- */

static int take_condition(sd_bus_message *m, const char *name, struct service_about *ret)
{
    const char *type = NULL, *what = NULL;
    int trigger = 0, negate = 0, result = 0;
    int rc = sd_bus_message_read(m, "(sbbsi)", &type, &trigger, &negate, &what, &result);
    struct about_condition *c = &ret->conditions.list[ret->conditions.n];

    (void)name;
    if (rc <= 0)
        return rc;
    if (ret->conditions.n == ABOUT_CONDITIONS || str_copy(c->type, sizeof(c->type), type) < 0 ||
        str_copy(c->what, sizeof(c->what), what) < 0) {
        ret->conditions.more = true;
        return 1;
    }
    c->trigger = trigger != 0;
    c->negate = negate != 0;
    ret->conditions.n++;
    return 1;
}

static int take_environment_file(sd_bus_message *m, const char *name, struct service_about *ret)
{
    const char *path = NULL;
    int optional = 0, rc = sd_bus_message_read(m, "(sb)", &path, &optional);
    struct about_file *f = &ret->files.list[ret->files.n];

    (void)name;
    if (rc <= 0)
        return rc;
    if (ret->files.n == ABOUT_FILES || str_copy(f->path, sizeof(f->path), path) < 0) {
        ret->files.more = true;
        return 1;
    }
    f->optional = optional != 0;
    ret->files.n++;
    return 1;
}

/* The property is (aiai), not a list: exit statuses, then signals. */
static int ask_prevented_statuses(const struct unit_asked *u, struct service_about *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    sd_bus_message *m = NULL;
    int32_t status = 0;
    int rc = sd_bus_get_property(u->bus, UNIT_BUS_NAME, u->path, UNIT_BUS_SERVICE,
                                 "RestartPreventExitStatus", &e, &m, "(aiai)");

    if (rc >= 0)
        rc = sd_bus_message_enter_container(m, 'r', "aiai");
    if (rc > 0)
        rc = sd_bus_message_enter_container(m, 'a', "i");
    while (rc > 0 && (rc = sd_bus_message_read(m, "i", &status)) > 0) {
        if (status >= 0 && status < (int32_t)ARRAY_LEN(ret->prevents))
            ret->prevents[status] = true;
    }
    sd_bus_message_unref(m);
    sd_bus_error_free(&e);
    return unit_bus_is_lost(rc) ? rc : 0;
}

/* ---- other units ---- */

static void add_related_unit(struct about_units *to, const char *how, const char *name)
{
    struct about_unit *unit = &to->list[to->n];

    for (uint32_t i = 0; i < to->n; i++) {
        if (str_eq(to->list[i].name, name))
            return;
    }
    if (to->n == ABOUT_UNITS || str_copy(unit->name, sizeof(unit->name), name) < 0) {
        to->more = true;
        return;
    }
    str_cut(unit->how, sizeof(unit->how), how);
    to->n++;
}

static int take_related_unit(sd_bus_message *m, const char *name, struct about_units *to)
{
    const char *unit = NULL;
    int rc = sd_bus_message_read(m, "s", &unit);

    if (rc > 0)
        add_related_unit(to, name, unit);
    return rc;
}

static int take_need(sd_bus_message *m, const char *name, struct service_about *ret)
{
    return take_related_unit(m, name, &ret->needs);
}

static int take_bound(sd_bus_message *m, const char *name, struct service_about *ret)
{
    return take_related_unit(m, name, &ret->bound);
}

/* A state that systemd does not report stays "". */
static int ask_unit_states(const struct unit_asked *u, struct about_unit *unit)
{
    struct unit_asked other = {.bus = u->bus};
    char *path = NULL;
    int rc = sd_bus_path_encode(UNIT_BUS_ROOT "/unit", unit->name, &path);

    other.path = path;
    if (rc >= 0)
        rc = ask_text(&other, UNIT_BUS_UNIT, "LoadState", unit->load, sizeof(unit->load));
    if (rc >= 0)
        rc = ask_text(&other, UNIT_BUS_UNIT, "ActiveState", unit->active, sizeof(unit->active));
    free(path);
    return unit_bus_is_lost(rc) ? rc : 0;
}

static int ask_all_states(const struct unit_asked *u, struct service_about *ret)
{
    int rc = 0;

    for (uint32_t i = 0; rc >= 0 && i < ret->needs.n; i++)
        rc = ask_unit_states(u, &ret->needs.list[i]);
    for (uint32_t i = 0; rc >= 0 && i < ret->bound.n; i++)
        rc = ask_unit_states(u, &ret->bound.list[i]);
    return rc;
}

static const char *const binding[] = {"RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf",
                                      "PropagatesStopTo"};

/* Removes this unit from its own list: two units that are bound to each other would add it. */
static int remove_own_unit(const struct unit_asked *u, struct service_about *ret)
{
    char *name = NULL;
    int rc = sd_bus_path_decode(u->path, UNIT_BUS_ROOT "/unit", &name);

    for (uint32_t i = 0; rc > 0 && i < ret->bound.n; i++) {
        if (!str_eq(ret->bound.list[i].name, name))
            continue;
        ret->bound.list[i] = ret->bound.list[--ret->bound.n];
        break;
    }
    free(name);
    return rc;
}

/* Adds the units that stop together with a listed unit. So the list grows while the loop runs. */
static int ask_units_bound_to_listed(const struct unit_asked *u, struct service_about *ret)
{
    struct unit_asked other = {.bus = u->bus};
    char *path = NULL;
    int rc = 0;

    for (uint32_t i = 0; rc >= 0 && i < ret->bound.n; i++) {
        rc = sd_bus_path_encode(UNIT_BUS_ROOT "/unit", ret->bound.list[i].name, &path);
        other.path = path;
        for (size_t k = 0; rc >= 0 && k < ARRAY_LEN(binding); k++) {
            rc = for_each_member(&other, UNIT_BUS_UNIT, binding[k], "s", take_bound, ret);
            rc = unit_bus_is_lost(rc) ? rc : 0;
        }
        free(path);
        path = NULL;
    }
    return rc < 0 ? rc : remove_own_unit(u, ret);
}

/* If one property of a list is unknown, `told` of the list is false. Exception: properties that an
 * older systemd does not have (`young`). */
static int ask_lists(const struct unit_asked *u, struct service_about *ret)
{
    const struct {
        const char *interface, *name, *member;
        member_fn *take;
        bool *told;
        bool young;
    } rows[] = {
        {UNIT_BUS_UNIT, "Conditions", "(sbbsi)", take_condition, &ret->conditions.told, false},
        {UNIT_BUS_UNIT, "Asserts", "(sbbsi)", take_condition, &ret->conditions.told, false},
        {UNIT_BUS_UNIT, "Requires", "s", take_need, &ret->needs.told, false},
        {UNIT_BUS_UNIT, "Requisite", "s", take_need, &ret->needs.told, false},
        {UNIT_BUS_UNIT, "BindsTo", "s", take_need, &ret->needs.told, false},
        {UNIT_BUS_UNIT, "RequiredBy", "s", take_bound, &ret->bound.told, false},
        {UNIT_BUS_UNIT, "RequisiteOf", "s", take_bound, &ret->bound.told, false},
        {UNIT_BUS_UNIT, "BoundBy", "s", take_bound, &ret->bound.told, false},
        {UNIT_BUS_UNIT, "ConsistsOf", "s", take_bound, &ret->bound.told, false},
        {UNIT_BUS_UNIT, "PropagatesStopTo", "s", take_bound, &ret->bound.told, true},
        {UNIT_BUS_SERVICE, "EnvironmentFiles", "(sb)", take_environment_file, &ret->files.told,
         false},
        {UNIT_BUS_SERVICE, "ExecCondition", COMMAND, take_beside_start, &ret->start.told, true},
        {UNIT_BUS_SERVICE, "ExecStartPre", COMMAND, take_beside_start, &ret->start.told, false},
        {UNIT_BUS_SERVICE, "ExecStartPost", COMMAND, take_beside_start, &ret->start.told, false},
        {UNIT_BUS_SERVICE, "ExecStop", COMMAND, take_beside_stop, &ret->stop.told, false},
        {UNIT_BUS_SERVICE, "ExecStopPost", COMMAND, take_beside_stop, &ret->stop.told, false},
        {UNIT_BUS_UNIT, "OnFailure", "s", take_after_stop, &ret->stop.told, true},
        {UNIT_BUS_UNIT, "OnSuccess", "s", take_after_stop, &ret->stop.told, true},
        {UNIT_BUS_SERVICE, "ReadWritePaths", "s", take_mounted, &ret->needs.told, true},
        {UNIT_BUS_SERVICE, "ReadOnlyPaths", "s", take_mounted, &ret->needs.told, true},
        {UNIT_BUS_SERVICE, "InaccessiblePaths", "s", take_mounted, &ret->needs.told, true},
        {UNIT_BUS_SERVICE, "BindPaths", "(ssbt)", take_bind, &ret->needs.told, true},
        {UNIT_BUS_SERVICE, "BindReadOnlyPaths", "(ssbt)", take_bind, &ret->needs.told, true},
        {UNIT_BUS_SERVICE, "SupplementaryGroups", "s", take_group, &ret->needs.told, true},
    };
    int rc;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        *rows[i].told = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        rc = for_each_member(u, rows[i].interface, rows[i].name, rows[i].member, rows[i].take, ret);

        if (unit_bus_is_lost(rc))
            return rc;
        if (rc < 0 && !rows[i].young)
            *rows[i].told = false;
    }
    rc = ask_units_bound_to_listed(u, ret);
    return rc < 0 ? rc : ask_all_states(u, ret);
}

/* ---- single values ---- */

static int ask_number(const struct unit_asked *u, const char *interface, const char *name,
                      char type, void *ret)
{
    sd_bus_error e = SD_BUS_ERROR_NULL;
    int rc =
        sd_bus_get_property_trivial(u->bus, UNIT_BUS_NAME, u->path, interface, name, &e, type, ret);

    sd_bus_error_free(&e);
    return rc;
}

/* Before systemd 244 a restart stops with KillSignal. */
static int ask_numbers(const struct unit_asked *u, struct service_about *ret)
{
    uint32_t starts = 0;
    int dynamic = 0;
    const struct {
        const char *interface, *name;
        char type;
        void *ret;
    } rows[] = {
        {UNIT_BUS_SERVICE, "KillSignal", 'i', &ret->stop_signal},
        {UNIT_BUS_SERVICE, "RestartKillSignal", 'i', &ret->stop_signal},
        {UNIT_BUS_SERVICE, "RestartUSec", 't', &ret->restart_us},
        {UNIT_BUS_UNIT, "StartLimitIntervalUSec", 't', &ret->limit_us},
        {UNIT_BUS_UNIT, "StartLimitBurst", 'u', &starts},
        {UNIT_BUS_SERVICE, "DynamicUser", 'b', &dynamic},
    };
    int rc = 0;

    for (size_t i = 0; !unit_bus_is_lost(rc) && i < ARRAY_LEN(rows); i++)
        rc = ask_number(u, rows[i].interface, rows[i].name, rows[i].type, rows[i].ret);
    ret->limit_starts = starts;
    ret->dynamic_user = dynamic != 0;
    return unit_bus_is_lost(rc) ? rc : 0;
}

/* What systemd itself does when the unit ends, written like a command of the stop. After a signal
 * Nomad ends with status 1, which is a failure, unless Nomad leaves its cluster. */
static int ask_actions(const struct unit_asked *u, struct service_about *ret)
{
    static const char *const names[] = {"FailureAction", "SuccessAction"};
    char action[40], text[64];
    int rc = 0;

    for (size_t i = 0; rc >= 0 && i < ARRAY_LEN(names); i++) {
        rc = ask_text(u, UNIT_BUS_UNIT, names[i], action, sizeof(action));
        snprintf(text, sizeof(text), "%s=%s", names[i], action);
        if (action[0] != '\0' && !str_eq(action, "none"))
            append_about_text(ret->stop.text, sizeof(ret->stop.text), "; ", text);
    }
    return rc;
}

/* Must run before ask_lists: the unit's root must be the first path. */
static int ask_unit_paths(const struct unit_asked *u, struct service_about *ret)
{
    static const struct {
        const char *name;
        bool outside;
    } rows[] = {{"RootDirectory", true},
                {"RootImage", true},
                {"WorkingDirectory", false},
                {"NetworkNamespacePath", true}};
    char path[512];
    int rc = 0;

    for (size_t i = 0; rc >= 0 && i < ARRAY_LEN(rows); i++) {
        rc = ask_text(u, UNIT_BUS_SERVICE, rows[i].name, path, sizeof(path));
        add_needed_path(ret, rows[i].name, path, false, rows[i].outside);
    }
    return rc;
}

static int ask_refusal(const struct unit_asked *u, struct service_about *ret)
{
    bool stop = false, start = false;
    int rc = ask_flag(u, "RefuseManualStop", &stop);

    if (rc >= 0)
        rc = ask_flag(u, "RefuseManualStart", &start);
    ret->refuses = stop || start;
    return rc;
}

/* 0, or a negative errno of the connection. */
static int ask_start_properties(const struct unit_asked *u, struct service_about *ret)
{
    int rc = for_each_member(u, UNIT_BUS_SERVICE, "ExecStart", COMMAND, take_start, ret);

    if (rc < 0)
        ret->words_len = 0;
    if (!unit_bus_is_lost(rc))
        rc = ask_numbers(u, ret);
    if (rc >= 0)
        rc = ask_prevented_statuses(u, ret);
    if (rc >= 0)
        rc = ask_unit_paths(u, ret);
    if (rc >= 0)
        rc = ask_refusal(u, ret);
    if (rc >= 0)
        rc = ask_lists(u, ret);
    return rc < 0 ? rc : ask_actions(u, ret);
}

static int ask_unit_properties(const struct unit_asked *u, struct service_about *ret)
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
        {UNIT_BUS_SERVICE, "Group", ret->group, sizeof(ret->group)},
        {UNIT_BUS_SERVICE, "Restart", ret->restart, sizeof(ret->restart)},
    };
    char load[32] = "";
    int rc;

    memset(ret, 0, sizeof(*ret));
    ret->unit = true;
    rc = ask_text(u, UNIT_BUS_UNIT, "LoadState", load, sizeof(load));
    ret->missing = str_eq(load, "not-found") || str_eq(load, "masked");
    if (rc < 0 || ret->missing)
        return rc;
    for (size_t i = 0; rc >= 0 && i < ARRAY_LEN(rows); i++)
        rc = ask_text(u, rows[i].interface, rows[i].name, rows[i].dst, rows[i].n);
    if (rc >= 0)
        rc = ask_texts(u, "DropInPaths", ret->drop_ins, sizeof(ret->drop_ins));
    if (rc >= 0)
        rc = ask_flag(u, "NeedDaemonReload", &ret->reload);
    return rc < 0 ? rc : ask_start_properties(u, ret);
}

int unit_about(sd_bus *bus, const char *path, struct service_about *ret)
{
    const struct unit_asked u = {.bus = bus, .path = path};

    return ask_unit_properties(&u, ret);
}
