#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "decide_desk.h"
#include "quorum_text.h"

/* ---- servers ---- */

static void test_follower_first(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    desk_swaps(f, "s2-id");
    assert_int_equal(f->decision.n_intents, 1);
    desk_done(f);
}

static void test_leader_last(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    desk_host(f, "s2-id")->state = desk_host(f, "s3-id")->state = HOST_DONE;
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_TRANSFER);
    assert_non_null(in);
    assert_string_equal(in->peer, "s2-id");
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    desk_host(f, "s1-id")->transfers = 2; /* two transfers have failed */
    desk_swaps(f, "s1-id");
    desk_host(f, "s1-id")->transfers = 0;
    f->plan.transfer = false;
    desk_swaps(f, "s1-id");
    desk_done(f);
}

/* The next server is computed again from who leads now. */
static void test_leader_moves(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.leader = "10.0.0.2:4647";
    f->hosts[0].server.raft_state = "Follower";
    f->hosts[1].server.raft_state = "Leader";
    desk_swaps(f, "s3-id");
    desk_done(f);
}

static void test_gates(void **state)
{
    static const enum host_state flying[] = {HOST_SWAPPING, HOST_SETTLING, HOST_REVERTING};
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(flying); i++) {
        desk_host(f, "s3-id")->state = flying[i];
        desk_swaps(f, NULL);
        assert_true(f->decision.n_waiting > 0);
        desk_host(f, "s3-id")->state = HOST_STAGED;
    }
    f->lease.all = false;
    desk_swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_LEASE));
    f->lease.all = true;
    f->hosts[1].agent.misplaced = true;
    desk_swaps(f, NULL);
    f->hosts[1].agent.misplaced = false;
    f->hosts[1].agent.hello_at = 0;
    desk_swaps(f, NULL);
    small_fleet_later(f, 1000);
    f->hosts[2].server.raft_state = "Candidate";
    small_fleet_later(f, 1000);
    desk_swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_GATE));
    f->hosts[2].server.raft_state = "Follower";
    small_fleet_later(f, 1000);
    desk_swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_SETTLING));
    desk_done(f);
}

static void test_old_observation(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    struct situation s = {&f->w,        &f->plan,  &f->ledger,
                          &f->evidence, &f->lease, f->w.begun_ms + FRESH_MS + 1};
    (void)state;
    decide(&s, &f->decision);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    assert_true(small_fleet_waits(f, REASON_OBSERVE));
    desk_done(f);
}

static void test_early_leader(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    f->plan.bad_leader_pair = true;
    desk_swaps(f, "s2-id");
    f->hosts[0].server.version = SMALL_TO;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][0].build = SMALL_TO;
    desk_host(f, "s1-id")->state = HOST_DONE;
    desk_swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    assert_string_equal(small_fleet_intent(f, INTENT_STOP)->host, "s1");
    desk_done(f);
}

static void test_newer_by_hand(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    f->hosts[1].server.version = "2.0.5";
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][1].build = "2.0.5";
    desk_swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    desk_done(f);
}

/* The fleet runs 1.10.5 and is upgraded to the operator's own build of 1.10.5. */
static void test_own_build(void **state)
{
    for (int own = 0; own < 2; own++) {
        struct small_fleet *f = desk_fleet(RUN_SERVERS);
        (void)state;
        small_fleet_version(f, SMALL_TO);
        str_cut(f->plan.target, sizeof(f->plan.target), SMALL_TO "-acme1");
        f->plan.own_build = own == 1;
        small_fleet_later(f, 1000);
        desk_swaps(f, own == 1 ? "s2-id" : NULL);
        assert_int_equal(small_fleet_intent(f, INTENT_STOP) == NULL, own == 1);
        desk_done(f);
    }
}

/* Servers with the same version numbers are not older than the clients will be; others are. */
static void test_own_build_clients(void **state)
{
    static const struct {
        const char *servers;
        bool may;
    } rows[] = {{SMALL_TO, true}, {SMALL_TO "-acme1", true}, {SMALL_FROM "-acme1", false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct small_fleet *f = desk_clients(1);
        str_cut(f->plan.target, sizeof(f->plan.target), SMALL_TO "-acme1");
        f->plan.own_build = true;
        f->hosts[2].server.version = rows[i].servers;
        for (int k = 0; k < SMALL_SERVERS; k++)
            f->members[k][2].build = rows[i].servers;
        small_fleet_later(f, 1000);
        desk_swaps(f, rows[i].may ? "c1-id" : NULL);
        assert_int_equal(small_fleet_waits(f, REASON_SERVERS), !rows[i].may);
        desk_done(f);
    }
}

static void test_servers_to_clients(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->ledger.hosts[i].state = HOST_DONE;
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_CLIENTS);
    desk_done(f);
}

