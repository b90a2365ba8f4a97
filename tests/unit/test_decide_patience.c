/* A run that has waited too long stops, and names what it waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "decide_desk.h"

static void test_patience(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    f->hosts[2].server.raft_state = "Candidate";
    desk_settle_for(f, f->policy.server_deadline_ms / 2);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    desk_settle_for(f, f->policy.server_deadline_ms);
    assert_null(small_fleet_intent(f, INTENT_STOP)); /* has not waited long enough for this yet */
    desk_settle_for(f, f->policy.settle_ms + 4000);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_non_null(strstr(in->text, "s3 is Candidate"));
    desk_done(f);
}

/* An abort that cannot undo names the host and what to do, as every stop does. */
static void test_undo_in_vain(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_ABORTING);
    struct effect *e = ledger_effect_add(&f->ledger, EFFECT_DRAIN, "c1-id");
    (void)state;
    e->noted = e->done = e->undo = true;
    small_fleet_decide(f);
    desk_settle_for(f, 4 * f->policy.server_deadline_ms);
    const struct intent *in = small_fleet_intent(f, INTENT_RUN);
    assert_non_null(in);
    assert_int_equal(in->run, RUN_STOPPED);
    assert_string_equal(in->host, "c1");
    assert_non_null(strstr(in->advice, "caravan status"));
    desk_done(f);
}

/* Waits that alternate share one patience. */
static void test_patience_of_many(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    int64_t longest = f->policy.server_deadline_ms + f->policy.settle_ms;
    (void)state;
    for (int i = 0; i < 6; i++) {
        f->hosts[2].server.raft_state = "Candidate";
        f->w.problem = i % 2 == 0 ? "" : "nobody answers";
        desk_settle_for(f, longest / 2 - 4000);
        assert_null(small_fleet_intent(f, INTENT_STOP));
    }
    desk_settle_for(f, 40000);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    desk_done(f);
}

static void one_tick(struct small_fleet *f, bool candidate)
{
    f->hosts[2].server.raft_state = candidate ? "Candidate" : "Follower";
    f->w.problem = candidate ? "" : "nobody answers";
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
}

/* One wait in nine of ten ticks, the other wait in every tenth tick and at the end. */
static const char *text_of_stop(struct small_fleet *f, bool mostly_candidate)
{
    int64_t all = 3 * (f->policy.server_deadline_ms + f->policy.settle_ms);

    f->evidence.progress_ms = f->w.begun_ms;
    for (int i = 0; f->w.begun_ms + 2000 - f->evidence.progress_ms <= all; i++) {
        one_tick(f, mostly_candidate != (i % 10 == 9));
        assert_null(small_fleet_intent(f, INTENT_STOP));
    }
    one_tick(f, !mostly_candidate);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    return small_fleet_intent(f, INTENT_STOP)->text;
}

/* The cause is the longest wait since something moved, and not the wait at the end. */
static void test_patience_names_the_longest(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    assert_non_null(strstr(text_of_stop(f, true), "in vain: region global: s3 is Candidate"));
    assert_non_null(strstr(text_of_stop(f, false), "nobody answers"));
    assert_non_null(strstr(small_fleet_intent(f, INTENT_STOP)->advice,
                           "a question that Nomad does not answer"));
    desk_done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_undo_in_vain),
        cmocka_unit_test(test_patience_of_many),
        cmocka_unit_test(test_patience_names_the_longest),
    };

    return cmocka_run_group_tests_name("decide_patience", tests, NULL, NULL);
}
