#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "effects.h"
#include "raft_view.h"
#include "replace_desk.h"

static struct gate_result region(struct replace_desk *d)
{
    return gate_region(&d->f.w, &d->f.plan, &d->f.ledger, "global", d->f.w.begun_ms);
}

static void expect_gate(struct replace_desk *d, enum verdict_kind kind, const char *words)
{
    struct gate_result g = region(d);

    if (g.kind != kind || strstr(g.text, words) == NULL)
        fail_msg("\"%s\" in place of \"%s\"", g.text, words);
}

static void expect_none(struct replace_desk *d, const char *words)
{
    const struct decision *is = &d->f.decision;

    if (is->n_intents > 0)
        fail_msg("an intent of kind %d", (int)is->intents[0].kind);
    for (size_t i = 0; i < is->n_waiting; i++)
        if (strstr(is->waiting[i].text, words) != NULL)
            return;
    fail_msg("waits for something else than \"%s\": %s", words,
             is->n_waiting > 0 ? is->waiting[0].text : "nothing");
}

/* ---- the region's view ---- */

static uint32_t planned(struct replace_desk *d)
{
    struct gate_result unused;
    struct raft_view v;

    raft_view_init(&v, &d->f.w, &d->f.plan, &d->f.ledger, "global", d->f.w.begun_ms, &unused);
    return raft_view_planned_voters(&v);
}

/* Each step has its number of voters: 3, then 4 when the new server has joined, then 3 when an
 * old server has left. */
static void test_voters_follow_the_step(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    assert_int_equal(region(d).kind, GATE_PASS);
    assert_int_equal(planned(d), 3);
    replace_desk_host(d, "n1")->state = HOST_SWAPPING;
    assert_int_equal(region(d).kind, GATE_PASS); /* no list has it yet */
    replace_desk_joins(d, false);
    replace_desk_look(d, 2000);
    expect_gate(d, GATE_FAIL, "n1 is not a voter");
    replace_desk_joined(d);
    assert_int_equal(region(d).kind, GATE_PASS);
    assert_int_equal(planned(d), 4);
    replace_desk_status(d, "s2", MEMBER_LEFT);
    replace_desk_look(d, 2000);
    assert_int_equal(planned(d), 3);
    expect_gate(d, GATE_FAIL, "raft peer s2");
    replace_desk_out_of_raft(d, "s2");
    replace_desk_look(d, 2000);
    assert_int_equal(region(d).kind, GATE_PASS);
    replace_desk_close(d);
}

/* `left` in one list and not in another: the server is still awaited. */
static void test_left_by_everybody(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_status(d, "s2", MEMBER_LEFT);
    replace_desk_out_of_raft(d, "s2");
    d->members[2][1].status = MEMBER_ALIVE;
    replace_desk_look(d, 2000);
    assert_int_equal(planned(d), 4);
    assert_int_not_equal(region(d).kind, GATE_PASS);
    replace_desk_close(d);
}

/* A server that should stay and is `left`, and a server that has joined, are missing. */
static void test_who_is_missed(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_status(d, "n1", MEMBER_LEFT);
    replace_desk_look(d, 2000);
    assert_int_not_equal(region(d).kind, GATE_PASS);
    replace_desk_close(d);
}

/* ---- a server joins ---- */

static void test_joins_first(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_intent(d, INTENT_SWAP, "n1");
    assert_int_equal(d->f.decision.n_intents, 1);
    replace_desk_close(d);
}

static void settle(struct replace_desk *d, bool votes)
{
    struct ledger_host *lh = replace_desk_host(d, "n1");

    replace_desk_joins(d, votes);
    lh->state = HOST_SETTLING;
    lh->order = MSG_SWAP;
    lh->answered = true;
    lh->base_leader_index = 400;
    lh->effect_ms = d->f.w.begun_ms;
    memcpy(lh->base_objects, d->f.objects[0], sizeof(lh->base_objects));
}

/* First it votes, then it is enabled, then it is done. */
static void test_enabled_when_it_votes(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    settle(d, false);
    replace_desk_look(d, 30000);
    assert_int_equal(d->f.decision.n_intents, 0);
    settle(d, true);
    replace_desk_look(d, 30000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_ENABLING);
    replace_desk_state(d, "n1", HOST_ENABLING);
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "n1")->service, SERVICE_ENABLE);
    replace_desk_answered(d, "n1", REFUSAL_NONE);
    replace_desk_look(d, 2000);
    expect_none(d, "reads back");
    d->facts[3][0].value = TRI_YES;
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_DONE);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->outcome, OUTCOME_SETTLED);
    replace_desk_close(d);
}

