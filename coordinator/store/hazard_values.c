#include "hazard_values.h"

#include "hazard_file.h"

/* ---- words ---- */

static int take_listed_word(const char *const *words, size_t n, const struct conf_key *k,
                            const char *value, void *at, struct err *err)
{
    auto_buf struct buf all = BUF_INIT;

    for (size_t i = 0; i < n; i++) {
        if (str_eq(words[i], value)) {
            *(int *)at = (int)i;
            return 0;
        }
        buf_printf(&all, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", words[i]);
    }
    return err_set(err, ERR_CONFIG, 0, "%s must be %s, not \"%.60s\"", k->key, buf_str(&all),
                   value);
}

static int take_edition(struct reading *r, const struct conf_key *k, const char *value, void *at,
                        struct err *err)
{
    static const char *const words[] = {
        [EDITION_ANY] = "any", [EDITION_CE] = "ce", [EDITION_ENT] = "ent"};
    (void)r;
    return take_listed_word(words, ARRAY_LEN(words), k, value, at, err);
}

static int take_scope(struct reading *r, const struct conf_key *k, const char *value, void *at,
                      struct err *err)
{
    static const char *const words[] = {
        [SCOPE_ALL] = "all", [SCOPE_SERVERS] = "servers", [SCOPE_CLIENTS] = "clients"};
    (void)r;
    return take_listed_word(words, ARRAY_LEN(words), k, value, at, err);
}

static int take_severity(struct reading *r, const struct conf_key *k, const char *value, void *at,
                         struct err *err)
{
    static const char *const words[] = {[SEVERITY_INFO] = "info",
                                        [SEVERITY_WARN] = "warn",
                                        [SEVERITY_BLOCK] = "block",
                                        [SEVERITY_HARD] = "hard"};
    (void)r;
    return take_listed_word(words, ARRAY_LEN(words), k, value, at, err);
}

static int take_flag(struct reading *r, const struct conf_key *k, const char *value, void *at,
                     struct err *err)
{
    static const char *const words[] = {"no", "yes"};
    int yes = 0;
    (void)r;
    if (take_listed_word(words, ARRAY_LEN(words), k, value, &yes, err) < 0)
        return -1;
    *(bool *)at = yes == 1;
    return 0;
}

/* ---- texts and versions ---- */

static int take_text(struct reading *r, const struct conf_key *k, const char *value, size_t max,
                     void *at, struct err *err)
{
    if (value[0] == '\0' || strlen(value) > max)
        return err_set(err, ERR_CONFIG, 0, "%s must have 1 to %zu bytes", k->key, max);
    *(const char **)at = arena_strdup(&r->h->arena, value);
    return 0;
}

static int take_short(struct reading *r, const struct conf_key *k, const char *value, void *at,
                      struct err *err)
{
    return take_text(r, k, value, HAZARD_WORD_MAX, at, err);
}

static int take_what(struct reading *r, const struct conf_key *k, const char *value, void *at,
                     struct err *err)
{
    return take_text(r, k, value, HAZARD_WHAT_MAX, at, err);
}

static int take_advice(struct reading *r, const struct conf_key *k, const char *value, void *at,
                       struct err *err)
{
    return take_text(r, k, value, HAZARD_ADVICE_MAX, at, err);
}

static int take_since(struct reading *r, const struct conf_key *k, const char *value, void *at,
                      struct err *err)
{
    if (!version_since_ok(value))
        return err_set(err, ERR_CONFIG, 0, "%s: \"%.60s\" is no list of versions", k->key, value);
    return take_what(r, k, value, at, err);
}

static int take_ranges(struct reading *r, const struct conf_key *k, const char *value, void *at,
                       struct err *err)
{
    if (!version_ranges_ok(value))
        return err_set(err, ERR_CONFIG, 0,
                       "%s: \"%.60s\" is no list of versions such as 1.9.4-1.9.6 2.0.1 2.1.0-",
                       k->key, value);
    return take_what(r, k, value, at, err);
}

static int take_version(struct reading *r, const struct conf_key *k, const char *value, void *at,
                        struct err *err)
{
    struct version v;

    return version_parse(value, &v, err) < 0 ? -1 : take_short(r, k, value, at, err);
}

/* ---- names ---- */

static int take_kind(struct reading *r, const struct conf_key *k, const char *value, void *at,
                     struct err *err)
{
    const struct hazard_kind *kind = hazard_kind(value);

    (void)r;
    if (kind == NULL)
        return err_set(err, ERR_CONFIG, 0, "there is no %s \"%.60s\"", k->key, value);
    *(const struct hazard_kind **)at = kind;
    return 0;
}

static int take_traits(struct reading *r, const struct conf_key *k, const char *value, void *at,
                       struct err *err)
{
    autofree char *copy = xstrdup(value);
    char *save = NULL;
    uint64_t traits = 0;

    (void)r;
    for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        int i = hazard_trait(w);
        if (i < 0)
            return err_set(err, ERR_CONFIG, 0, "there is no %s \"%.60s\"", k->key, w);
        traits |= TRAIT(i);
    }
    if (traits == 0)
        return err_set(err, ERR_CONFIG, 0, "%s is empty", k->key);
    *(uint64_t *)at = traits;
    return 0;
}

static int take_roles(struct reading *r, const struct conf_key *k, const char *value, void *at,
                      struct err *err)
{
    autofree char *copy = xstrdup(value);
    char *save = NULL;
    unsigned roles = 0;