/* s2 was done and its Nomad ended, while s3 is at work. The run then does not wait for a leader. */
static void test_fallen(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    struct ledger_host *lh = desk_host(f, "s2-id");
    struct agent_view *a = &f->hosts[1].agent;
    (void)state;
    lh->state = HOST_DONE;
    lh->order = MSG_SWAP;
    lh->settled_ms = f->w.begun_ms;
    lh->base_stamp.main_start = a->hello.stamp.main_start = 77;
    desk_host(f, "s3-id")->state = HOST_SETTLING;
    desk_host(f, "s3-id")->order = MSG_SWAP;
    small_fleet_later(f, 1000);
    f->hosts[2].server.raft_state = "Candidate";
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP)); /* two of three servers are in order */
    a->hello.stamp.main_start = 78;                  /* it was started again since */
    small_fleet_decide(f);
    assert_string_equal(small_fleet_intent(f, INTENT_STOP)->host, "s2");
    a->hello.stamp.main_start = 77;
    memset(&a->hello.running, 0, sizeof(a->hello.running));
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, "s2");
    assert_non_null(strstr(in->text, "no quorum"));
    f->ledger.ending = RUN_STOPPED;
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_STOPPED);
    desk_host(f, "s3-id")->state = HOST_SWAPPING; /* its agent is still at it */
    desk_host(f, "s3-id")->answered = true;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    desk_host(f, "s3-id")->state = HOST_SETTLING;
    f->ledger.ending = RUN_NONE;
    a->hello_at = lh->settled_ms; /* its hello is from before it settled */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    f->hosts[2].server.raft_state = "Follower"; /* a quorum is left */
    a->hello_at = f->w.begun_ms;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    f->raft[2].voter = false; /* a server without a vote does not count */
    small_fleet_decide(f);
    assert_string_equal(small_fleet_intent(f, INTENT_STOP)->host, "s2");
    desk_done(f);
}

/* ---- clients ---- */

static void test_canary_first(void **state)
{
    struct small_fleet *f = desk_clients(2);
    (void)state;
    desk_swaps(f, "c1-id");
    assert_int_equal(f->decision.n_intents, 1); /* one canary, although two may be in flight */
    desk_host(f, "c1-id")->state = HOST_SWAPPING;
    desk_swaps(f, NULL);
    desk_host(f, "c1-id")->state = HOST_DONE;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = f->w.begun_ms - 1000;
    desk_swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_SOAK));
    f->ledger.canaries_settled_ms = f->w.begun_ms - f->policy.soak_ms;
    desk_swaps(f, "c2-id");
    desk_done(f);
}

static void test_window(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = 1;
    desk_host(f, "c1-id")->state = HOST_SETTLING;
    desk_swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_LIMIT));
    desk_done(f);
}

static void test_client_not_newer(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    f->hosts[2].server.version = SMALL_FROM;
    for (int k = 0; k < SMALL_SERVERS; k++)
        f->members[k][2].build = SMALL_FROM;
    small_fleet_later(f, 1000);
    desk_swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_SERVERS));
    desk_done(f);
}

static void test_claim_before_swap(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    f->claims[3] = CLAIM_NONE;
    desk_swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_CLAIM));
    f->claims[3] = CLAIM_ASKED;
    desk_swaps(f, NULL);
    assert_null(small_fleet_intent(f, INTENT_CLAIM));
    desk_done(f);
}

static void test_drain(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    f->plan.policy.drain = true;
    desk_swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_DRAIN));
    f->hosts[3].client.eligible = false; /* made ineligible by others: upgraded without a drain */
    desk_swaps(f, "c1-id");
    f->hosts[3].client.draining = true; /* drained by others */
    desk_swaps(f, NULL);
    assert_string_equal(small_fleet_intent(f, INTENT_DRAIN)->key, "c2-id");
    desk_done(f);
}

/* Only a fresh observation shows whether a drain has ended. */
static void test_drain_too_long(void **state)
{
    struct small_fleet *f = desk_clients(1);
    struct host *h = &f->hosts[3];
    (void)state;
    f->plan.policy.drain = true;
    desk_host(f, "c1-id")->state = HOST_DRAINING;
    struct effect *e = ledger_effect_add(&f->ledger, EFFECT_DRAIN, "c1-id");
    e->noted = e->done = true;
    e->attempts = 1;
    e->done_ms = f->w.begun_ms;
    h->client.draining = true;
    small_fleet_later(f, f->policy.drain_deadline_ms + 61000);
    h->client.list_at = f->w.begun_ms - 20000; /* its API does not answer */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_true(small_fleet_waits(f, REASON_DRAIN));
    h->client.list_at = f->w.begun_ms;
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_RESTORING);
    assert_non_null(strstr(small_fleet_intent(f, INTENT_MARK)->text,
                           "not-ready in phase draining, on " SMALL_FROM
                           ": its drain did not end"));
    desk_done(f);
}