/* It never votes: it is disabled, stopped and taken out, never reverted, and has then failed. */
static void test_undone_without_a_vote(void **state)
{
    struct replace_desk *d = replace_desk_open();
    const struct intent *in;
    (void)state;

    settle(d, false);
    replace_desk_look(d, d->f.policy.server_deadline_ms + 4000);
    in = replace_desk_intent(d, INTENT_MARK, "n1");
    assert_int_equal(in->state, HOST_DISABLING);
    assert_int_equal(in->outcome, OUTCOME_UNDONE);
    assert_int_equal(in->failure, FAILURE_NOT_CAUGHT_UP);
    assert_null(small_fleet_intent(&d->f, INTENT_REVERT));
    replace_desk_state(d, "n1", HOST_DISABLING);
    replace_desk_host(d, "n1")->outcome = OUTCOME_UNDONE;
    replace_desk_host(d, "n1")->failure = FAILURE_NOT_CAUGHT_UP;
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "n1")->service, SERVICE_DISABLE);
    replace_desk_state(d, "n1", HOST_STOPPING);
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "n1")->service, SERVICE_STOP);
    replace_desk_answered(d, "n1", REFUSAL_NONE);
    replace_desk_pid(d, "n1", 0);
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_LEAVING);
    replace_desk_state(d, "n1", HOST_LEAVING);
    replace_desk_look(d, 2000);
    assert_string_equal(replace_desk_intent(d, INTENT_REMOVE_PEER, "n1")->member, REPLACE_NEW_ID);
    replace_desk_out_of_raft(d, "n1");
    replace_desk_look(d, 2000);
    assert_string_equal(replace_desk_intent(d, INTENT_FORCE_LEAVE, "n1")->member, "n1");
    replace_desk_status(d, "n1", MEMBER_LEFT);
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_FAILED);
    replace_desk_close(d);
}

/* It failed while enabling took long, so it has not joined. */
static void test_enabled_and_fallen(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joins(d, false);
    replace_desk_state(d, "n1", HOST_ENABLING);
    replace_desk_answered(d, "n1", REFUSAL_NONE);
    d->facts[3][0].value = TRI_YES;
    replace_desk_look(d, 2000);
    expect_none(d, "n1 is not a voter");
    replace_desk_close(d);
}

/* A server that votes is not undone because the leader's index could not be read in time. */
static void test_not_undone_for_unknown(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    settle(d, true);
    replace_desk_host(d, "n1")->base_leader_index = 0;
    replace_desk_look(d, d->f.policy.server_deadline_ms + 4000);
    expect_none(d, "index is not known");
    d->f.hosts[3].server.raft_state = "Candidate";
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->outcome, OUTCOME_UNDONE);
    replace_desk_close(d);
}

/* ---- a server leaves ---- */

/* An abort took the new server out, and somebody goes on with the run. */
static void test_nobody_leaves_without_it(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_host(d, "n1")->state = HOST_GONE;
    replace_desk_look(d, 24000);
    assert_null(small_fleet_intent(&d->f, INTENT_SERVICE));
    assert_non_null(
        strstr(small_fleet_intent(&d->f, INTENT_STOP)->text, "n1 has not joined (gone)"));
    replace_desk_close(d);
}

static void leads(struct replace_desk *d, int who, const char *address)
{
    for (int i = 0; i < REPLACE_SERVERS; i++) {
        d->f.hosts[i].server.leader = address;
        d->f.hosts[i].server.raft_state = i == who ? "Leader" : "Follower";
        d->f.hosts[i].server.last_contact_ms = i == who ? 0 : 20;
        d->raft[i].leader = i == who;
    }
}

static void test_leader_is_last(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s2")->service, SERVICE_DISABLE);
    leads(d, 1, "10.0.0.2:4647");
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s1")->service, SERVICE_DISABLE);
    replace_desk_close(d);
}

/* Leadership moves to the server that has joined, by its raft id. */
static void test_leader_hands_over(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_host(d, "s2")->state = HOST_DONE;
    replace_desk_status(d, "s2", MEMBER_LEFT);
    replace_desk_out_of_raft(d, "s2");
    replace_desk_look(d, 24000);
    assert_string_equal(replace_desk_intent(d, INTENT_TRANSFER, "s1")->peer, REPLACE_NEW_ID);
    replace_desk_host(d, "s1")->transfers = TRANSFERS_MAX;
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s1")->service, SERVICE_DISABLE);
    replace_desk_close(d);
}

