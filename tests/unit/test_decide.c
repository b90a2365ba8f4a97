#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "small_fleet.h"

static struct small_fleet *fleet(enum run_state state)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    small_fleet_run(f, state);
    return f;
}

static void done(struct small_fleet *f)
{
    small_fleet_free(f);
    free(f);
}

static struct ledger_host *host(struct small_fleet *f, const char *key)
{
    return ledger_host(&f->ledger, key);
}

static void swaps(struct small_fleet *f, const char *key)
{
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_SWAP);
    if (key == NULL && in != NULL)
        fail_msg("a swap of %s", in->key);
    if (key != NULL && in == NULL)
        fail_msg("no swap: %s",
                 f->decision.n_waiting > 0 ? f->decision.waiting[0].text : "no reason");
    if (key != NULL)
        assert_string_equal(in->key, key);
}

/* ---- servers ---- */

static void test_follower_first(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    swaps(f, "s2-id");
    assert_int_equal(f->decision.n_intents, 1);
    done(f);
}

static void test_leader_last(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    host(f, "s2-id")->state = host(f, "s3-id")->state = HOST_DONE;
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_TRANSFER);
    assert_non_null(in);
    assert_string_equal(in->peer, "s2-id");
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    host(f, "s1-id")->transfers = 2; /* in vain */
    swaps(f, "s1-id");
    host(f, "s1-id")->transfers = 0;
    f->plan.transfer = false;
    swaps(f, "s1-id");
    done(f);
}

/* What is next is computed anew from who leads now. */
static void test_leader_moves(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.leader = "10.0.0.2:4647";
    f->hosts[0].server.raft_state = "Follower";
    f->hosts[1].server.raft_state = "Leader";
    swaps(f, "s3-id");
    done(f);
}

static void test_gates(void **state)
{
    static const enum host_state flying[] = {HOST_SWAPPING, HOST_SETTLING, HOST_REVERTING};
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(flying); i++) {
        host(f, "s3-id")->state = flying[i];
        swaps(f, NULL);
        assert_true(f->decision.n_waiting > 0);
        host(f, "s3-id")->state = HOST_STAGED;
    }
    f->lease.all = false;
    swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_LEASE));
    f->lease.all = true;
    f->hosts[1].agent.misplaced = true;
    swaps(f, NULL);
    f->hosts[1].agent.misplaced = false;
    f->hosts[1].agent.hello_at = 0;
    swaps(f, NULL);
    small_fleet_later(f, 1000);
    f->hosts[2].server.raft_state = "Candidate";
    small_fleet_later(f, 1000);
    swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_GATE));
    f->hosts[2].server.raft_state = "Follower";
    small_fleet_later(f, 1000);
    swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_SETTLING));
    done(f);
}

static void test_old_observation(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    struct situation s = {&f->w,        &f->plan,  &f->ledger,
                          &f->evidence, &f->lease, f->w.begun_ms + FRESH_MS + 1};
    (void)state;
    decide(&s, &f->decision);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    assert_true(small_fleet_waits(f, REASON_OBSERVE));
    done(f);
}

static void test_early_leader(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    f->plan.bad_leader_pair = true;
    swaps(f, "s2-id");
    f->hosts[0].server.version = SMALL_TO;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][0].build = SMALL_TO;
    host(f, "s1-id")->state = HOST_DONE;
    swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    assert_string_equal(small_fleet_intent(f, INTENT_STOP)->host, "s1");
    done(f);
}

static void test_newer_by_hand(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    f->hosts[1].server.version = "2.0.5";
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][1].build = "2.0.5";
    swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    done(f);
}

static void test_servers_to_clients(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->ledger.hosts[i].state = HOST_DONE;
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_CLIENTS);
    done(f);
}

/* ---- clients ---- */

static struct small_fleet *clients(uint32_t parallel)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    f->policy.parallel = parallel;
    small_fleet_run(f, RUN_CLIENTS);
    for (int i = 0; i < SMALL_SERVERS; i++) {
        f->hosts[i].server.version = SMALL_TO;
        for (int k = 0; k < SMALL_SERVERS; k++)
            f->members[i][k].build = SMALL_TO;
    }
    small_fleet_later(f, 2000);
    return f;
}

