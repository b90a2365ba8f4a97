#include "hazard_file.h"

#include <stddef.h>
#include "file.h"
#include "hazard_values.h"

/* ---- the keys of a file ---- */

#define AT(f) offsetof(struct reading, f)
#define OWN(section, key, type, given, field)                                                      \
    {                                                                                              \
        section " *", key, CONF_OWN, AT(field), type, given, NULL, NULL                            \
    }

static const struct conf_key keys[] = {
    OWN("hazard", "kind", VALUE_KIND, GIVEN_KIND, row.kind),
    OWN("hazard", "crossing", VALUE_SINCE, HAZARD_CROSSING, row.crossing),
    OWN("hazard", "target", VALUE_RANGES, GIVEN_TARGET, row.target),
    OWN("hazard", "from", VALUE_RANGES, GIVEN_FROM, row.from),
    OWN("hazard", "edition", VALUE_EDITION, GIVEN_EDITION, row.edition),
    OWN("hazard", "scope", VALUE_SCOPE, GIVEN_SCOPE, row.scope),
    OWN("hazard", "roles", VALUE_ROLES, GIVEN_ROLES, row.roles),
    OWN("hazard", "severity", VALUE_SEVERITY, GIVEN_SEVERITY, row.severity),
    OWN("hazard", "unsure", VALUE_SEVERITY, GIVEN_UNSURE, row.unsure),
    OWN("hazard", "what", VALUE_WHAT, HAZARD_WHAT, row.what),
    OWN("hazard", "key", VALUE_WORD, HAZARD_KEY, row.key),
    OWN("hazard", "least", VALUE_WHAT, HAZARD_LEAST, row.least),
    OWN("hazard", "trait", VALUE_TRAITS, HAZARD_TRAIT, row.number),
    OWN("hazard", "switch", VALUE_SWITCH, HAZARD_SWITCH, row.number),
    OWN("hazard", "attribute", VALUE_ATTRIBUTE, HAZARD_ATTRIBUTE, row.number),
    OWN("hazard", "unit", VALUE_FLAG, GIVEN_UNIT, row.of_unit),
    OWN("hazard", "staged-only", VALUE_FLAG, GIVEN_STAGED, row.staged_only),
    OWN("hazard", "advice", VALUE_ADVICE, GIVEN_ADVICE, row.advice),

    OWN("wall", "feature", VALUE_WORD, 0, wall.feature),
    OWN("wall", "before", VALUE_VERSION, 0, wall.before),
    OWN("wall", "clients", VALUE_FLAG, 0, wall.clients),

    OWN("bad-leader", "last", VALUE_VERSION, 0, leader.last),
    OWN("bad-leader", "edition", VALUE_EDITION, 0, edition),

    OWN("late", "target", VALUE_RANGES, 0, late.target),
    OWN("late", "crossing", VALUE_SINCE, 0, late.crossing),
    {"late *", "after", CONF_DURATION, AT(late.after_ms), 60000, 31 * 24 * INT64_C(3600000), NULL,
     NULL},
    OWN("late", "what", VALUE_WHAT, 0, late.what),
    OWN("late", "look", VALUE_ADVICE, 0, late.look),

    {"released", "*", CONF_MAP, 0, 0, 0, NULL, NULL},
};

/* ---- [hazard ID] ---- */

static int refuse_lacking(struct err *err, const char *what)
{
    return err_set(err, ERR_CONFIG, 0, "the section has no %s", what);
}

/* The name of the key whose bit this is. */
static const char *key_of_bit(unsigned bit)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (keys[i].max == (int64_t)bit)
            return keys[i].key;
    return "";
}

static int check_row_kind(const struct reading *r, struct err *err)
{
    const struct hazard_kind *kind = r->row.kind;
    unsigned given = r->given & HAZARD_OF_KIND, all = kind->wants | kind->may | HAZARD_CROSSING;

    for (unsigned bit = 1; bit <= HAZARD_OF_KIND; bit <<= 1) {
        if ((kind->wants & bit) != 0 && (given & bit) == 0)
            return err_set(err, ERR_CONFIG, 0, "a row of kind %s needs %s", kind->name,
                           key_of_bit(bit));
        if ((given & bit & ~all) != 0)
            return err_set(err, ERR_CONFIG, 0, "a row of kind %s has no %s", kind->name,
                           key_of_bit(bit));
    }
    if (kind->detect != NULL && (r->given & (GIVEN_UNIT | GIVEN_STAGED)) != 0)
        return err_set(err, ERR_CONFIG, 0, "unit and staged-only are for kinds about single hosts");
    return 0;
}