/* A new server that leads would crash old followers, so none is made the leader. */
static void test_bad_pair(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    d->f.plan.bad_leader_pair = true;
    leads(d, 3, "10.0.0.21:4647");
    replace_desk_look(d, 24000);
    assert_non_null(small_fleet_intent(&d->f, INTENT_STOP));
    assert_non_null(strstr(small_fleet_intent(&d->f, INTENT_STOP)->text, "crash old followers"));
    replace_desk_close(d);

    d = replace_desk_open();
    replace_desk_joined(d);
    d->f.plan.bad_leader_pair = true;
    replace_desk_host(d, "s2")->state = HOST_DONE;
    replace_desk_status(d, "s2", MEMBER_LEFT);
    replace_desk_out_of_raft(d, "s2");
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s1")->service, SERVICE_DISABLE);
    replace_desk_close(d);
}

/* An alive server outside raft knows of no voters, or only of itself. */
static void test_its_own_word_before_its_vote(void **state)
{
    static const size_t known[] = {0, 1};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct replace_desk *d = replace_desk_open();
        struct peer itself = {.id = REPLACE_NEW_ID, .address = "10.0.0.21:4647", .voter = true};
        struct gate_result g;

        settle(d, false);
        replace_desk_look(d, 2000);
        d->f.hosts[3].server.raft = &itself;
        d->f.hosts[3].server.n_raft = known[i];
        d->f.hosts[3].server.n_autopilot = 0;
        g = gate_quorum(&d->f.w, &d->f.plan, &d->f.ledger, REPLACE_NEW, d->f.w.begun_ms);
        if (g.kind != GATE_PASS)
            fail_msg("with %zu known: %s", known[i], g.text);
        replace_desk_close(d);
    }
}

/* At least three of four voters are needed: while another voter is behind, no server is stopped. */
static void test_quorum_before_and_after(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_state(d, "s2", HOST_STOPPING);
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s2")->service, SERVICE_STOP);
    d->f.hosts[3].server.last_log_index = 100;
    replace_desk_look(d, 2000);
    expect_none(d, "3 are a quorum");
    replace_desk_close(d);
}

/* A peer that has left raft by itself is not removed, and a member that is left by itself is not
 * forced. */
static void test_peer_then_member(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_state(d, "s2", HOST_LEAVING);
    replace_desk_pid(d, "s2", 0);
    replace_desk_look(d, 2000);
    assert_string_equal(replace_desk_intent(d, INTENT_REMOVE_PEER, "s2")->member, "s2-id");
    assert_null(small_fleet_intent(&d->f, INTENT_FORCE_LEAVE));
    replace_desk_out_of_raft(d, "s2");
    replace_desk_look(d, 2000);
    assert_string_equal(replace_desk_intent(d, INTENT_FORCE_LEAVE, "s2")->member, "s2");
    replace_desk_status(d, "s2", MEMBER_LEFT);
    replace_desk_look(d, 2000);
    expect_none(d, "well now");
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_DONE);
    replace_desk_close(d);
}

/* While its process is alive, or that is unknown, neither peer nor member is removed. */
static void test_not_while_it_lives(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_state(d, "s2", HOST_LEAVING);
    d->f.hosts[1].agent.enrolled = false;
    replace_desk_look(d, 10000);
    expect_none(d, "does not report whether its Nomad has ended");
    replace_desk_status(d, "s2", MEMBER_FAILED);
    d->members[0][1].status = MEMBER_ALIVE;
    replace_desk_look(d, 2000);
    expect_none(d, "does not report whether its Nomad has ended");
    d->members[0][1].status = MEMBER_FAILED;
    replace_desk_look(d, 2000);
    replace_desk_intent(d, INTENT_REMOVE_PEER, "s2");
    replace_desk_close(d);
}

static void test_started_again(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_state(d, "s2", HOST_LEAVING);
    replace_desk_pid(d, "s2", 900);
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_FAILED);
    assert_null(small_fleet_intent(&d->f, INTENT_REMOVE_PEER));
    replace_desk_close(d);
}