static void test_canary_first(void **state)
{
    struct small_fleet *f = clients(2);
    (void)state;
    swaps(f, "c1-id");
    assert_int_equal(f->decision.n_intents, 1); /* one canary, though two may fly */
    host(f, "c1-id")->state = HOST_SWAPPING;
    swaps(f, NULL);
    host(f, "c1-id")->state = HOST_DONE;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = f->w.begun_ms - 1000;
    swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_SOAK));
    f->ledger.canaries_settled_ms = f->w.begun_ms - f->policy.soak_ms;
    swaps(f, "c2-id");
    done(f);
}

static void test_window(void **state)
{
    struct small_fleet *f = clients(1);
    (void)state;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = 1;
    host(f, "c1-id")->state = HOST_SETTLING;
    swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_LIMIT));
    done(f);
}

static void test_client_not_newer(void **state)
{
    struct small_fleet *f = clients(1);
    (void)state;
    f->hosts[2].server.version = SMALL_FROM;
    for (int k = 0; k < SMALL_SERVERS; k++)
        f->members[k][2].build = SMALL_FROM;
    small_fleet_later(f, 1000);
    swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_SERVERS));
    done(f);
}

static void test_claim_before_swap(void **state)
{
    struct small_fleet *f = clients(1);
    (void)state;
    f->claims[3] = CLAIM_NONE;
    swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_CLAIM));
    f->claims[3] = CLAIM_ASKED;
    swaps(f, NULL);
    assert_null(small_fleet_intent(f, INTENT_CLAIM));
    done(f);
}

static void test_drain(void **state)
{
    struct small_fleet *f = clients(1);
    (void)state;
    f->plan.policy.drain = true;
    swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_DRAIN));
    f->hosts[3].client.eligible = false; /* by others: in place */
    swaps(f, "c1-id");
    f->hosts[3].client.draining = true; /* by others: left alone, the next one goes */
    swaps(f, NULL);
    assert_string_equal(small_fleet_intent(f, INTENT_DRAIN)->key, "c2-id");
    done(f);
}

/* Only when it matters: little time to the heartbeat, and a long silence expected. */
static void test_heartbeat(void **state)
{
    struct small_fleet *f = clients(1);
    (void)state;
    f->hosts[3].client.heartbeat_ttl_ms = 12000;
    f->hosts[3].client.heartbeat_age_ms = 10000; /* down in 12 s; 20 s is twice the silence */
    swaps(f, "c1-id");
    assert_int_equal(small_fleet_intent(f, INTENT_SWAP)->not_before, 5000 + 2000);
    f->hosts[3].agent.silence_ms = 1000;
    swaps(f, "c1-id");
    assert_int_equal(small_fleet_intent(f, INTENT_SWAP)->not_before, 0);
    f->hosts[3].agent.silence_ms = 0;
    f->hosts[3].client.heartbeat_age_ms = -1; /* unreadable */
    swaps(f, "c1-id");
    assert_int_equal(small_fleet_intent(f, INTENT_SWAP)->not_before, 0);
    done(f);
}

static void test_budgets(void **state)
{
    struct small_fleet *f = clients(2);
    (void)state;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = 1;
    host(f, "c1-id")->state = HOST_FAILED;
    str_cut(host(f, "c1-id")->text, TEXT_MAX, "will not start");
    swaps(f, NULL);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, "c1");
    assert_non_null(strstr(in->text, "will not start"));
    assert_non_null(strstr(in->advice, "caravan resume"));
    f->plan.policy.max_failures = 1;
    swaps(f, "c2-id");
    f->ledger.canaries_done = false; /* a canary that fails stops whatever the budget */
    swaps(f, NULL);
    host(f, "c1-id")->state = HOST_SKIPPED;
    swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    done(f);
}

/* In one and the same tick: c1 is found failed, so c2 may not begin in it. */
static void test_failures_first(void **state)
{
    struct small_fleet *f = clients(2);
    (void)state;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = 1;
    f->hosts[3].client.version = "2.0.5";
    swaps(f, NULL);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_FAILED);
    done(f);
}

static void test_skip_down(void **state)
{
    struct small_fleet *f = clients(1);
    (void)state;
    f->hosts[3].client.status = f->hosts[4].client.status = "down";
    swaps(f, NULL);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    for (int i = 0; i < 16; i++)
        small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_SKIPPED);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->skip, SKIP_DOWN);
    done(f);
}

