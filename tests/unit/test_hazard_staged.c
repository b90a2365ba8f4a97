/* Rows about single hosts: their effect on a run that has staged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "host_bench.h"

static void stage_c1(struct host_bench *b)
{
    struct ledger_host *lh;
    struct agent_view *a = &b->f.hosts[BENCH_C1].agent;

    small_fleet_run(&b->f, RUN_STAGING);
    lh = ledger_host(&b->f.ledger, "c1-id");
    lh->state = HOST_STAGING;
    lh->answered = true;
    lh->call.sequence = 7;
    lh->effect_ms = SMALL_NOW - 1000;
    a->status_at = SMALL_NOW;
    a->work.order_sequence = 7;
    a->work.phase = PHASE_STAGED;
    a->work.target = plan_host(&b->f.plan, "c1-id")->digest;
}

static void a_staged_host_that_is_well_is_staged(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, BENCH_C1, "config-rejected", TRI_NO, "accepts");
    stage_c1(b);
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    assert_int_equal(small_fleet_intent(&b->f, INTENT_MARK)->state, HOST_STAGED);
}

static void what_both_binaries_reject_refuses_when_it_is_newer(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, BENCH_C1, "config-rejected", TRI_UNKNOWN, "the old one rejects it too");
    assert_int_equal(host_bench_plan(b, "config-rejected")->severity, SEVERITY_WARN);
    host_bench_set(b, BENCH_C1, "config-newer", TRI_YES, "/etc/nomad.d/a.hcl");
    assert_int_equal(host_bench_plan(b, "config-rejected")->severity, SEVERITY_BLOCK);
}

static void a_staged_host_that_refuses_stops_the_run(void **state)
{
    struct host_bench *b = *state;
    const struct intent *stop;

    host_bench_set(b, BENCH_C1, "attributes", TRI_YES,
                   "its capabilities could not be carried over");
    stage_c1(b);
    for (size_t i = 0; i < b->f.ledger.n_hosts; i++) /* the run waits for no other host */
        if (b->f.ledger.hosts[i].state == HOST_PENDING)
            b->f.ledger.hosts[i].state = HOST_STAGED;
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_STOP)); /* noted first */
    str_cut(ledger_host(&b->f.ledger, "c1-id")->text, TEXT_MAX,
            small_fleet_intent(&b->f, INTENT_MARK)->text);
    (void)small_fleet_decide(&b->f);
    stop = small_fleet_intent(&b->f, INTENT_STOP);
    assert_non_null(stop);
    assert_non_null(strstr(stop->text, "[attributes] its capabilities"));
    assert_non_null(strstr(stop->advice, "--accept attributes"));
    assert_string_equal(stop->host, "c1");
    assert_null(small_fleet_intent(&b->f, INTENT_MARK));
    assert_null(small_fleet_intent(&b->f, INTENT_SWAP));
    b->f.plan.policy.accepted[b->f.plan.policy.n_accepted++] = "attributes";
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    assert_int_equal(small_fleet_intent(&b->f, INTENT_MARK)->state, HOST_STAGED);
}

/* Until the agent has reported something, it does not count as asked. */
static void a_staged_host_that_tells_nothing_is_waited_for(void **state)
{
    struct host_bench *b = *state;

    stage_c1(b);
    b->f.hosts[BENCH_C1].agent.n_facts = 0;
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_MARK));
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    assert_int_equal(b->f.decision.waiting[0].reason, REASON_STAGING);
    assert_non_null(strstr(b->f.decision.waiting[0].text, "does not report whether"));
}

static void what_root_holds_and_was_accepted_is_left_out_at_once(void **state)
{
    struct host_bench *b = *state;
    const struct intent *in;

    host_bench_set(b, BENCH_C1, "held", TRI_YES, "root's hold file is there: no swap, no revert");
    stage_c1(b);
    b->f.plan.policy.accepted[b->f.plan.policy.n_accepted++] = "law-refuses";
    (void)small_fleet_decide(&b->f);
    in = small_fleet_intent(&b->f, INTENT_MARK);
    assert_non_null(in);
    assert_int_equal(in->state, HOST_SKIPPED);
    assert_int_equal(in->skip, SKIP_HELD);
}