/* A hello from before the answer to the stop proves nothing about the stop. */
static void test_stop_is_told(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_state(d, "s2", HOST_STOPPING);
    replace_desk_pid(d, "s2", 0); /* it may start again by itself */
    replace_desk_look(d, 2000);
    replace_desk_intent(d, INTENT_SERVICE, "s2");
    replace_desk_answered(d, "s2", REFUSAL_NONE);
    small_fleet_decide(&d->f);
    expect_none(d, "is being stopped");
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_LEAVING);
    replace_desk_state(d, "s2", HOST_STOPPING);
    replace_desk_answered(d, "s2", REFUSAL_PHASE); /* nothing ran */
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_LEAVING);
    replace_desk_close(d);
}

/* A server that is disabled and not stopped when the run ends is enabled again. */
/* The service manager could not stop it, by the agent's report about this order. */
static void test_stop_in_vain(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_state(d, "s2", HOST_STOPPING);
    replace_desk_look(d, 2000);
    replace_desk_answered(d, "s2", REFUSAL_NONE);
    replace_desk_host(d, "s2")->call.sequence = 7;
    d->facts[1][1] = (struct fact_view){"stop-failed", TRI_YES, "6"};
    d->f.hosts[1].agent.n_facts = 2;
    replace_desk_look(d, 2000);
    expect_none(d, "is being stopped");
    d->facts[1][1].text = "7";
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_FAILED);
    assert_non_null(
        strstr(replace_desk_intent(d, INTENT_MARK, "s2")->text, "could not be stopped"));
    replace_desk_close(d);
}

static void test_pause_before_the_stop(void **state)
{
    static const enum host_state states[] = {HOST_DISABLING, HOST_STOPPING};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct replace_desk *d = replace_desk_open();
        replace_desk_joined(d);
        replace_desk_state(d, "s2", states[i]);
        d->f.ledger.ending = RUN_PAUSED;
        replace_desk_look(d, 2000);
        assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_ENABLING);
        replace_desk_state(d, "s2", HOST_ENABLING);
        replace_desk_look(d, 2000);
        assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s2")->service, SERVICE_ENABLE);
        replace_desk_answered(d, "s2", REFUSAL_NONE);
        replace_desk_look(d, 2000);
        assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_PENDING);
        replace_desk_close(d);
    }
}

/* An effect is asked for once. If a process committed it and died before doing it, it is decided
 * again, except a transfer, which does no harm. */
static void test_asked_once(void **state)
{
    static const struct {
        enum effect_kind kind;
        uint32_t attempts;
        enum effect_step step;
    } rows[] = {
        {EFFECT_REMOVE_PEER, 0, STEP_DO}, {EFFECT_REMOVE_PEER, 1, STEP_UNDONE},
        {EFFECT_FORCE_LEAVE, 0, STEP_DO}, {EFFECT_FORCE_LEAVE, 1, STEP_UNDONE},
        {EFFECT_TRANSFER, 0, STEP_DO},    {EFFECT_TRANSFER, 1, STEP_DO},
    };
    struct replace_desk *d = replace_desk_open();
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct effect e = {.id = 1, .kind = rows[i].kind, .attempts = rows[i].attempts};
        assert_int_equal(effect_next(&e, &d->f.ledger, NULL, false, 0, d->f.w.begun_ms),
                         rows[i].step);
        e.done = true;
        assert_int_equal(effect_next(&e, &d->f.ledger, NULL, false, 0, d->f.w.begun_ms),
                         STEP_UNDONE);
    }
    replace_desk_close(d);
}

/* A removal that Nomad was asked for just now is not asked for at every observation. */
static void test_not_again_at_once(void **state)
{
    struct replace_desk *d = replace_desk_open();
    struct effect *e;
    (void)state;

    replace_desk_joined(d);
    replace_desk_state(d, "s2", HOST_LEAVING);
    replace_desk_pid(d, "s2", 0);
    e = ledger_effect_add(&d->f.ledger, EFFECT_REMOVE_PEER, "s2-id");
    replace_desk_look(d, 2000);
    expect_none(d, "removes its peer from raft");
    e->done = e->undone = e->note_cleared = true;
    e->done_ms = d->f.w.begun_ms;
    replace_desk_look(d, 2000);
    expect_none(d, "removes its peer from raft");
    replace_desk_look(d, 20000);
    replace_desk_intent(d, INTENT_REMOVE_PEER, "s2");
    replace_desk_close(d);
}

/* It came to lead after it was disabled, and another server is to leave before it. */
static void test_comes_to_lead(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_state(d, "s1", HOST_STOPPING); /* s1 leads */
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s1")->state, HOST_ENABLING);
    replace_desk_host(d, "s2")->state = HOST_DONE;
    replace_desk_status(d, "s2", MEMBER_LEFT);
    replace_desk_out_of_raft(d, "s2");
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s1")->service, SERVICE_STOP);
    replace_desk_close(d);
}