    (void)r;
    for (char *w = strtok_r(copy, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        int i = hazard_role(w);
        if (i < 0)
            return err_set(err, ERR_CONFIG, 0, "%s: \"%.60s\" is none of upgrade, joins, leaves",
                           k->key, w);
        roles |= 1u << i;
    }
    if (roles == 0)
        return err_set(err, ERR_CONFIG, 0, "%s is empty", k->key);
    *(unsigned *)at = roles;
    return 0;
}

static int take_named_number(int number, const struct conf_key *k, const char *value, void *at,
                             struct err *err)
{
    if (number < 0)
        return err_set(err, ERR_CONFIG, 0, "there is no %s \"%.60s\"", k->key, value);
    *(uint64_t *)at = (uint64_t)number;
    return 0;
}

static int take_switch(struct reading *r, const struct conf_key *k, const char *value, void *at,
                       struct err *err)
{
    (void)r;
    return take_named_number(hazard_switch_named(value), k, value, at, err);
}

static int take_attribute(struct reading *r, const struct conf_key *k, const char *value, void *at,
                          struct err *err)
{
    (void)r;
    return take_named_number(hazard_attribute_named(value), k, value, at, err);
}

static int (*const takers[HAZARD_VALUES])(struct reading *r, const struct conf_key *k,
                                          const char *value, void *at, struct err *err) = {
    [VALUE_KIND] = take_kind,           [VALUE_SINCE] = take_since,
    [VALUE_RANGES] = take_ranges,       [VALUE_VERSION] = take_version,
    [VALUE_EDITION] = take_edition,     [VALUE_SCOPE] = take_scope,
    [VALUE_ROLES] = take_roles,         [VALUE_SEVERITY] = take_severity,
    [VALUE_FLAG] = take_flag,           [VALUE_WORD] = take_short,
    [VALUE_WHAT] = take_what,           [VALUE_ADVICE] = take_advice,
    [VALUE_TRAITS] = take_traits,       [VALUE_SWITCH] = take_switch,
    [VALUE_ATTRIBUTE] = take_attribute,
};

int reading_value(void *base, const struct conf_key *k, const char *value, struct err *err)
{
    struct reading *r = base;

    r->given |= (unsigned)k->max;
    return takers[k->min](r, k, value, (char *)base + k->offset, err);
}

/* ---- days ---- */

static bool is_minor(const char *text, unsigned *major, unsigned *minor)
{
    char whole[32];
    struct version v;
    struct err unused = ERR_INIT;

    snprintf(whole, sizeof(whole), "%.20s.0", text);
    if (strlen(text) > 20 || version_parse(whole, &v, &unused) < 0 || v.pre[0] != '\0' ||
        v.meta[0] != '\0' || v.patch != 0)
        return false;
    *major = v.major;
    *minor = v.minor;
    return true;
}

/* Each day has the same width, so that the patch number gives the position of its day. */
static bool are_days(const char *days)
{
    for (const char *at = days;; at += DAY_TEXT) {
        if (version_day_ms(at) < 0)
            return false;
        if (at[DAY_TEXT - 1] == '\0')
            return true;
        if (at[DAY_TEXT - 1] != ' ')
            return false;
    }
}

int reading_days(struct reading *r, const char *minor, const char *days, struct err *err)
{
    struct hazards *h = r->h;
    struct minor_days *m = NULL;
    unsigned major = 0, second = 0;

    if (!is_minor(minor, &major, &second))
        return err_set(err, ERR_CONFIG, 0, "\"%.40s\" is no minor version such as 2.0", minor);
    if (!are_days(days))
        return err_set(err, ERR_CONFIG, 0,
                       "%s: days are written as 2026-09-18, with one blank "
                       "between",
                       minor);
    for (size_t i = 0; i < h->n_minors; i++)
        if (h->minors[i].major == major && h->minors[i].minor == second)
            m = &h->minors[i];
    if (m != NULL && !str_starts(days, m->days))
        return err_set(err, ERR_CONFIG, 0,
                       "%s: the list must begin with the days that are known already: %.11s ...",
                       minor, m->days);
    if (m == NULL) {
        if (h->n_minors >= HAZARD_ROWS_MAX)
            return err_set(err, ERR_CONFIG, 0, "more than %d minor versions", HAZARD_ROWS_MAX);
        h->minors = reading_more(r, h->minors, h->n_minors, sizeof(*h->minors));
        m = &h->minors[h->n_minors++];
    }
    *m = (struct minor_days){major, second, arena_strdup(&h->arena, days)};
    return 0;
}

/* ---- sections ---- */

bool reading_seen(struct reading *r, const char *section, const char *name)
{
    char header[64];

    snprintf(header, sizeof(header), "%s %s", section, name);
    for (size_t i = 0; i < r->n_seen; i++)
        if (str_eq(r->seen[i], header))
            return true;
    r->seen = xrealloc(r->seen, (r->n_seen + 1) * sizeof(*r->seen));
    r->seen[r->n_seen++] = arena_strdup(&r->h->arena, header);
    return false;
}

/* The room doubles: a list is copied when its length is a power of two. */
void *reading_more(struct reading *r, void *list, size_t n, size_t size)
{
    if (n > 0 && (n & (n - 1)) != 0)
        return list;
    void *more = arena_array(&r->h->arena, n == 0 ? 1 : 2 * n, size);
    if (n > 0)
        memcpy(more, list, n * size);
    return more;
}
