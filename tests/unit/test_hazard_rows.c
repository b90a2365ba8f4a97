/* Worlds for every row of the hazard table: detected, not detected, cannot tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hazard_kinds.h"
#include "hazard_worlds.h"
#include "hazards.h"
#include "plan_make.h"
#include "release_day.h"

static void prepare(struct small_fleet *f, const char *from, const char *to)
{
    small_fleet_init(f);
    if (from != NULL)
        small_fleet_version(f, from);
    if (to != NULL)
        str_cut(f->release.version, sizeof(f->release.version), to);
}

/* The finding that says so, else any finding of the row. */
static const struct finding *found(struct small_fleet *f, const char *id, enum tri want)
{
    const struct finding *any = NULL;
    struct err err = ERR_INIT;
    plan_free(&f->plan);
    if (plan_make(&f->w, &f->survey, &f->release, &f->policy, built_in(), &f->plan, &err) < 0)
        fail_msg("%s: %s", id, err.text);
    for (size_t i = 0; i < f->plan.n_findings; i++)
        if (str_eq(f->plan.findings[i].id, id) &&
            (any == NULL || f->plan.findings[i].detected == want))
            any = &f->plan.findings[i];
    return any;
}

static const struct hazard *row_of(const char *id)
{
    const struct hazard *row = built_in_row(id);
    if (row == NULL)
        fail_msg("no row %s", id);
    return row;
}

static void test_detected(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    const struct worlds *w;
    for (size_t i = 0; (w = worlds_at(i)) != NULL; i++) {
        if (w->yes == NULL)
            continue;
        prepare(f, w->from, w->to);
        w->yes(f, w);
        const struct finding *g = found(f, w->id, TRI_YES);
        if (g == NULL || g->detected != TRI_YES)
            fail_msg("%s is not detected from %s to %s", w->id, w->from, w->to);
        if (w->says != NULL && strstr(g->text, w->says) == NULL)
            fail_msg("%s says \"%s\", not \"%s\"", w->id, g->text, w->says);
        if (g->severity != MAX_OF(row_of(w->id)->severity, w->raised))
            fail_msg("%s has severity %d", w->id, (int)g->severity);
        assert_true(strlen(g->advice) > 10);
        if (g->severity >= SEVERITY_BLOCK)
            assert_non_null(plan_refused(&f->plan));
        plan_free(&f->plan);
    }
    free(f);
}

static void silent(struct small_fleet *f, const struct worlds *w, const char *what)
{
    const struct finding *g = found(f, w->id, TRI_YES);
    /* If an agent does not report a key, nobody knows whether the files contain it. */
    if (g != NULL && (g->detected == TRI_YES || w->unsure != world_as_it_is))
        fail_msg("%s is not silent %s: %s", w->id, what, g->text);
    plan_free(&f->plan);
}

static void test_silent(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    const struct worlds *w;
    for (size_t i = 0; (w = worlds_at(i)) != NULL; i++) {
        if (w->yes != world_as_it_is) {
            prepare(f, w->from, w->to);
            silent(f, w, "where all is well");
        }
        if (w->calm_from == NULL)
            continue;
        prepare(f, w->calm_from, w->calm_to);
        if (w->yes != NULL && w->yes != world_to)
            w->yes(f, w);
        if (found(f, w->id, TRI_YES) != NULL)
            fail_msg("%s applies from %s to %s", w->id, w->calm_from, w->calm_to);
        plan_free(&f->plan);
    }
    free(f);
}

static void test_cannot_tell(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    const struct worlds *w;
    for (size_t i = 0; (w = worlds_at(i)) != NULL; i++) {
        if (w->unsure == NULL)
            continue;
        prepare(f, w->from, w->to);
        w->unsure(f, w);
        const struct finding *g = found(f, w->id, TRI_UNKNOWN);
        if (g == NULL || g->detected != TRI_UNKNOWN)
            fail_msg("%s can tell: %s", w->id, g != NULL ? g->text : "nothing");
        if (g->severity != row_of(w->id)->unsure)
            fail_msg("%s has severity %d when it cannot tell", w->id, (int)g->severity);
        plan_free(&f->plan);
    }
    free(f);
}