/* The swap only waits if the heartbeat is near and a long silence is expected. */
static void test_heartbeat(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    f->hosts[3].client.heartbeat_ttl_ms = 12000;
    f->hosts[3].client.heartbeat_age_ms = 10000; /* down in 12 s; twice the silence: 20 s */
    desk_swaps(f, "c1-id");
    assert_int_equal(small_fleet_intent(f, INTENT_SWAP)->not_before, 5000 + 2000);
    f->hosts[3].agent.work.silence_ms = 1000;
    desk_swaps(f, "c1-id");
    assert_int_equal(small_fleet_intent(f, INTENT_SWAP)->not_before, 0);
    f->hosts[3].agent.work.silence_ms = 0;
    f->hosts[3].client.heartbeat_age_ms = -1; /* unreadable */
    desk_swaps(f, "c1-id");
    assert_int_equal(small_fleet_intent(f, INTENT_SWAP)->not_before, 0);
    desk_done(f);
}

/* While one client would wait for its heartbeat, another client just after its heartbeat goes
 * first. But the canary is the client that the plan shows, and a client whose lease was taken
 * has its turn. */
static void test_whose_beat_has_come_goes_first(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    for (int i = 3; i < 5; i++)
        f->hosts[i].client.heartbeat_ttl_ms = 12000;
    f->hosts[3].client.heartbeat_age_ms = 5000;
    f->hosts[4].client.heartbeat_age_ms = 11000;
    desk_swaps(f, "c1-id");
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = f->w.begun_ms - f->policy.soak_ms;
    f->claims[3] = f->claims[4] = CLAIM_NONE;
    small_fleet_decide(f);
    assert_string_equal(small_fleet_intent(f, INTENT_CLAIM)->key, "c2-id");
    f->claims[3] = CLAIM_HELD;
    desk_swaps(f, "c1-id");
    f->claims[4] = CLAIM_HELD;
    f->claims[3] = CLAIM_NONE;
    desk_swaps(f, "c2-id");
    desk_done(f);
}

static void test_budgets(void **state)
{
    struct small_fleet *f = desk_clients(2);
    (void)state;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = 1;
    desk_host(f, "c1-id")->state = HOST_FAILED;
    str_cut(desk_host(f, "c1-id")->text, TEXT_MAX, "will not start");
    desk_swaps(f, NULL);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, "c1");
    assert_non_null(strstr(in->text, "will not start"));
    assert_non_null(strstr(in->advice, "caravan resume"));
    f->plan.policy.max_failures = 1;
    desk_swaps(f, "c2-id");
    f->ledger.canaries_done = false; /* a failed canary stops the run, whatever the budget */
    desk_swaps(f, NULL);
    desk_host(f, "c1-id")->state = HOST_SKIPPED;
    desk_swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    desk_done(f);
}

/* In the same tick c1 fails, so c2 may not begin in it. */
static void test_failures_first(void **state)
{
    struct small_fleet *f = desk_clients(2);
    (void)state;
    f->ledger.canaries_done = true;
    f->ledger.canaries_settled_ms = 1;
    f->hosts[3].client.version = "2.0.5";
    desk_swaps(f, NULL);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_FAILED);
    desk_done(f);
}

static void test_skip_down(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    f->hosts[3].client.status = f->hosts[4].client.status = "down";
    desk_swaps(f, NULL);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    for (int i = 0; i < 16; i++)
        small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_SKIPPED);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->skip, SKIP_DOWN);
    desk_done(f);
}

/* Installed by hand a moment ago: its record is from the start before. */
static void test_by_hand_just_now(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    f->hosts[3].agent.hello.disk = f->hosts[3].agent.hello.running = f->release.builds[0].digest;
    f->hosts[4].client.status = "down";
    desk_swaps(f, NULL);
    f->hosts[3].agent.hello.running = f->hosts[4].agent.hello.running;
    desk_swaps(f, "c1-id");
    desk_done(f);
}

/* ---- ends ---- */

static void test_ending(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    f->ledger.ending = RUN_PAUSED;
    desk_host(f, "s3-id")->state = HOST_SWAPPING;
    desk_swaps(f, NULL);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    desk_host(f, "s3-id")->state = HOST_DONE;
    desk_swaps(f, NULL);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_PAUSED);
    desk_done(f);
}