static int check_row_least(struct reading *r, struct err *err)
{
    const char *least = r->row.least;
    enum hazard_least type = r->row.kind->least;
    struct version v;
    struct err unused = ERR_INIT;

    if (least == NULL)
        return 0;
    if (type == LEAST_NUMBER) {
        r->row.least = NULL;
        return str_to_u64(least, 100, &r->row.number) == 0
                   ? 0
                   : err_set(err, ERR_CONFIG, 0, "least must be a number up to 100");
    }
    if (type == LEAST_SINCE ? version_since_ok(least) : version_parse(least, &v, &unused) == 0)
        return 0;
    return err_set(err, ERR_CONFIG, 0, "least: \"%.60s\" is no %s", least,
                   type == LEAST_SINCE ? "list of versions" : "version");
}

static int add_hazard_row(struct reading *r, struct err *err)
{
    if ((r->given & GIVEN_KIND) == 0)
        return refuse_lacking(err, "kind");
    if ((r->given & GIVEN_SEVERITY) == 0)
        return refuse_lacking(err, "severity");
    if ((r->given & GIVEN_ADVICE) == 0)
        return refuse_lacking(err, "advice");
    if (check_row_kind(r, err) < 0 || check_row_least(r, err) < 0)
        return -1;
    if ((r->given & GIVEN_UNSURE) == 0)
        r->row.unsure = r->row.severity;
    r->h->rows = reading_more(r, r->h->rows, r->h->n_rows, sizeof(*r->h->rows));
    r->h->rows[r->h->n_rows++] = r->row;
    return 0;
}

static int raise_one(enum severity *there, enum severity to, bool given, const char *key,
                     struct err *err)
{
    if (given && to < *there)
        return err_set(err, ERR_CONFIG, 0,
                       "%s of a row that exists already can only be raised, not lowered", key);
    *there = given ? to : *there;
    return 0;
}

static int raise_row(struct reading *r, struct err *err)
{
    struct hazard *row = r->raised;

    if ((r->given & ~(unsigned)(GIVEN_SEVERITY | GIVEN_UNSURE | GIVEN_TARGET)) != 0)
        return err_set(err, ERR_CONFIG, 0,
                       "this row exists already: a file can only raise its severity and unsure, "
                       "and add to its target");
    if ((r->given & GIVEN_TARGET) != 0 && row->target == NULL)
        return err_set(err, ERR_CONFIG, 0,
                       "this row exists already and is about every target: a target would narrow "
                       "it");
    if (raise_one(&row->severity, r->row.severity, (r->given & GIVEN_SEVERITY) != 0, "severity",
                  err) < 0 ||
        raise_one(&row->unsure, r->row.unsure, (r->given & GIVEN_UNSURE) != 0, "unsure", err) < 0)
        return -1;
    if ((r->given & GIVEN_TARGET) != 0)
        row->target = arena_printf(&r->h->arena, "%s %s", row->target, r->row.target);
    return 0;
}