/* Rows that always know: they use versions, and answers of agents and Nomad. */
static const char *const certain[] = {
    "nothing-to-do",
    "older-target",
    "way-to-2.0",
    "prerelease",
    "forward-wall",
    "edition",
    "fips",
    "no-way-back",
    "tolerance",
    "token",
    "misplaced",
    "unmanaged-server",
    "unmanaged-client",
    "one-id",
    "no-build",
    "node-down",
    "node-draining",
    "token-kept",
    "token-in-clear",
    "heartbeat-unread",
    "odd-system",
    "served-here",
    "no-place",
    "vendor-signature",
    "seeds",
    "seed-unready",
    "finds-nobody",
};

static bool is_certain(const struct hazard *row)
{
    for (size_t i = 0; i < ARRAY_LEN(certain); i++)
        if (str_eq(certain[i], row->id))
            return true;
    return row->kind->source == FROM_VERSIONS && row->what != NULL;
}

/* Every row needs its worlds. */
static void test_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < built_in()->n_rows; i++) {
        const struct hazard *row = &built_in()->rows[i];
        if (row->kind->detect == NULL || row_of_replaced(row))
            continue; /* rows about single hosts: see test_hazard_host and test_hazard_replace */
        bool yes = row->kind->source == FROM_OPERATOR, unsure = is_certain(row);
        const struct worlds *w;
        for (size_t k = 0; (w = worlds_at(k)) != NULL; k++)
            if (str_eq(w->id, row->id)) {
                yes |= w->yes != NULL;
                unsure |= w->unsure != NULL;
            }
        if (str_eq(row->id, "unknown-version") || str_eq(row->id, "region-unseen") ||
            str_eq(row->id, "unmeasured") || str_eq(row->id, "no-facts") ||
            str_eq(row->id, "no-readiness"))
            yes = true; /* these rows report what is unknown */
        if (!yes || !unsure)
            fail_msg("row %s lacks its world: %s", row->id, yes ? "cannot tell" : "detected");
        for (size_t k = 0; k < i; k++)
            if (str_eq(built_in()->rows[k].id, row->id))
                fail_msg("two rows %s", row->id);
        assert_true(strlen(row->id) < 32 && row->advice != NULL);
    }
    for (size_t k = 0; worlds_at(k) != NULL; k++)
        row_of(worlds_at(k)->id);
}

/* ---- known bad versions: where each begins and ends ---- */

static const struct {
    const char *id, *in, *out; /* versions */
} bounds[] = {
    {"bad-1.3.11", "1.3.11 1.3.13 1.4.6 1.4.8 1.5.1 1.5.3 1.5.3+ent",
     "1.3.10 1.3.14 1.4.5 1.4.9 1.5.0 1.5.4 1.6.0"},
    {"csi-restart", "0.11.0 0.12.12 1.3.16 1.4.0 1.4.10 1.5.0 1.5.6",
     "0.10.9 1.4.11 1.4.14 1.5.7 1.6.0 2.0.7"},
    {"bad-1.7.0-cgroups", "1.7.0 1.7.3 1.7.5 1.7.5+ent", "1.6.15 1.7.6 1.7.7 1.8.0"},
    {"bad-2.0.5", "2.0.5 2.0.5+ent", "2.0.4 2.0.6 1.11.9+ent"},
};