/* ---- in flight ---- */

static struct small_fleet *flying(void)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    struct ledger_host *lh = host(f, "s2-id");
    lh->state = HOST_SWAPPING;
    lh->order = MSG_SWAP;
    lh->sequence = 4;
    lh->answered = true;
    lh->ordered_ms = lh->effect_ms = f->w.begun_ms;
    f->hosts[1].agent.order_sequence = 4;
    return f;
}

static const struct intent *after(struct small_fleet *f, enum phase phase)
{
    f->hosts[1].agent.phase = phase;
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    return small_fleet_intent(f, INTENT_MARK);
}

static void test_flight(void **state)
{
    struct small_fleet *f = flying();
    (void)state;
    f->hosts[1].agent.phase = PHASE_SETTLED; /* said before the order was given */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_null(after(f, PHASE_PROBING));
    assert_true(small_fleet_waits(f, REASON_IN_FLIGHT));
    assert_int_equal(after(f, PHASE_SETTLED)->state, HOST_SETTLING);
    f->hosts[1].agent.failure = FAILURE_CRASH_LOOP;
    assert_int_equal(after(f, PHASE_REVERTED)->outcome, OUTCOME_REVERTED);
    assert_int_equal(after(f, PHASE_FAILED)->outcome, OUTCOME_LEFT);
    f->hosts[1].agent.order_sequence = 3; /* about an older order */
    assert_null(after(f, PHASE_FAILED));
    f->hosts[1].agent.order_sequence = 5; /* somebody else's */
    assert_null(after(f, PHASE_SETTLED));
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    done(f);
}

/* The agent came back before its rename: it is staged as before, and has another turn. */
static void test_came_back(void **state)
{
    struct small_fleet *f = flying();
    struct agent_view *a = &f->hosts[1].agent;
    (void)state;
    a->failed_in = PHASE_SWAPPING;
    assert_null(after(f, PHASE_STAGED)); /* not begun yet */
    a->failure = FAILURE_REFUSED_BY_LAW;
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_STAGED);
    small_fleet_later(f, 1000);
    a->hello_at = host(f, "s2-id")->effect_ms; /* what it runs is not known yet */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    host(f, "s2-id")->turns = TURNS_MAX;
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_FAILED);
    assert_int_equal(after(f, PHASE_STAGED)->outcome, OUTCOME_NONE);
    assert_non_null(strstr(after(f, PHASE_STAGED)->text, "not begun"));
    host(f, "s2-id")->turns = 0;
    a->running.bytes[0] ^= 1; /* a stranger's hand */
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_FAILED);
    done(f);
}

/* A client whose machine booted before the rename is in flight until Nomad has it back. */
static void test_came_back_by_boot(void **state)
{
    struct small_fleet *f = clients(1);
    struct ledger_host *lh = host(f, "c1-id");
    struct host *h = &f->hosts[3];
    (void)state;
    lh->state = HOST_SWAPPING;
    lh->order = MSG_SWAP;
    lh->sequence = h->agent.order_sequence = 4;
    lh->answered = true;
    lh->ordered_ms = lh->effect_ms = f->w.begun_ms;
    lh->base_modify_index = h->client.modify_index;
    h->agent.phase = PHASE_STAGED;
    h->agent.failed_in = PHASE_SWAPPING;
    h->agent.failure = FAILURE_INTERRUPTED;
    memset(h->agent.session, 9, SESSION_LEN);
    small_fleet_later(f, 1000);
    swaps(f, NULL);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    h->client.modify_index++;
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_STAGED);
    done(f);
}

/* Its agent lives, its caravan-swap does not: the run stops, names it, and ends soon. */
static void test_swap_is_dead(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = host(f, "s2-id");
    (void)state;
    f->hosts[1].agent.order_sequence = 3;
    lh->answered = false;
    lh->resends = 3;
    small_fleet_later(f, 40000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    lh->resends = 4;
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, "s2");
    assert_non_null(strstr(in->text, "its caravan-swap has not answered the swap order for 40"));
    assert_non_null(strstr(in->advice, "systemctl restart caravan-swap"));
    f->hosts[1].agent.hello_at = 1; /* the agent is silent too: another matter */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));

    f->ledger.ending = RUN_STOPPED;
    f->evidence.progress_ms = f->evidence.wait_ms = f->w.begun_ms;
    small_fleet_decide(f);
    waiting_id(decision_waits(&f->decision), f->evidence.wait);
    small_fleet_later(f, 170000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    small_fleet_later(f, 20000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_STOPPED);
    done(f);
}