static int begin_row(struct reading *r, const char *id, struct err *err)
{
    static const char ok[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";

    if (strlen(id) > 31 || id[strspn(id, ok)] != '\0')
        return err_set(err, ERR_CONFIG, 0,
                       "an id has at most 31 small letters, digits, dots, dashes and underscores");
    r->row.id = arena_strdup(&r->h->arena, id);
    for (size_t i = 0; i < r->h->n_rows; i++)
        if (str_eq(r->h->rows[i].id, id))
            r->raised = &r->h->rows[i];
    return 0;
}

static int end_row(struct reading *r, struct err *err)
{
    return r->raised != NULL ? raise_row(r, err) : add_hazard_row(r, err);
}

/* ---- [wall V], [bad-leader V], [late ID] ---- */

static int begin_version(struct reading *r, const char **at, const char *name, struct err *err)
{
    struct version v;

    if (version_parse(name, &v, err) < 0)
        return -1;
    *at = arena_strdup(&r->h->arena, name);
    return 0;
}

static int begin_wall(struct reading *r, const char *name, struct err *err)
{
    return begin_version(r, &r->wall.from, name, err);
}

static int end_wall(struct reading *r, struct err *err)
{
    struct hazards *h = r->h;

    if (r->wall.feature == NULL)
        r->wall.feature = r->wall.from;
    for (size_t i = 0; i < h->n_walls; i++)
        if (str_eq(h->walls[i].from, r->wall.from) && str_eq(h->walls[i].feature, r->wall.feature))
            return err_set(err, ERR_CONFIG, 0, "this wall exists already");
    h->walls = reading_more(r, h->walls, h->n_walls, sizeof(*h->walls));
    h->walls[h->n_walls++] = r->wall;
    return 0;
}

static int begin_bad_leader(struct reading *r, const char *name, struct err *err)
{
    return begin_version(r, &r->leader.first, name, err);
}

static int end_bad_leader(struct reading *r, struct err *err)
{
    struct hazards *h = r->h;

    if (r->leader.last == NULL)
        return refuse_lacking(err, "last");
    if (r->edition == EDITION_CE)
        return err_set(err, ERR_CONFIG, 0, "edition must be any or ent");
    r->leader.ent = r->edition == EDITION_ENT;
    h->bad_leaders = reading_more(r, h->bad_leaders, h->n_bad_leaders, sizeof(*h->bad_leaders));
    h->bad_leaders[h->n_bad_leaders++] = r->leader;
    return 0;
}

static int begin_late_row(struct reading *r, const char *name, struct err *err)
{
    r->late.id = arena_strdup(&r->h->arena, name);
    for (size_t i = 0; i < r->h->n_lates; i++)
        if (str_eq(r->h->lates[i].id, name))
            return err_set(err, ERR_CONFIG, 0, "this row exists already");
    return 0;
}

static int end_late_row(struct reading *r, struct err *err)
{
    struct hazards *h = r->h;

    if (r->late.after_ms == 0 || r->late.what == NULL || r->late.look == NULL)
        return refuse_lacking(err, r->late.after_ms == 0  ? "after"
                                   : r->late.what == NULL ? "what"
                                                          : "look");
    h->lates = reading_more(r, h->lates, h->n_lates, sizeof(*h->lates));
    h->lates[h->n_lates++] = r->late;
    return 0;
}

static const struct section {
    const char *name;
    int (*begin)(struct reading *r, const char *name, struct err *err);
    int (*end)(struct reading *r, struct err *err);
} sections[] = {
    {"hazard", begin_row, end_row},
    {"wall", begin_wall, end_wall},
    {"bad-leader", begin_bad_leader, end_bad_leader},
    {"late", begin_late_row, end_late_row},
};

/* ---- a file ---- */

static size_t count_of(const struct hazards *h, const struct section *s)
{
    const size_t n[] = {h->n_rows, h->n_walls, h->n_bad_leaders, h->n_lates};
    return n[s - sections];
}
_Static_assert(ARRAY_LEN(sections) == 4, "count_of counts each section");

static int on_section_begin(void *base, const char *section, const char *name, struct err *err)
{
    struct reading *r = base;

    if (reading_seen(r, section, name))
        return err_set(err, ERR_CONFIG, 0, "[%s %.40s] is given twice", section, name);
    *r = (struct reading){.h = r->h, .seen = r->seen, .n_seen = r->n_seen};
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        if (str_eq(sections[i].name, section))
            r->section = &sections[i];
    if (count_of(r->h, r->section) >= HAZARD_ROWS_MAX)
        return err_set(err, ERR_CONFIG, 0, "more than %d sections of this kind", HAZARD_ROWS_MAX);
    return r->section->begin(r, name, err);
}

static int on_section_end(void *base, struct err *err)
{
    struct reading *r = base;
    return r->section->end(r, err);
}

static int on_released_day(void *base, const char *section, const char *key, const char *value,
                           struct err *err)
{
    (void)section; /* [released] */
    return reading_days(base, key, value, err);
}

static const struct conf table = {.keys = keys,
                                  .n_keys = ARRAY_LEN(keys),
                                  .on_pair = on_released_day,
                                  .on_own = reading_value,
                                  .begin = on_section_begin,
                                  .end = on_section_end,
                                  .continued = true,
                                  .file_max = HAZARD_FILE_MAX,
                                  .file_flags = FILE_TRUSTED};

int hazards_add(struct hazards *h, const char *name, const char *text, struct err *err)
{
    struct reading r = {.h = h};
    int rv = conf_parse(&table, name, text, &r, err);
    free(r.seen);
    return rv;
}

int hazards_read(struct hazards *h, const char *path, struct err *err)
{
    struct reading r = {.h = h};
    int rv = conf_read(&table, path, &r, err);
    free(r.seen);
    return rv;
}
