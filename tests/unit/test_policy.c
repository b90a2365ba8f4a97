#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "policy.h"

static const struct {
    const char *text;
    bool good;
    uint32_t clients, means;
} parallels[] = {
    {"1", true, 10, 1},
    {"3", true, 2, 3},
    {"25%", true, 10, 3},
    {"25%", true, 1, 1},
    {"1%", true, 10, 1},
    {"100%", true, 7, 7},
    {"10%", true, 0, 1},
    {"33%", true, 100, 33},
    {"0", false, 0, 0},
    {"0%", false, 0, 0},
    {"101%", false, 0, 0},
    {"-1", false, 0, 0},
    {"", false, 0, 0},
    {"%", false, 0, 0},
    {"3.5", false, 0, 0},
    {"1 %", false, 0, 0},
    {"99999999999999999999", false, 0, 0},
};

static void test_parallel(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parallels); i++) {
        struct policy p;
        struct err err = ERR_INIT;
        policy_default(&p);
        int rv = policy_parse_parallel(parallels[i].text, &p, &err);
        assert_int_equal(rv, parallels[i].good ? 0 : -1);
        if (rv == 0)
            assert_int_equal(policy_parallel(&p, parallels[i].clients), parallels[i].means);
        else
            assert_int_equal(err.kind, ERR_USAGE);
    }
}

static void test_defaults(void **state)
{
    struct policy p;
    (void)state;
    policy_default(&p);
    assert_int_equal(policy_parallel(&p, 1000), 1);
    assert_int_equal(p.canary, 1);
    assert_int_equal(p.settle_ms, 10000);
    assert_int_equal(p.settle_answers, 5);
    assert_int_equal(p.max_failures + p.max_skipped, 0);
    assert_false(p.accept_outage);
}

static void test_accepts(void **state)
{
    struct policy p;
    (void)state;
    policy_default(&p);
    p.accepted[p.n_accepted++] = "known-bad";
    assert_true(policy_accepts(&p, "known-bad"));
    assert_false(policy_accepts(&p, "known"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parallel),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_accepts),
    };
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