/* s2 was done and its Nomad ended; s3 is at work: nobody waits for a leader then. */
static void test_fallen(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    struct ledger_host *lh = host(f, "s2-id");
    struct agent_view *a = &f->hosts[1].agent;
    (void)state;
    lh->state = HOST_DONE;
    lh->order = MSG_SWAP;
    lh->settled_ms = f->w.begun_ms;
    lh->base_stamp.main_start = a->stamp.main_start = 77;
    host(f, "s3-id")->state = HOST_SETTLING;
    host(f, "s3-id")->order = MSG_SWAP;
    small_fleet_later(f, 1000);
    f->hosts[2].server.raft_state = "Candidate";
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP)); /* two of three stand */
    a->stamp.main_start = 78;                        /* it was started again meanwhile */
    small_fleet_decide(f);
    assert_string_equal(small_fleet_intent(f, INTENT_STOP)->host, "s2");
    a->stamp.main_start = 77;
    memset(&a->running, 0, sizeof(a->running));
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, "s2");
    assert_non_null(strstr(in->text, "no quorum"));
    f->ledger.ending = RUN_STOPPED;
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_STOPPED);
    host(f, "s3-id")->state = HOST_SWAPPING; /* its agent is still at it */
    host(f, "s3-id")->answered = true;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    host(f, "s3-id")->state = HOST_SETTLING;
    f->ledger.ending = RUN_NONE;
    a->hello_at = lh->settled_ms; /* said before it had settled */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    f->hosts[2].server.raft_state = "Follower"; /* a quorum is left: its gates are waited for */
    a->hello_at = f->w.begun_ms;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    done(f);
}

static void test_resend(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = host(f, "s2-id");
    (void)state;
    f->hosts[1].agent.order_sequence = 3;
    lh->answered = false;
    lh->retry_ms = f->w.begun_ms + 6000;
    small_fleet_later(f, 7000); /* it could still be obeyed, by gates that are too old */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RESEND));
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_RESEND));
    assert_true(small_fleet_waits(f, REASON_RETRY));
    done(f);
}

static void settle_for(struct small_fleet *f, int64_t ms)
{
    for (int64_t at = 0; at < ms; at += 2000)
        small_fleet_later(f, 2000);
    small_fleet_decide(f);
}

static void test_settled(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = host(f, "s2-id");
    (void)state;
    lh->state = HOST_SETTLING;
    lh->base_leader_index = 500;
    f->hosts[1].server.version = SMALL_TO;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][1].build = SMALL_TO;
    settle_for(f, 8000);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_true(small_fleet_waits(f, REASON_SETTLING));
    settle_for(f, 6000);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_DONE);
    done(f);
}

static void test_not_caught_up(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = host(f, "s2-id");
    (void)state;
    lh->state = HOST_SETTLING;
    lh->base_leader_index = 500;
    f->hosts[1].server.version = SMALL_TO;
    f->hosts[1].server.last_log_index = 100;
    settle_for(f, f->policy.server_deadline_ms);
    f->evidence.progress_ms = f->w.begun_ms;
    settle_for(f, 4000);
    assert_int_equal(small_fleet_intent(f, INTENT_REVERT)->failure, FAILURE_NOT_CAUGHT_UP);
    f->plan.server_on_not_ready = ON_REVERT_IF_UNTOUCHED;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->outcome, OUTCOME_LEFT);
    /* when the rest is not well either, nobody knows whose fault it is */
    f->hosts[2].server.leader_at = 0;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    done(f);
}

/* ---- ends ---- */

static void test_ending(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    f->ledger.ending = RUN_PAUSED;
    host(f, "s3-id")->state = HOST_SWAPPING;
    swaps(f, NULL);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    host(f, "s3-id")->state = HOST_DONE;
    swaps(f, NULL);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_PAUSED);
    done(f);
}