static void each_within(const char *id, const char *versions, bool want)
{
    autofree char *copy = xstrdup(versions);
    char *save = NULL;

    for (char *word = strtok_r(copy, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
        struct version v;
        struct err err = ERR_INIT;
        assert_int_equal(version_parse(word, &v, &err), 0);
        if (version_within(&v, row_of(id)->target) != want)
            fail_msg("%s is%s among those of %s", word, want ? " not" : "", id);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
        each_within(bounds[i].id, bounds[i].in, true);
        each_within(bounds[i].id, bounds[i].out, false);
    }
}

/* ---- how long a target has been out ---- */

#define DAY ((int64_t)24 * 3600 * 1000)

static const struct {
    int64_t age_ms; /* of 1.10.5 */
    uint32_t days;  /* unproven_days */
    enum tri want;  /* NO: there is no finding */
    const char *says;
} ages[] = {
    {0, 7, TRI_YES, "released 0 days ago"},
    {DAY, 7, TRI_YES, "released 1 day ago"},
    {7 * DAY - 1, 7, TRI_YES, "released 6 days ago"},
    {7 * DAY, 7, TRI_NO, ""},
    {DAY - 1, 1, TRI_YES, "less than 1 day:"},
    {8 * DAY, 30, TRI_YES, "less than 30 days:"},
    {0, 0, TRI_NO, ""},
    {-1, 7, TRI_UNKNOWN, "the clock of this machine is before that day"},
};

static void test_ages(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
        prepare(f, NULL, NULL);
        f->policy.unproven_days = ages[i].days;
        f->survey.wall_ms = version_day_ms("2025-09-09") + ages[i].age_ms;
        const struct finding *g = found(f, "unproven", TRI_YES);
        enum tri got = g == NULL ? TRI_NO : g->detected;
        if (got != ages[i].want || (g != NULL && strstr(g->text, ages[i].says) == NULL))
            fail_msg("age %zu: %d: %s", i, (int)got, g != NULL ? g->text : "nothing");
        if (got == TRI_YES)
            assert_int_equal(g->severity, SEVERITY_WARN);
        plan_free(&f->plan);
    }
    free(f);
}

/* A version that this build does not know, if a server runs it already and reports its date. */
static void test_day_by_a_server(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    prepare(f, NULL, "1.10.99");
    f->survey.wall_ms = version_day_ms("2026-11-29");
    f->hosts[1].server.version = "1.10.99";
    f->hosts[1].server.build_date = "2026-11-27T08:43:09Z";
    const struct finding *g = found(f, "unproven", TRI_YES);
    assert_non_null(g);
    assert_non_null(strstr(g->text, "1.10.99 was released 2 days ago (2026-11-27)"));
    plan_free(&f->plan);
    free(f);
}

/* ---- builds of one's own ---- */

static void test_own_build(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    prepare(f, "1.10.5", "1.10.5-acme1");
    assert_int_equal(found(f, "prerelease", TRI_YES)->severity, SEVERITY_BLOCK);
    assert_non_null(strstr(found(f, "older-target", TRI_YES)->text, "newer than 1.10.5-acme1"));
    f->release.own_build = true;
    assert_null(found(f, "prerelease", TRI_YES));
    assert_null(found(f, "older-target", TRI_YES));
    /* its date is not the date of 1.10.5 */
    assert_int_equal(found(f, "unproven", TRI_UNKNOWN)->detected, TRI_UNKNOWN);
    assert_null(plan_refused(&f->plan));
    /* findings about its version numbers apply to it, too */
    small_fleet_version(f, "1.11.1");
    assert_int_equal(found(f, "older-target", TRI_YES)->severity, SEVERITY_HARD);
    str_cut(f->release.version, sizeof(f->release.version), "1.11.2-acme1");
    assert_non_null(found(f, "bad-1.11.0", TRI_YES));
    plan_free(&f->plan);
    free(f);
}

/* ---- drains of several clients ---- */

