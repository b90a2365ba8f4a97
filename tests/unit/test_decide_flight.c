/* A host in flight: what its agent reports, and what the cluster does not show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "decide_desk.h"

static struct small_fleet *flying(void)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    struct ledger_host *lh = desk_host(f, "s2-id");
    lh->state = HOST_SWAPPING;
    lh->order = MSG_SWAP;
    lh->call.sequence = 4;
    lh->answered = true;
    lh->ordered_ms = lh->effect_ms = f->w.begun_ms;
    f->hosts[1].agent.work.order_sequence = 4;
    return f;
}

static const struct intent *after(struct small_fleet *f, enum phase phase)
{
    f->hosts[1].agent.work.phase = phase;
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    return small_fleet_intent(f, INTENT_MARK);
}

static const char *says(const struct small_fleet *f)
{
    return f->decision.n_waiting > 0 ? f->decision.waiting[0].text : "";
}

static void test_flight(void **state)
{
    struct small_fleet *f = flying();
    (void)state;
    f->hosts[1].agent.work.phase = PHASE_SETTLED; /* reported before the order was given */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_null(after(f, PHASE_PROBING));
    assert_true(small_fleet_waits(f, REASON_IN_FLIGHT));
    assert_non_null(strstr(says(f), "probing for "));
    f->hosts[1].agent.hello_at -= 60000; /* the agent does not answer any more */
    small_fleet_decide(f);
    assert_non_null(strstr(says(f), "its agent does not answer; 1 min "));
    f->hosts[1].agent.hello_at += 60000;
    assert_int_equal(after(f, PHASE_SETTLED)->state, HOST_SETTLING);
    f->hosts[1].agent.failure = FAILURE_CRASH_LOOP;
    assert_int_equal(after(f, PHASE_REVERTED)->outcome, OUTCOME_REVERTED);
    assert_int_equal(after(f, PHASE_FAILED)->outcome, OUTCOME_LEFT);
    f->hosts[1].agent.work.order_sequence = 3; /* about an older order */
    assert_null(after(f, PHASE_FAILED));
    f->hosts[1].agent.work.order_sequence = 5; /* an order of somebody else */
    assert_null(after(f, PHASE_SETTLED));
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    desk_done(f);
}

/* The swap ended before its rename: the host is staged as before, and has another turn. */
static void test_came_back(void **state)
{
    struct small_fleet *f = flying();
    struct agent_view *a = &f->hosts[1].agent;
    (void)state;
    a->work.failed_in = PHASE_SWAPPING;
    assert_null(after(f, PHASE_STAGED)); /* not begun yet */
    a->failure = FAILURE_REFUSED_BY_LAW;
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_STAGED);
    small_fleet_later(f, 1000);
    a->hello_at = desk_host(f, "s2-id")->effect_ms; /* it is not known yet what the host runs */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    desk_host(f, "s2-id")->turns = TURNS_MAX;
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_FAILED);
    assert_int_equal(after(f, PHASE_STAGED)->outcome, OUTCOME_NONE);
    assert_non_null(strstr(after(f, PHASE_STAGED)->text, "not begun"));
    desk_host(f, "s2-id")->turns = 0;
    a->hello.running.bytes[0] ^= 1; /* a stranger changed the binary */
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_FAILED);
    desk_done(f);
}

/* A client whose machine booted before the rename is in flight until Nomad lists it again. */
static void test_came_back_by_boot(void **state)
{
    struct small_fleet *f = desk_clients(1);
    struct ledger_host *lh = desk_host(f, "c1-id");
    struct host *h = &f->hosts[3];
    (void)state;
    lh->state = HOST_SWAPPING;
    lh->order = MSG_SWAP;
    lh->call.sequence = h->agent.work.order_sequence = 4;
    lh->answered = true;
    lh->ordered_ms = lh->effect_ms = f->w.begun_ms;
    lh->base_modify_index = h->client.modify_index;
    h->agent.work.phase = PHASE_STAGED;
    h->agent.work.failed_in = PHASE_SWAPPING;
    h->agent.failure = FAILURE_INTERRUPTED;
    memset(h->agent.session, 9, SESSION_LEN);
    small_fleet_later(f, 1000);
    desk_swaps(f, NULL);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    h->client.modify_index++;
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_STAGED);
    desk_done(f);
}