/* ---- an abort ---- */

/* No order starts it again, so it has failed, also after a resume. */
static void test_taken_out_stays_out(void **state)
{
    static const enum outcome outcomes[] = {OUTCOME_UNDONE, OUTCOME_LEFT};
    static const enum host_state after[] = {HOST_FAILED, HOST_PENDING};
    struct replace_desk *d = replace_desk_open();
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        replace_desk_host(d, "n1")->state = HOST_FAILED;
        replace_desk_host(d, "n1")->outcome = outcomes[i];
        ledger_resume(&d->f.ledger);
        assert_int_equal(replace_desk_host(d, "n1")->state, after[i]);
    }
    replace_desk_close(d);
}

/* A server that cannot be taken out ends the abort, which names it. */
static void test_abort_in_vain(void **state)
{
    struct replace_desk *d = replace_desk_open();
    const struct intent *in;
    (void)state;

    replace_desk_joined(d);
    ledger_abort(&d->f.ledger);
    replace_desk_host(d, "n1")->state = HOST_FAILED;
    replace_desk_host(d, "n1")->outcome = OUTCOME_LEFT;
    replace_desk_host(d, "n1")->failure = FAILURE_REFUSED_BY_LAW;
    str_cut(replace_desk_host(d, "n1")->text, TEXT_MAX, "refused, held");
    replace_desk_look(d, 2000);
    in = small_fleet_intent(&d->f, INTENT_RUN);
    assert_non_null(in);
    assert_int_equal(in->run, RUN_STOPPED);
    assert_non_null(strstr(in->text, "n1 could not be taken out again: refused, held"));
    replace_desk_close(d);
}

static void test_abort_takes_out(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    ledger_abort(&d->f.ledger);
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_DISABLING);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->outcome, OUTCOME_UNDONE);
    replace_desk_host(d, "s2")->state = HOST_DONE; /* too late for an undo */
    replace_desk_look(d, 2000);
    assert_int_equal(small_fleet_intent(&d->f, INTENT_RUN)->run, RUN_ABORTED);
    replace_desk_close(d);
}

/* ---- at the end ---- */

static void test_reads_back_who_left(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_status(d, "s2", MEMBER_LEFT);
    replace_desk_out_of_raft(d, "s2");
    replace_desk_host(d, "s2")->state = replace_desk_host(d, "s1")->state = HOST_DONE;
    d->f.ledger.state = RUN_VERIFYING;
    replace_desk_look(d, 2000);
    assert_int_equal(small_fleet_intent(&d->f, INTENT_STOP)->kind, INTENT_STOP); /* s1 is alive */
    assert_non_null(strstr(small_fleet_intent(&d->f, INTENT_STOP)->text, "s1 had left"));
    replace_desk_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_voters_follow_the_step),
        cmocka_unit_test(test_left_by_everybody),
        cmocka_unit_test(test_who_is_missed),
        cmocka_unit_test(test_joins_first),
        cmocka_unit_test(test_enabled_when_it_votes),
        cmocka_unit_test(test_undone_without_a_vote),
        cmocka_unit_test(test_not_undone_for_unknown),
        cmocka_unit_test(test_enabled_and_fallen),
        cmocka_unit_test(test_nobody_leaves_without_it),
        cmocka_unit_test(test_leader_is_last),
        cmocka_unit_test(test_leader_hands_over),
        cmocka_unit_test(test_bad_pair),
        cmocka_unit_test(test_its_own_word_before_its_vote),
        cmocka_unit_test(test_quorum_before_and_after),
        cmocka_unit_test(test_peer_then_member),
        cmocka_unit_test(test_not_while_it_lives),
        cmocka_unit_test(test_started_again),
        cmocka_unit_test(test_stop_in_vain),
        cmocka_unit_test(test_stop_is_told),
        cmocka_unit_test(test_pause_before_the_stop),
        cmocka_unit_test(test_asked_once),
        cmocka_unit_test(test_not_again_at_once),
        cmocka_unit_test(test_comes_to_lead),
        cmocka_unit_test(test_taken_out_stays_out),
        cmocka_unit_test(test_abort_in_vain),
        cmocka_unit_test(test_abort_takes_out),
        cmocka_unit_test(test_reads_back_who_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
