#include "unit_condition.h"
#include <sys/stat.h>
#include "str.h"

enum about {
    EXISTS,
    IS_DIR,
    IS_LINK,
    IS_MOUNT,
    IS_READ_WRITE,
    NOT_EMPTY_DIR,
    NOT_EMPTY,
    EXECUTABLE
};

static const struct {
    const char *name;
    enum about about;
} kinds[] = {
    {"PathExists", EXISTS},
    {"PathExistsGlob", EXISTS},
    {"PathIsDirectory", IS_DIR},
    {"PathIsSymbolicLink", IS_LINK},
    {"PathIsMountPoint", IS_MOUNT},
    {"PathIsReadWrite", IS_READ_WRITE},
    {"DirectoryNotEmpty", NOT_EMPTY_DIR},
    {"FileNotEmpty", NOT_EMPTY},
    {"FileIsExecutable", EXECUTABLE},
};

static bool is_assert(const struct about_condition *c)
{
    return str_starts(c->type, "Assert");
}

/* The kind, from the part of the name after "Condition" or "Assert". -1: another kind. */
static int about_of(const struct about_condition *c)
{
    const char *name = c->type + strlen(is_assert(c) ? "Assert" : "Condition");

    if (!is_assert(c) && !str_starts(c->type, "Condition"))
        return -1;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_eq(name, kinds[i].name))
            return (int)kinds[i].about;
    }
    return -1;
}

bool unit_condition_of_path(const struct about_condition *c)
{
    return about_of(c) >= 0 && c->what[0] == '/';
}

bool unit_condition_of_pattern(const struct about_condition *c)
{
    return str_ends(c->type, "Glob");
}

static bool is_condition_met(enum about about, const struct host_look *seen)
{
    const struct host_kind *k = &seen->kind;
    bool there = seen->end != LOOK_MISSING;

    switch (about) {
    case EXISTS:
        return there;
    case IS_DIR:
        return there && S_ISDIR(k->mode);
    case IS_LINK:
        return seen->link;
    case IS_MOUNT:
        return there && k->mount;
    case IS_READ_WRITE: /* systemd treats a missing path as writable */
        return !there || !k->read_only;
    case NOT_EMPTY_DIR:
        return there && S_ISDIR(k->mode) && !k->empty;
    case NOT_EMPTY:
        return there && S_ISREG(k->mode) && k->size > 0;
    case EXECUTABLE:
        return there && S_ISREG(k->mode) && (k->mode & 0111) != 0;
    }
    return false;
}

enum tri unit_condition_holds(const struct about_condition *c, const struct host_look *seen)
{
    if (seen == NULL || !unit_condition_of_path(c) ||
        (seen->end != LOOK_FINE && seen->end != LOOK_UNSURE && seen->end != LOOK_MISSING))
        return TRI_UNKNOWN;
    return is_condition_met((enum about)about_of(c), seen) != c->negate ? TRI_YES : TRI_NO;
}

/* For the entries with "|": TRI_YES if one entry holds, or if there is no entry. */
static enum tri one_holds(const struct about_condition *list, const enum tri *each, uint32_t n,
                          bool assertions, uint32_t *ret_which)
{
    enum tri best = TRI_NO;
    bool any = false;

    for (uint32_t i = 0; i < n; i++) {
        if (!list[i].trigger || is_assert(&list[i]) != assertions)
            continue;
        if (!any || (best == TRI_NO && each[i] == TRI_UNKNOWN))
            *ret_which = i;
        if (each[i] == TRI_YES || best == TRI_NO)
            best = each[i];
        any = true;
    }
    return any ? best : TRI_YES;
}

enum tri unit_conditions_hold(const struct about_condition *list, const enum tri *each, uint32_t n,
                              uint32_t *ret_which)
{
    enum tri all = TRI_YES;

    for (uint32_t i = 0; i < n; i++) {
        if (list[i].trigger || each[i] == TRI_YES || (all == TRI_UNKNOWN && each[i] == TRI_UNKNOWN))
            continue;
        *ret_which = i;
        all = each[i];
        if (all == TRI_NO)
            return TRI_NO;
    }
    for (int assertions = 0; assertions <= 1; assertions++) {
        uint32_t which = 0;
        enum tri one = one_holds(list, each, n, assertions != 0, &which);

        if (one == TRI_NO || (one == TRI_UNKNOWN && all == TRI_YES)) {
            *ret_which = which;
            all = one;
        }
        if (one == TRI_NO)
            return TRI_NO;
    }
    return all;
}