static void test_drains(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    prepare(f, "1.9.7", "1.10.2");
    f->policy.drain = true;
    assert_null(found(f, "drain-together", TRI_YES));
    f->policy.parallel = 2;
    assert_int_equal(found(f, "drain-together", TRI_YES)->severity, SEVERITY_BLOCK);
    f->policy.drain = false;
    assert_null(found(f, "drain-together", TRI_YES));
    f->policy.drain = true;
    /* only servers are upgraded: no client is drained */
    f->policy.filter.servers = true;
    assert_null(found(f, "drain-together", TRI_YES));
    f->policy.filter.servers = false;
    /* the servers run the target when clients are drained; servers outside the plan keep their
     * version */
    str_cut(f->release.version, sizeof(f->release.version), "1.10.3");
    assert_null(found(f, "drain-together", TRI_YES));
    f->policy.filter.clients = true;
    assert_non_null(strstr(found(f, "drain-together", TRI_YES)->text, "s1 runs 1.9.7"));
    /* Enterprise's older minor versions have it, too */
    f->policy.filter.clients = false;
    small_fleet_version(f, "1.8.4+ent");
    str_cut(f->release.version, sizeof(f->release.version), "1.8.14+ent");
    assert_non_null(found(f, "drain-together", TRI_YES));
    str_cut(f->release.version, sizeof(f->release.version), "1.8.15+ent");
    assert_null(found(f, "drain-together", TRI_YES));
    plan_free(&f->plan);
    free(f);
}

/* ---- advice ---- */

/* The next version with three numbers in a text; *at is moved after it. */
static bool next_version(const char **at, struct version *ret)
{
    while (*(*at += strcspn(*at, "0123456789")) != '\0') {
        size_t n = strspn(*at, "0123456789.");
        char word[VERSION_TEXT];
        struct err err = ERR_INIT;
        size_t len = n;
        while ((*at)[len - 1] == '.')
            len--;
        len += strncmp(*at + len, "+ent", 4) == 0 ? 4 : 0;
        assert_true(len < sizeof(word));
        memcpy(word, *at, len);
        word[len] = '\0';
        *at += MAX_OF(n, len);
        if (version_parse(word, ret, &err) == 0)
            return true;
    }
    return false;
}

/* Is there a later patch of its minor version that is known and that the row does not match? */
static bool has_better(const struct hazard *bad, struct version v)
{
    char day[DAY_TEXT];

    for (v.patch++; release_day(built_in(), day, &v), day[0] != '\0'; v.patch++)
        if (!version_within(&v, bad->target))
            return true;
    return false;
}

/* If a row only warns, and about the whole minor version, there is no better version to name. */
static bool calls_bad(const struct hazard *bad, const struct version *v)
{
    bool edition =
        bad->edition == EDITION_ANY || (bad->edition == EDITION_ENT) == version_is_ent(v);

    return bad->target != NULL && bad->kind->detect != NULL && edition &&
           version_within(v, bad->target) &&
           (bad->severity >= SEVERITY_BLOCK || has_better(bad, *v));
}

static void judge_advice(const struct hazard *row, const struct version *v)
{
    char text[VERSION_TEXT];

    version_text(text, v);
    for (size_t i = 0; i < built_in()->n_rows; i++)
        if (calls_bad(&built_in()->rows[i], v))
            fail_msg("%s advises %s, which %s calls bad", row->id, text, built_in()->rows[i].id);
}

/* A version that is named for both editions must be good for both. */
static void test_no_advice_is_bad(void **state)
{
    size_t named = 0;
    (void)state;
    for (size_t i = 0; i < built_in()->n_rows; i++) {
        const struct hazard *row = &built_in()->rows[i];
        const char *at = row->advice;
        struct version v;
        for (; next_version(&at, &v); named++) {
            judge_advice(row, &v);
            if (!version_is_ent(&v)) {
                str_cut(v.meta, sizeof(v.meta), "ent");
                judge_advice(row, &v);
            }
        }
    }
    assert_true(named > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detected),        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_cannot_tell),     cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_bounds),          cmocka_unit_test(test_ages),
        cmocka_unit_test(test_day_by_a_server), cmocka_unit_test(test_own_build),
        cmocka_unit_test(test_drains),          cmocka_unit_test(test_no_advice_is_bad),
    };
    return cmocka_run_group_tests_name("hazard_rows", tests, NULL, NULL);
}