/* A server that could not stage ends the run, after the other hosts have answered. */
static void who_could_not_stage_is_told_with_the_others(void **state)
{
    struct host_bench *b = *state;
    struct ledger_host *lh;

    stage_c1(b);
    lh = b->f.ledger.hosts;
    for (size_t i = 0; i < b->f.ledger.n_hosts; i++)
        lh[i].state = HOST_STAGED;
    lh[0].state = HOST_FAILED;
    str_cut(lh[0].text, sizeof(lh[0].text), "bad-digest while staging");
    lh[BENCH_C1].state = HOST_STAGING;
    lh[BENCH_C1].answered = true;
    b->f.hosts[BENCH_C1].agent.work.phase = PHASE_FETCHING;
    (void)small_fleet_decide(&b->f);
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    assert_null(small_fleet_intent(&b->f, INTENT_RUN));
    lh[BENCH_C1].state = HOST_FAILED;
    (void)small_fleet_decide(&b->f);
    const struct intent *stop = small_fleet_intent(&b->f, INTENT_STOP);
    assert_non_null(stop);
    assert_non_null(strstr(stop->text, "bad-digest while staging; c1 failed, too"));
}

/* No quorum at the moment, or a gap: the plan reports it, and the host has a minute after
 * staging. */
static void what_may_pass_by_itself_has_a_minute(void **state)
{
    struct host_bench *b = *state;

    host_bench_set(b, BENCH_C1, "law-refuses", TRI_YES, "the local Nomad knows no leader");
    stage_c1(b);
    for (size_t i = 0; i < b->f.ledger.n_hosts; i++)
        if (b->f.ledger.hosts[i].state == HOST_PENDING)
            b->f.ledger.hosts[i].state = HOST_STAGED;
    str_cut(ledger_host(&b->f.ledger, "c1-id")->text, TEXT_MAX, "[law-refuses] no leader");
    b->f.evidence.progress_ms = b->f.w.begun_ms - 59000;
    (void)small_fleet_decide(&b->f);
    assert_int_equal(b->f.decision.n_intents, 0);
    b->f.evidence.progress_ms = b->f.w.begun_ms - 61000;
    (void)small_fleet_decide(&b->f);
    assert_non_null(small_fleet_intent(&b->f, INTENT_STOP));
    host_bench_set(b, BENCH_C1, "law-refuses", TRI_NO, "");
    (void)small_fleet_decide(&b->f);
    assert_int_equal(small_fleet_intent(&b->f, INTENT_MARK)->state, HOST_STAGED);
}

/* The stop names all hosts that refuse, not only the first; it waits until no other host can
 * refuse. */