static void test_paused_by_agent(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    f->lease.paused = true;
    swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_PAUSE));
    done(f);
}

static void test_patience(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    (void)state;
    f->hosts[2].server.raft_state = "Candidate";
    settle_for(f, f->policy.server_deadline_ms / 2);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    settle_for(f, f->policy.server_deadline_ms);
    assert_null(small_fleet_intent(f, INTENT_STOP)); /* waited for this not long enough yet */
    settle_for(f, f->policy.settle_ms + 4000);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_non_null(strstr(in->text, "s3 is Candidate"));
    done(f);
}

/* Upgraded by somebody else, or by an order that was given up: asked, not ordered anew. */
static void test_runs_target(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    struct host *h = &f->hosts[1];
    (void)state;
    h->agent.disk = h->agent.running = f->release.builds[0].digest;
    swaps(f, "s2-id"); /* by its agent, not by Nomad */
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][1].build = SMALL_TO;
    h->server.version = SMALL_TO;
    h->agent.phase = PHASE_PROBING; /* it may turn back yet */
    swaps(f, "s2-id");
    h->agent.phase = PHASE_SETTLED;
    host(f, "s2-id")->effect_ms = f->w.begun_ms; /* told before */
    swaps(f, "s2-id");
    host(f, "s2-id")->effect_ms = 0;
    swaps(f, NULL);
    const struct intent *in = small_fleet_intent(f, INTENT_MARK);
    assert_non_null(in);
    assert_string_equal(in->key, "s2-id");
    assert_int_equal(in->state, HOST_SETTLING);
    done(f);
}

static void test_client_runs_target(void **state)
{
    struct small_fleet *f = fleet(RUN_CLIENTS);
    struct host *h = &f->hosts[3];
    (void)state;
    small_fleet_version(f, SMALL_TO);
    small_fleet_later(f, 1000);
    h->agent.disk = h->agent.running = f->release.builds[0].digest;
    f->claims[3] = CLAIM_NONE;
    swaps(f, NULL);
    const struct intent *in = small_fleet_intent(f, INTENT_MARK);
    assert_non_null(in);
    assert_string_equal(in->key, "c1-id");
    assert_int_equal(in->state, HOST_SETTLING);
    /* Not ready in time: what others swapped in is left to them. */
    struct ledger_host *lh = host(f, "c1-id");
    lh->state = HOST_SETTLING;
    lh->order = MSG_STAGE;
    lh->effect_ms = f->w.begun_ms;
    h->client.status = "down";
    settle_for(f, f->policy.client_deadline_ms + 4000);
    f->evidence.progress_ms = f->w.begun_ms;
    settle_for(f, 4000);
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    in = small_fleet_intent(f, INTENT_MARK);
    assert_non_null(in);
    assert_int_equal(in->outcome, OUTCOME_LEFT);
    lh->order = MSG_SWAP;
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_REVERT));
    done(f);
}

/* A turn is begun anew three times, then the host has failed, and it is kept where. */
static void test_turns(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = host(f, "s2-id");
    struct host *h = &f->hosts[1];
    (void)state;
    h->agent.order_sequence = lh->sequence;
    h->agent.phase = PHASE_FAILED;
    h->agent.failed_in = PHASE_SWAPPING;
    h->agent.failure = FAILURE_OUT_OF_TIME;
    h->agent.disk = h->agent.running = f->plan.hosts[plan_index(&f->plan, "s2-id")].before;
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_PENDING);
    lh->turns = TURNS_MAX;
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_FAILED);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->failed_in, PHASE_SWAPPING);
    done(f);
}

/* Its process or its machine was restarted before the rename: it rests where it began. */
static void test_comes_back(void **state)
{
    struct small_fleet *f = flying();
    struct ledger_host *lh = host(f, "s2-id");
    struct host *h = &f->hosts[1];
    (void)state;
    h->agent.order_sequence = lh->sequence;
    assert_null(after(f, PHASE_STAGED)); /* without a reason the order is still being taken up */
    h->agent.failed_in = PHASE_SWAPPING;
    h->agent.failure = FAILURE_INTERRUPTED;
    h->agent.disk = f->plan.hosts[plan_index(&f->plan, "s2-id")].before;
    h->agent.running = (struct digest){{0}};
    assert_null(after(f, PHASE_STAGED)); /* its Nomad is still coming up */
    h->agent.running = h->agent.disk;
    assert_int_equal(after(f, PHASE_IDLE)->state, HOST_PENDING); /* staged bytes are gone */
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_STAGED);
    lh->turns = TURNS_MAX;
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_FAILED);
    lh->turns = 0;
    h->agent.running = (struct digest){{0}};
    f->w.begun_ms += f->policy.server_deadline_ms;
    assert_int_equal(after(f, PHASE_STAGED)->state, HOST_FAILED);
    done(f);
}

