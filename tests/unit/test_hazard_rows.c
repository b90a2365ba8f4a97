/* Worlds for every row of the hazard table: detected, not detected, cannot tell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "hazard_worlds.h"
#include "hazards.h"
#include "plan_make.h"

static void prepare(struct small_fleet *f, const char *from, const char *to)
{
    small_fleet_init(f);
    if (from != NULL)
        small_fleet_version(f, from);
    if (to != NULL)
        str_cut(f->release.version, sizeof(f->release.version), to);
}

/* The one that says so, else any of the row. */
static const struct finding *found(struct small_fleet *f, const char *id, enum tri want)
{
    const struct finding *any = NULL;
    struct err err = ERR_INIT;
    if (plan_make(&f->w, &f->survey, &f->release, &f->policy, &f->plan, &err) < 0)
        fail_msg("%s: %s", id, err.text);
    for (size_t i = 0; i < f->plan.n_findings; i++)
        if (str_eq(f->plan.findings[i].id, id) &&
            (any == NULL || f->plan.findings[i].detected == want))
            any = &f->plan.findings[i];
    return any;
}

static const struct hazard *row_of(const char *id)
{
    for (size_t i = 0; i < hazard_table_len; i++)
        if (str_eq(hazard_table[i].id, id))
            return &hazard_table[i];
    fail_msg("no row %s", id);
    return NULL;
}

static void test_detected(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    for (size_t i = 0; i < hazard_worlds_len; i++) {
        const struct worlds *w = &hazard_worlds[i];
        if (w->yes == NULL)
            continue;
        prepare(f, w->from, w->to);
        w->yes(f, w);
        const struct finding *g = found(f, w->id, TRI_YES);
        if (g == NULL || g->detected != TRI_YES)
            fail_msg("%s is not detected from %s to %s", w->id, w->from, w->to);
        if (w->says != NULL && strstr(g->text, w->says) == NULL)
            fail_msg("%s says \"%s\", not \"%s\"", w->id, g->text, w->says);
        if (g->severity != row_of(w->id)->severity)
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
    /* A key that is not found is not known to be absent; two rows are such. */
    if (g != NULL && (g->detected == TRI_YES || w->unsure != world_as_it_is))
        fail_msg("%s is not silent %s: %s", w->id, what, g->text);
    plan_free(&f->plan);
}

static void test_silent(void **state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    (void)state;
    for (size_t i = 0; i < hazard_worlds_len; i++) {
        const struct worlds *w = &hazard_worlds[i];
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
    for (size_t i = 0; i < hazard_worlds_len; i++) {
        const struct worlds *w = &hazard_worlds[i];
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

/* Rows that are sure of what they see: of versions, of what agents and Nomad said. */
static const char *const certain[] = {
    "nothing-to-do",    "older-target", "way-to-2.0",       "prerelease",       "forward-wall",
    "edition",          "fips",         "no-way-back",      "tolerance",        "token",
    "key-changed",      "misplaced",    "unmanaged-server", "unmanaged-client", "one-id",
    "no-build",         "node-down",    "node-draining",    "token-kept",       "token-in-clear",
    "heartbeat-unread", "odd-system",
};

static bool is_certain(const struct hazard *row)
{
    for (size_t i = 0; i < ARRAY_LEN(certain); i++)
        if (str_eq(certain[i], row->id))
            return true;
    return row->source == FROM_VERSIONS && row->what != NULL;
}

/* Nobody adds a row without its worlds. */
static void test_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < hazard_table_len; i++) {
        const struct hazard *row = &hazard_table[i];
        bool yes = row->source == FROM_OPERATOR, unsure = is_certain(row);
        for (size_t k = 0; k < hazard_worlds_len; k++)
            if (str_eq(hazard_worlds[k].id, row->id)) {
                yes |= hazard_worlds[k].yes != NULL;
                unsure |= hazard_worlds[k].unsure != NULL;
            }
        if (str_eq(row->id, "unknown-version") || str_eq(row->id, "region-unseen") ||
            str_eq(row->id, "unmeasured"))
            yes = true; /* they are about what is not known */
        if (!yes || !unsure)
            fail_msg("row %s lacks its world: %s", row->id, yes ? "cannot tell" : "detected");
        for (size_t k = 0; k < i; k++)
            if (str_eq(hazard_table[k].id, row->id))
                fail_msg("two rows %s", row->id);
        assert_true(strlen(row->id) < 32 && row->advice != NULL);
    }
    for (size_t k = 0; k < hazard_worlds_len; k++)
        row_of(hazard_worlds[k].id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_detected),
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_cannot_tell),
        cmocka_unit_test(test_every_row),
    };
    return cmocka_run_group_tests_name("hazard_rows", tests, NULL, NULL);
}