static void all_hosts_that_refuse_are_told_at_once(void **state)
{
    struct host_bench *b = *state;
    const struct intent *stop;
    struct ledger_host *last;

    host_bench_set(b, 0, "attributes", TRI_YES, "its capabilities");
    host_bench_set(b, BENCH_C1, "held", TRI_YES, "root's hold file is there: no swap, no revert");
    host_bench_set(b, BENCH_C1 + 1, "raft-peers-file", TRI_YES, "/opt/nomad/peers.json");
    stage_c1(b);
    last = ledger_host(&b->f.ledger, b->f.hosts[BENCH_C1 + 1].key);
    for (int i = 0; i < SMALL_HOSTS; i++) {
        struct ledger_host *lh = ledger_host(&b->f.ledger, b->f.hosts[i].key);
        struct agent_view *a = &b->f.hosts[i].agent;
        lh->state = i == 0 || i >= BENCH_C1 ? HOST_STAGING : HOST_STAGED;
        lh->answered = true;
        lh->call.sequence = 7;
        lh->effect_ms = SMALL_NOW - 1000;
        a->status_at = SMALL_NOW;
        a->work.order_sequence = 7;
        a->work.phase = i == BENCH_C1 + 1 ? PHASE_FETCHING : PHASE_STAGED;
        a->work.target = b->f.plan.hosts[0].digest;
    }
    (void)small_fleet_decide(&b->f); /* the ledger contains each, for reports */
    assert_null(small_fleet_intent(&b->f, INTENT_STOP));
    for (size_t i = 0; i < b->f.decision.n_intents; i++) {
        const struct intent *in = &b->f.decision.intents[i];
        struct ledger_host *lh = ledger_host(&b->f.ledger, in->key);
        assert_int_equal(in->kind, INTENT_MARK);
        assert_int_equal(in->state, HOST_STAGING);
        str_cut(lh->text, sizeof(lh->text), in->text);
    }
    assert_int_equal(b->f.decision.n_intents, 2);
    assert_string_equal(host_text(ledger_host(&b->f.ledger, "c1-id")),
                        "[law-refuses] root's hold file is there: no swap, no revert");
    (void)small_fleet_decide(&b->f); /* one is still at work */
    assert_int_equal(b->f.decision.n_intents, 0);
    b->f.hosts[BENCH_C1 + 1].agent.work.phase = PHASE_STAGED;
    (void)small_fleet_decide(&b->f);
    assert_int_equal(b->f.decision.n_intents, 1);
    str_cut(last->text, sizeof(last->text), b->f.decision.intents[0].text);
    (void)small_fleet_decide(&b->f);
    stop = small_fleet_intent(&b->f, INTENT_STOP);
    assert_non_null(stop);
    assert_non_null(strstr(stop->text, "3 hosts must not be swapped"));
    assert_non_null(strstr(stop->text, "s1: [attributes]"));
    assert_non_null(strstr(stop->text, "c1: [law-refuses]"));
    assert_non_null(strstr(stop->text, "c2: [raft-peers-file]"));
    assert_int_equal(b->f.decision.n_waiting, 3);
}

static void what_was_accepted_survives_a_resume(void **state)
{
    struct host_bench *b = *state;
    auto_buf struct buf text = BUF_INIT;
    struct plan again;
    struct err err = ERR_INIT;

    b->f.policy.accepted[b->f.policy.n_accepted++] = "package";
    b->f.policy.accepted[b->f.policy.n_accepted++] = "an odd id%";
    (void)host_bench_plan(b, "");
    plan_text(&b->f.plan, &text);
    assert_int_equal(plan_read(buf_str(&text), text.len, built_in(), &again, &err), 0);
    assert_true(policy_accepts(&again.policy, "package"));
    assert_true(policy_accepts(&again.policy, "an odd id%"));
    assert_false(policy_accepts(&again.policy, "kill-mode"));
    assert_true(digest_eq(&again.digest, &b->f.plan.digest));
    plan_free(&again);
}

#define IN_BENCH(f) cmocka_unit_test_setup_teardown(f, host_bench_up, host_bench_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BENCH(a_staged_host_that_is_well_is_staged),
        IN_BENCH(what_both_binaries_reject_refuses_when_it_is_newer),
        IN_BENCH(a_staged_host_that_refuses_stops_the_run),
        IN_BENCH(a_staged_host_that_tells_nothing_is_waited_for),
        IN_BENCH(what_root_holds_and_was_accepted_is_left_out_at_once),
        IN_BENCH(who_could_not_stage_is_told_with_the_others),
        IN_BENCH(what_may_pass_by_itself_has_a_minute),
        IN_BENCH(all_hosts_that_refuse_are_told_at_once),
        IN_BENCH(what_was_accepted_survives_a_resume),
    };

    return cmocka_run_group_tests_name("hazard_host", tests, NULL, NULL);
}
