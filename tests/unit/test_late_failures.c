/* Late failures by pair and time. */
#include "late_failures.h"
#include "counts.h"
#include "report_run.h"
#include "small_fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define HOUR  ((int64_t)3600 * 1000)
#define ENDED ((int64_t)1767225600000) /* 2026-01-01 */

static void ended_run(struct small_fleet *f, const char *from, const char *to)
{
    small_fleet_init(f);
    small_fleet_run(f, RUN_DONE);
    f->ledger.ended_wall_ms = ENDED;
    str_cut(f->plan.target, sizeof(f->plan.target), to);
    for (size_t i = 0; i < f->plan.n_hosts; i++) {
        f->ledger.hosts[i].state = HOST_DONE;
        str_cut(f->plan.hosts[i].from, sizeof(f->plan.hosts[i].from), from);
    }
}

static void ids(const struct small_fleet *f, int64_t now, char text[static 200])
{
    struct late_due due[LATE_FAILURES_MAX];
    size_t n = late_failures(&f->plan, &f->ledger, now, due), len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        snprintf(text + len, 200 - len, "%s ", due[i].row->id);
        len = strlen(text);
    }
}

static void test_pairs(void **state)
{
    static const struct {
        const char *from, *to, *ids;
    } cases[] = {
        {"1.10.5", "1.11.0", "identities "},
        {"1.10.5", "1.11.3", "identities "},
        {"1.11.0", "1.11.2", "identities "},
        {"1.10.5", "1.11.4+ent", ""},
        {"1.10.5", "2.0.5", ""},
        {"1.10.2", "1.10.5", ""},
        {"1.8.4", "1.9.7", "keyring-in-raft "},
        {"1.9.3", "1.9.7", ""},
        {"1.8.4", "1.11.1", "identities keyring-in-raft "},
        {"1.3.8", "1.3.9", "dead-batch "},
        {"1.3.9", "1.4.3", ""}, /* 1.3.9 has it, and this version lacks it */
        {"1.4.3", "1.4.14", "dead-batch "},
        {"1.4.14", "1.6.10", ""},
        {"1.4.3", "1.9.7", "keyring-in-raft dead-batch "},
        {"", "1.11.1", ""}, /* no upgraded host is known */
    };
    char text[200];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct small_fleet f;
        ended_run(&f, cases[i].from, cases[i].to);
        ids(&f, 0, text);
        if (!str_eq(text, cases[i].ids))
            fail_msg("%s to %s: \"%s\", not \"%s\"", cases[i].from, cases[i].to, text,
                     cases[i].ids);
        small_fleet_free(&f);
    }
}

static void test_times(void **state)
{
    static const struct {
        int64_t now;
        const char *ids;
    } cases[] = {
        {ENDED, "identities keyring-in-raft "},
        {ENDED + HOUR / 6 - 1, "identities keyring-in-raft "},
        {ENDED + HOUR / 6, "identities "},
        {ENDED + 24 * HOUR - 1, "identities "},
        {ENDED + 24 * HOUR, ""},
        {0, "identities keyring-in-raft "},
    };
    struct small_fleet f;
    char text[200];
    (void)state;
    ended_run(&f, "1.8.4", "1.11.1");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ids(&f, cases[i].now, text);
        if (!str_eq(text, cases[i].ids))
            fail_msg("case %zu: \"%s\", not \"%s\"", i, text, cases[i].ids);
    }
    small_fleet_free(&f);
}

/* The report names upgraded hosts, after the end of the run. */
static void test_whom(void **state)
{
    struct small_fleet f;
    char text[200];
    (void)state;
    ended_run(&f, "1.10.5", "1.11.1");
    f.ledger.state = RUN_CLIENTS;
    ids(&f, 0, text);
    assert_string_equal(text, "");
    f.ledger.state = RUN_STOPPED;
    for (size_t i = 1; i < f.plan.n_hosts; i++)
        f.ledger.hosts[i].state = HOST_PENDING;
    ids(&f, 0, text);
    assert_string_equal(text, "identities ");
    f.ledger.hosts[0].state = HOST_FAILED;
    ids(&f, 0, text);
    assert_string_equal(text, "");
    f.ledger.hosts[0].state = HOST_DONE;
    f.plan.hosts[0].already = true;
    ids(&f, 0, text);
    assert_string_equal(text, "");
    f.plan.hosts[0].already = false;
    f.ledger.ended_wall_ms = 0; /* from an older ledger: unknown */
    ids(&f, 0, text);
    assert_string_equal(text, "");
    small_fleet_free(&f);
}

static void test_report(void **state)
{
    struct small_fleet f;
    char *text = NULL;
    size_t n = 0;
    (void)state;
    ended_run(&f, "1.10.5", "1.11.1");
    FILE *out = open_memstream(&text, &n);
    report_run(&f.plan, &f.ledger, NULL, false, out);
    fclose(out);
    assert_non_null(strstr(text, "After an upgrade to 1.11.1 [identities] "));
    assert_non_null(strstr(text, "Look again at 2026-01-02T00:00:00Z: "));
    free(text);
    small_fleet_free(&f);
}

/* Servers that were upgraded before the first count have nothing to compare with. */
static void test_no_measure_is_told(void **state)
{
    struct small_fleet f;
    (void)state;
    for (int counted = 0; counted < 3; counted++) {
        char *text = NULL;
        size_t n = 0;
        ended_run(&f, "1.10.5", "1.11.4");
        f.ledger.regions[0].first[OBJECT_JOBS] = counted == 1;
        f.ledger.state = counted == 2 ? RUN_STOPPED : RUN_DONE;
        FILE *out = open_memstream(&text, &n);
        report_run(&f.plan, &f.ledger, NULL, false, out);
        fclose(out);
        const char *at =
            strstr(text, "State of region global: Caravan cannot tell whether jobs, nodes or "
                         "allocations were lost: the servers already ran 1.11.4");
        if ((at != NULL) != (counted == 0))
            fail_msg("case %d: %s", counted, text);
        free(text);
        small_fleet_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_whom),
        cmocka_unit_test(test_report),
        cmocka_unit_test(test_no_measure_is_told),
    };
    return cmocka_run_group_tests_name("late_failures", tests, NULL, NULL);
}