/* The agent is alive and caravan-swap is not: the run stops, names the host, and ends soon. */
static void test_swap_is_dead(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = desk_host(f, "s2-id");
    (void)state;
    f->hosts[1].agent.work.order_sequence = 3;
    lh->answered = false;
    lh->call.failures = 3;
    small_fleet_later(f, 40000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    lh->call.failures = 4;
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, "s2");
    assert_non_null(strstr(in->text, "its caravan-swap has not answered the swap order for 40"));
    assert_non_null(strstr(in->advice, "systemctl restart caravan-swap"));
    /* Its trust file may not name the key that signs here: caravan-swap is not the cause. */
    f->hosts[1].agent.stranger = true;
    f->hosts[1].agent.hello.trust_version = 7;
    small_fleet_decide(f);
    in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(strstr(in->text, "its trust file, version 7, may not name the operator key"));
    assert_non_null(strstr(in->advice, "caravan trust show"));
    assert_null(strstr(in->advice, "caravan-swap"));
    f->hosts[1].agent.hello_at = 1; /* if the agent is silent as well, this rule does not apply */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));

    f->ledger.ending = RUN_STOPPED;
    f->evidence.progress_ms = f->w.begun_ms;
    small_fleet_decide(f);
    small_fleet_later(f, 170000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    small_fleet_later(f, 20000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_STOPPED);
    desk_done(f);
}

/* caravan-swap accepted the order and died: the run does not wait for a whole turn. */
static void test_swap_dies_later(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = desk_host(f, "s2-id");
    (void)state;
    lh->answered = true;
    lh->receipt_ms = lh->effect_ms = f->w.begun_ms;
    f->hosts[1].agent.work.order_sequence = lh->call.sequence;
    f->hosts[1].agent.work.phase = PHASE_PROBING;
    small_fleet_later(f, SWAP_ALIVE_MS);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RESEND));
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_RESEND));
    assert_true(small_fleet_waits(f, REASON_IN_FLIGHT));
    lh->call.retry_ms = f->w.begun_ms + 5000; /* asked just now */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RESEND));
    lh->call.failures = 4;
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_non_null(strstr(in->text, "which accepted the swap order 31"));
    assert_true(small_fleet_waits(f, REASON_RETRY));
    f->hosts[1].agent.work.phase = PHASE_SETTLED; /* it is alive after all */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    desk_done(f);
}

static void test_resend(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = desk_host(f, "s2-id");
    (void)state;
    f->hosts[1].agent.work.order_sequence = 3;
    lh->answered = false;
    lh->call.retry_ms = f->w.begun_ms + 6000;
    small_fleet_later(f, 7000); /* the host could still carry it out, with gates that are too old */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RESEND));
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_RESEND));
    assert_true(small_fleet_waits(f, REASON_RETRY));
    desk_done(f);
}

/* Another key signs now: what caravan-swap answered shows that it is alive, and the status that is
 * asked for after that answer shows what became of the order. */
static void test_an_order_of_another_key(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = desk_host(f, "s2-id");
    (void)state;
    f->hosts[1].agent.work.order_sequence = 3;
    lh->answered = false;
    small_fleet_later(f, 9000);
    lh->receipt_ms = f->w.begun_ms; /* the status was asked for at the same moment */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_WITHDRAW));
    small_fleet_later(f, 1000);
    f->hosts[1].agent.work.order_sequence = 4; /* it was carried out */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_WITHDRAW));
    f->hosts[1].agent.work.order_sequence = 3;
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_WITHDRAW));
    lh->receipt_ms = 0; /* nobody has answered */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_WITHDRAW));
    desk_done(f);
}

static void test_settled(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = desk_host(f, "s2-id");
    (void)state;
    lh->state = HOST_SETTLING;
    lh->base_leader_index = 500;
    f->hosts[1].server.version = SMALL_TO;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][1].build = SMALL_TO;
    desk_settle_for(f, 8000);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_true(small_fleet_waits(f, REASON_SETTLING));
    desk_settle_for(f, 6000);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_DONE);
    desk_done(f);
}

