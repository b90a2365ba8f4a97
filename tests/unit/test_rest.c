/* decision_rests_until: the times at which the run may observe rarely. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "decide_desk.h"

/* The run may observe rarely while it waits for nothing else, but not until the very end. */
static void test_rests_during_the_soak(void **state)
{
    struct small_fleet *f = desk_clients(2);
    int64_t now = f->w.begun_ms, end = now - 1000 + f->policy.soak_ms;
    (void)state;
    desk_host(f, "c1-id")->state = HOST_DONE;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = now - 1000;
    small_fleet_decide(f);
    assert_true(decision_rests_until(&f->decision, now) == end - REST_LEAD_MS);
    assert_true(decision_rests_until(&f->decision, end - REST_LEAD_MS - 1) > 0);
    assert_true(decision_rests_until(&f->decision, end - REST_LEAD_MS) == 0);
    f->decision.n_intents = 1; /* the run does something */
    assert_true(decision_rests_until(&f->decision, now) == 0);
    desk_host(f, "c2-id")->state = HOST_STAGING; /* here the run waits for a host's answer */
    small_fleet_decide(f);
    assert_true(small_fleet_waits(f, REASON_SOAK));
    assert_true(decision_rests_until(&f->decision, now) == 0);
    desk_host(f, "c2-id")->state = HOST_STAGED;
    desk_host(f, "c1-id")->state = HOST_SETTLING; /* here the run waits for the gates of a host */
    f->ledger.canaries_done = false;
    small_fleet_decide(f);
    assert_true(decision_rests_until(&f->decision, now) == 0);
    desk_done(f);
}

static void test_a_full_table_is_no_rest(void **state)
{
    struct decision d = {.n_waiting = 0};
    (void)state;
    assert_true(decision_rests_until(&d, 0) == 0);
    for (int i = 1; i < WAITING_MAX; i++) {
        waiting_until(&d, REASON_SOAK, "", 100000 - i, "time");
        assert_true(decision_rests_until(&d, 0) == 100000 - i - REST_LEAD_MS);
    }
    waiting_until(&d, REASON_SOAK, "", 100000, "time");
    waiting_for(&d, REASON_GATE, "", "and what is not told any more");
    assert_true(decision_rests_until(&d, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rests_during_the_soak),
        cmocka_unit_test(test_a_full_table_is_no_rest),
    };
    return cmocka_run_group_tests_name("rest", tests, NULL, NULL);
}