/* An abort that cannot undo says whose fault it is and what to do, as every stop does. */
static void test_undo_in_vain(void **state)
{
    struct small_fleet *f = fleet(RUN_ABORTING);
    struct effect *e = ledger_effect_add(&f->ledger, EFFECT_DRAIN, "c1-id");
    (void)state;
    e->noted = e->done = e->undo = true;
    small_fleet_decide(f);
    settle_for(f, 4 * f->policy.server_deadline_ms);
    const struct intent *in = small_fleet_intent(f, INTENT_RUN);
    assert_non_null(in);
    assert_int_equal(in->run, RUN_STOPPED);
    assert_string_equal(in->host, "c1");
    assert_non_null(strstr(in->advice, "caravan status"));
    done(f);
}

/* Waits that take turns are patient in sum, not for ever. */
static void test_patience_of_many(void **state)
{
    struct small_fleet *f = fleet(RUN_SERVERS);
    int64_t longest = f->policy.server_deadline_ms + f->policy.settle_ms;
    (void)state;
    for (int i = 0; i < 6; i++) {
        f->hosts[2].server.raft_state = "Candidate";
        f->w.problem = i % 2 == 0 ? "" : "nobody answers";
        settle_for(f, longest / 2 - 4000);
        assert_null(small_fleet_intent(f, INTENT_STOP));
    }
    settle_for(f, 40000);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    done(f);
}

static void test_verify(void **state)
{
    struct small_fleet *f = fleet(RUN_VERIFYING);
    (void)state;
    for (size_t i = 0; i < f->ledger.n_hosts; i++) {
        f->ledger.hosts[i].state = HOST_DONE;
        f->ledger.hosts[i].effect_ms = f->w.begun_ms;
    }
    small_fleet_version(f, SMALL_TO);
    for (int i = 0; i < SMALL_HOSTS; i++)
        f->hosts[i].agent.disk = f->hosts[i].agent.running = f->release.builds[0].digest;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN)); /* asked before the last effect */
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_DONE);
    f->hosts[4].agent.running.bytes[0] ^= 1;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    assert_string_equal(small_fleet_intent(f, INTENT_STOP)->host, "c2");
    done(f);
}

static void test_gone(void **state)
{
    struct small_fleet *f = fleet(RUN_CLIENTS);
    (void)state;
    f->w.n_hosts = 4;
    f->regions[0].nodes_at = 0; /* the list is not complete: it proves nothing */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_GONE);
    done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_follower_first),
        cmocka_unit_test(test_leader_last),
        cmocka_unit_test(test_leader_moves),
        cmocka_unit_test(test_gates),
        cmocka_unit_test(test_old_observation),
        cmocka_unit_test(test_early_leader),
        cmocka_unit_test(test_newer_by_hand),
        cmocka_unit_test(test_servers_to_clients),
        cmocka_unit_test(test_canary_first),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_client_not_newer),
        cmocka_unit_test(test_claim_before_swap),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_failures_first),
        cmocka_unit_test(test_skip_down),
        cmocka_unit_test(test_flight),
        cmocka_unit_test(test_came_back),
        cmocka_unit_test(test_came_back_by_boot),
        cmocka_unit_test(test_swap_is_dead),
        cmocka_unit_test(test_fallen),
        cmocka_unit_test(test_resend),
        cmocka_unit_test(test_settled),
        cmocka_unit_test(test_not_caught_up),
        cmocka_unit_test(test_ending),
        cmocka_unit_test(test_paused_by_agent),
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_patience_of_many),
        cmocka_unit_test(test_runs_target),
        cmocka_unit_test(test_client_runs_target),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_undo_in_vain),
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