static void test_not_caught_up(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = desk_host(f, "s2-id");
    (void)state;
    lh->state = HOST_SETTLING;
    lh->base_leader_index = 500;
    f->hosts[1].server.version = SMALL_TO;
    f->hosts[1].server.last_log_index = 100;
    desk_settle_for(f, f->policy.server_deadline_ms);
    f->evidence.progress_ms = f->w.begun_ms;
    desk_settle_for(f, 4000);
    assert_int_equal(small_fleet_intent(f, INTENT_REVERT)->failure, FAILURE_NOT_CAUGHT_UP);
    assert_non_null(strstr(small_fleet_intent(f, INTENT_REVERT)->text,
                           "not-caught-up in phase settling of " SMALL_TO ": not ready within"));
    f->plan.server_on_not_ready = ON_REVERT_IF_UNTOUCHED;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->outcome, OUTCOME_LEFT);
    /* if the rest is not well either, nobody knows the cause */
    f->hosts[2].server.leader_at = 0;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    desk_done(f);
}

static void test_client_runs_target(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_CLIENTS);
    struct host *h = &f->hosts[3];
    (void)state;
    small_fleet_version(f, SMALL_TO);
    small_fleet_later(f, 1000);
    h->agent.hello.disk = h->agent.hello.running = f->release.builds[0].digest;
    f->claims[3] = CLAIM_NONE;
    desk_swaps(f, NULL);
    const struct intent *in = small_fleet_intent(f, INTENT_MARK);
    assert_non_null(in);
    assert_string_equal(in->key, "c1-id");
    assert_int_equal(in->state, HOST_SETTLING);
    /* Not ready in time: Caravan does not revert what others installed. */
    struct ledger_host *lh = desk_host(f, "c1-id");
    lh->state = HOST_SETTLING;
    lh->order = MSG_STAGE;
    lh->effect_ms = f->w.begun_ms;
    h->client.status = "down";
    desk_settle_for(f, f->policy.client_deadline_ms + 4000);
    f->evidence.progress_ms = f->w.begun_ms;
    desk_settle_for(f, 4000);
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    in = small_fleet_intent(f, INTENT_MARK);
    assert_non_null(in);
    assert_int_equal(in->outcome, OUTCOME_LEFT);
    lh->order = MSG_SWAP;
    f->claims[3] = CLAIM_HELD;
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_REVERT));
    desk_done(f);
}

/* A turn begins three times. Then the host has failed, and the phase is kept. */
static void test_turns(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = desk_host(f, "s2-id");
    struct host *h = &f->hosts[1];
    (void)state;
    h->agent.work.order_sequence = lh->call.sequence;
    h->agent.work.phase = PHASE_FAILED;
    h->agent.work.failed_in = PHASE_SWAPPING;
    h->agent.failure = FAILURE_OUT_OF_TIME;
    h->agent.hello.disk = h->agent.hello.running =
        f->plan.hosts[plan_index(&f->plan, "s2-id")].before;
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_PENDING);
    lh->turns = TURNS_MAX;
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_FAILED);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->failed_in, PHASE_SWAPPING);
    desk_done(f);
}

/* The process or the machine was restarted before the rename: the host rests where it began. */
static void test_comes_back(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = desk_host(f, "s2-id");
    struct host *h = &f->hosts[1];
    (void)state;
    h->agent.work.order_sequence = lh->call.sequence;
    assert_null(
        after(f, PHASE_STAGED)); /* without a reason, the host is still accepting the order */
    h->agent.work.failed_in = PHASE_SWAPPING;
    h->agent.failure = FAILURE_INTERRUPTED;
    h->agent.hello.disk = f->plan.hosts[plan_index(&f->plan, "s2-id")].before;
    h->agent.hello.running = (struct digest){{0}};
    assert_null(after(f, PHASE_STAGED)); /* its Nomad is still starting */
    h->agent.hello.running = h->agent.hello.disk;
    assert_int_equal(after(f, PHASE_IDLE)->state, HOST_PENDING); /* the staged file is gone */
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_STAGED);
    lh->turns = TURNS_MAX;
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_FAILED);
    lh->turns = 0;
    h->agent.hello.running = (struct digest){{0}};
    f->w.begun_ms += f->policy.server_deadline_ms;
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_FAILED);
    desk_done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flight),
        cmocka_unit_test(test_came_back),
        cmocka_unit_test(test_came_back_by_boot),
        cmocka_unit_test(test_swap_is_dead),
        cmocka_unit_test(test_swap_dies_later),
        cmocka_unit_test(test_resend),
        cmocka_unit_test(test_an_order_of_another_key),
        cmocka_unit_test(test_settled),
        cmocka_unit_test(test_not_caught_up),
        cmocka_unit_test(test_client_runs_target),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_comes_back),
    };
    return cmocka_run_group_tests_name("decide_flight", tests, NULL, NULL);
}
