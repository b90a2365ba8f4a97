/* The step after which servers cannot go back: the plan names it, and the run reports it once. */
#include "no_return.h"
#include "progress.h"
#include "report_plan.h"
#include "small_fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void planned(struct small_fleet *f, const char *from)
{
    small_fleet_init(f);
    small_fleet_version(f, from);
    small_fleet_run(f, RUN_SERVERS);
}

static void test_step(void **state)
{
    static const struct {
        const char *from, *step;
    } cases[] = {
        {"1.9.7", "s1"}, /* 1.10.0 writes entries that 1.9 cannot read; s1 leads */
        {"1.8.4", "s1"},
        {"1.10.2", ""},
        {"1.10.5", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct small_fleet f;
        planned(&f, cases[i].from);
        const struct plan_host *h = no_return_step(&f.plan, "global");
        if (!str_eq(h != NULL ? h->name : "", cases[i].step))
            fail_msg("from %s: %s", cases[i].from, h != NULL ? h->name : "none");
        assert_null(no_return_step(&f.plan, "elsewhere"));
        small_fleet_free(&f);
    }
}

/* Half of the servers are upgraded already: the others still run a version that cannot go back. */
static void test_step_of_what_is_left(void **state)
{
    struct small_fleet f;
    (void)state;
    planned(&f, "1.9.7");
    for (size_t i = 0; i < f.plan.n_servers; i++)
        if (f.plan.hosts[i].leader)
            f.plan.hosts[i].already = true;
    const struct plan_host *h = no_return_step(&f.plan, "global");
    assert_non_null(h);
    assert_string_equal(h->name, "s3");
    h = NULL;
    for (size_t i = 0; i < f.plan.n_servers; i++)
        f.plan.hosts[i].already = true;
    assert_null(no_return_step(&f.plan, "global"));
    small_fleet_free(&f);
}

static void test_plan_names_it(void **state)
{
    static const char *const froms[] = {"1.9.7", "1.10.2"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(froms); i++) {
        struct small_fleet f;
        char *text = NULL;
        size_t n = 0;
        planned(&f, froms[i]);
        FILE *out = open_memstream(&text, &n);
        report_plan(&f.plan, true, false, out);
        fclose(out);
        const char *at = strstr(text, "leader: last of its region");
        assert_non_null(at);
        assert_int_equal(
            str_starts(at, "leader: last of its region; after its turn no server can go back"),
            i == 0);
        free(text);
        small_fleet_free(&f);
    }
}

struct told {
    size_t n;
    const char *region, *leader;
};

static void count(void *ctx, const struct change *c)
{
    struct told *t = ctx;
    if (c->kind != CHANGE_NO_RETURN)
        return;
    t->n++;
    t->region = c->region->name;
    t->leader = c->leader->name;
}

static void fold(struct small_fleet *f, struct progress *p, struct told *t)
{
    progress_fold(p, &f->decision, &f->w, f->w.ended_ms, count, t);
}

static void test_crossed_once(void **state)
{
    struct small_fleet f;
    struct progress p;
    struct told t = {0, NULL, NULL};
    (void)state;
    planned(&f, "1.9.7");
    progress_init(&p, &f.plan, &f.ledger, 0);
    fold(&f, &p, &t);
    f.hosts[1].server.version = SMALL_TO; /* a follower is new: others can still go back */
    fold(&f, &p, &t);
    assert_int_equal(t.n, 0);
    f.hosts[0].server.version = SMALL_TO;
    f.hosts[2].server.leader_at = 0; /* not every server was asked: the report says nothing */
    fold(&f, &p, &t);
    assert_int_equal(t.n, 0);
    f.hosts[2].server.leader_at = f.hosts[1].server.leader_at;
    fold(&f, &p, &t);
    assert_int_equal(t.n, 1);
    assert_string_equal(t.region, "global");
    assert_string_equal(t.leader, "s1");
    fold(&f, &p, &t);
    assert_int_equal(t.n, 1);
    progress_free(&p);
    small_fleet_free(&f);
}

static void test_no_wall_is_not_crossed(void **state)
{
    struct small_fleet f;
    struct progress p;
    struct told t = {0, NULL, NULL};
    (void)state;
    planned(&f, "1.10.2");
    progress_init(&p, &f.plan, &f.ledger, 0);
    f.hosts[0].server.version = SMALL_TO;
    fold(&f, &p, &t);
    assert_int_equal(t.n, 0);
    progress_free(&p);
    small_fleet_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_step),
        cmocka_unit_test(test_step_of_what_is_left),
        cmocka_unit_test(test_plan_names_it),
        cmocka_unit_test(test_crossed_once),
        cmocka_unit_test(test_no_wall_is_not_crossed),
    };
    return cmocka_run_group_tests_name("no_return", tests, NULL, NULL);
}