/* Stopped because there is no leader: the settling host has had its time, and only its region
 * keeps it. */
static void test_ending_without_a_leader(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    struct ledger_host *lh = desk_host(f, "s3-id");
    (void)state;
    f->ledger.ending = RUN_STOPPED;
    lh->state = HOST_SETTLING;
    lh->order = MSG_SWAP;
    lh->effect_ms = f->w.begun_ms;
    for (int i = 0; i < SMALL_SERVERS; i++) {
        f->hosts[i].server.has_leader = false;
        f->hosts[i].server.leader = "";
        f->hosts[i].server.raft_state = "Candidate";
    }
    desk_settle_for(f, f->policy.server_deadline_ms - 4000);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    desk_settle_for(f, 8000);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_STOPPED);
    lh->state = HOST_SWAPPING; /* its agent is still at it */
    lh->answered = true;
    lh->call.sequence = 4;
    f->hosts[2].agent.work.order_sequence = 4;
    f->hosts[2].agent.work.phase = PHASE_PROBING;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    f->hosts[2].agent.work.phase =
        PHASE_SETTLED; /* its agent reports settled; no single leader is known */
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_STOPPED);
    lh->state = HOST_SETTLING;
    f->ledger.ending = RUN_PAUSED; /* nothing is known to be wrong, so the run waits for it */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    desk_done(f);
}

static void test_paused_by_agent(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    (void)state;
    f->lease.paused = true;
    desk_swaps(f, NULL);
    assert_non_null(small_fleet_intent(f, INTENT_PAUSE));
    desk_done(f);
}

/* Upgraded by somebody else, or by an order that was given up: only checked, and not ordered
 * again. */
static void test_runs_target(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    struct host *h = &f->hosts[1];
    (void)state;
    h->agent.hello.disk = h->agent.hello.running = f->release.builds[0].digest;
    desk_swaps(f, "s2-id"); /* by its agent, but not by Nomad */
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][1].build = SMALL_TO;
    h->server.version = SMALL_TO;
    h->agent.work.phase = PHASE_PROBING; /* it may still revert */
    desk_swaps(f, "s2-id");
    h->agent.work.phase = PHASE_SETTLED;
    desk_host(f, "s2-id")->effect_ms =
        f->w.begun_ms; /* an older answer: it is asked again, and gets no order */
    desk_swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_OBSERVE));
    desk_host(f, "s2-id")->effect_ms = 0;
    desk_swaps(f, NULL);
    const struct intent *in = small_fleet_intent(f, INTENT_MARK);
    assert_non_null(in);
    assert_string_equal(in->key, "s2-id");
    assert_int_equal(in->state, HOST_SETTLING);
    desk_done(f);
}

/* A resumed run looks first: it stages no copy beside a binary that is already installed. */
static void test_runs_target_not_staged(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_STAGING);
    struct host *h = &f->hosts[3];
    (void)state;
    desk_host(f, "c1-id")->state = HOST_PENDING;
    h->agent.hello.disk = h->agent.hello.running = f->release.builds[0].digest;
    h->agent.work.phase = PHASE_SETTLED;
    h->client.version = SMALL_TO;
    desk_host(f, "c1-id")->effect_ms = f->w.begun_ms; /* its answers are from before the effect */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STAGE));
    assert_true(small_fleet_waits(f, REASON_OBSERVE));
    desk_host(f, "c1-id")->effect_ms = 0;
    h->agent.status_at = 0; /* an agent's hello alone is not enough */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STAGE));
    h->agent.status_at = h->agent.hello_at;
    h->client.list_at = 0; /* the agent's answers without Nomad's are not enough */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STAGE));
    h->client.list_at = h->agent.hello_at;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STAGE));
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_STAGED);
    desk_done(f);
}

static void upgraded_by_hand(struct small_fleet *f, int i)
{
    struct host *h = &f->hosts[i];
    h->agent.hello.disk = h->agent.hello.running = f->release.builds[0].digest;
    h->agent.work.phase = PHASE_SETTLED;
    h->server.version = SMALL_TO;
    for (int k = 0; k < SMALL_SERVERS; k++)
        f->members[k][i].build = SMALL_TO;
}

/* A server that others upgraded is proven healthy before the next server changes, wherever it is
 * in the order. */
static void test_by_others_first(void **state)
{
    static const char *const keys[] = {"s1-id", "s2-id", "s3-id"};
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++) {
        struct small_fleet *f = desk_fleet(RUN_SERVERS);
        upgraded_by_hand(f, i);
        desk_swaps(f, NULL);
        const struct intent *in = small_fleet_intent(f, INTENT_MARK);
        assert_non_null(in);
        assert_string_equal(in->key, keys[i]);
        assert_int_equal(in->state, HOST_SETTLING);
        f->hosts[i].agent.hello_at = 1; /* nobody knows which binary runs */
        desk_swaps(f, NULL);
        assert_null(small_fleet_intent(f, INTENT_MARK));
        assert_null(small_fleet_intent(f, INTENT_TRANSFER));
        assert_true(small_fleet_waits(f, REASON_OBSERVE));
        desk_done(f);
    }
}

/* A server newer than the target: no other server is changed before people have looked at it. */
static void test_newer_by_others_stops_first(void **state)
{
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++) {
        struct small_fleet *f = desk_fleet(RUN_SERVERS);
        f->hosts[i].server.version = "9.9.9";
        for (int k = 0; k < SMALL_SERVERS; k++)
            f->members[k][i].build = "9.9.9";
        desk_swaps(f, NULL);
        const struct intent *in = small_fleet_intent(f, INTENT_STOP);
        assert_non_null(in);
        assert_string_equal(in->host, f->hosts[i].name);
        assert_non_null(strstr(in->text, "now runs 9.9.9, newer than"));
        desk_done(f);
    }
}

/* Two of three servers that do not answer may still vote. */
static void test_quorum_in_words(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    struct situation s = {.world = &f->w, .plan = &f->plan, .ledger = &f->ledger, .now = SMALL_NOW};
    char text[TEXT_MAX];
    (void)state;
    quorum_text(&s, "global", text, sizeof(text));
    assert_string_equal(text, "");
    f->hosts[1].server.self_at = f->hosts[1].server.leader_at = 0;
    quorum_text(&s, "global", text, sizeof(text));
    assert_non_null(strstr(text, "of 3 voters 2 are well, 2 are a quorum: no other may fail"));
    f->hosts[2].server.self_at = f->hosts[2].server.leader_at = 0;
    quorum_text(&s, "global", text, sizeof(text));
    assert_non_null(strstr(text, "1 is well, 2 are a quorum: but the region has a leader"));
    f->hosts[0].server.has_leader = false;
    quorum_text(&s, "global", text, sizeof(text));
    assert_non_null(strstr(text, "of 3 voters 0 are well, 2 are a quorum: no leader can be"));
    desk_done(f);
}

static void test_verify(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_VERIFYING);
    (void)state;
    for (size_t i = 0; i < f->ledger.n_hosts; i++) {
        f->ledger.hosts[i].state = HOST_DONE;
        f->ledger.hosts[i].effect_ms = f->w.begun_ms;
    }
    small_fleet_version(f, SMALL_TO);
    for (int i = 0; i < SMALL_HOSTS; i++)
        f->hosts[i].agent.hello.disk = f->hosts[i].agent.hello.running =
            f->release.builds[0].digest;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN)); /* asked before the last effect */
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_RUN)->run, RUN_DONE);
    f->hosts[4].agent.hello.running.bytes[0] ^= 1;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    assert_string_equal(small_fleet_intent(f, INTENT_STOP)->host, "c2");
    desk_done(f);
}

static void test_gone(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_CLIENTS);
    (void)state;
    f->w.n_hosts = 4;
    f->regions[0].nodes_at = 0; /* an incomplete list proves nothing */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_GONE);
    desk_done(f);
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
        cmocka_unit_test(test_own_build),
        cmocka_unit_test(test_own_build_clients),
        cmocka_unit_test(test_servers_to_clients),
        cmocka_unit_test(test_canary_first),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_client_not_newer),
        cmocka_unit_test(test_claim_before_swap),
        cmocka_unit_test(test_drain),
        cmocka_unit_test(test_drain_too_long),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_whose_beat_has_come_goes_first),
        cmocka_unit_test(test_budgets),
        cmocka_unit_test(test_failures_first),
        cmocka_unit_test(test_skip_down),
        cmocka_unit_test(test_by_hand_just_now),
        cmocka_unit_test(test_fallen),
        cmocka_unit_test(test_ending),
        cmocka_unit_test(test_ending_without_a_leader),
        cmocka_unit_test(test_paused_by_agent),
        cmocka_unit_test(test_runs_target),
        cmocka_unit_test(test_runs_target_not_staged),
        cmocka_unit_test(test_by_others_first),
        cmocka_unit_test(test_newer_by_others_stops_first),
        cmocka_unit_test(test_quorum_in_words),
        cmocka_unit_test(test_verify),
        cmocka_unit_test(test_gone),
    };
    return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
