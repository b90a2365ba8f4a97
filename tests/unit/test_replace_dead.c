/* Dead servers: accepted as dead, or dead before their turn, or back after they left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "advice.h"
#include "raft_view.h"
#include "replace_desk.h"

static struct gate_result region(struct replace_desk *d)
{
    return gate_region(&d->f.w, &d->f.plan, &d->f.ledger, "global", d->f.w.begun_ms);
}

static void expect_region(struct replace_desk *d, enum verdict_kind kind, const char *words)
{
    struct gate_result g = region(d);

    if (g.kind != kind || strstr(g.text, words) == NULL)
        fail_msg("%d \"%s\" in place of \"%s\"", (int)g.kind, g.text, words);
}

static void expect_wait(struct replace_desk *d, enum reason reason, const char *words)
{
    const struct decision *is = &d->f.decision;

    for (size_t i = 0; i < is->n_waiting; i++)
        if (is->waiting[i].reason == reason && strstr(is->waiting[i].text, words) != NULL)
            return;
    fail_msg("no wait for \"%s\"", words);
}

/* The server is in no list, and no raft peer. */
static void is_out(struct replace_desk *d, const char *name)
{
    replace_desk_status(d, name, MEMBER_LEFT);
    replace_desk_out_of_raft(d, name);
}

static void has_left(struct replace_desk *d, const char *name)
{
    is_out(d, name);
    replace_desk_host(d, name)->state = HOST_DONE;
    replace_desk_host(d, name)->settled_ms = replace_desk_host(d, name)->effect_ms =
        d->f.w.begun_ms;
}

/* ---- accepted as dead ---- */

/* A dead server is in no gate, but counts for the quorum of the whole configuration. */
static void test_dead_is_not_asked(void **state)
{
    struct replace_desk *d = replace_desk_open();
    struct gate_result g;
    (void)state;

    replace_desk_dead(d);
    replace_desk_look(d, 24000);
    expect_region(d, GATE_PASS, "");
    replace_desk_intent(d, INTENT_SWAP, "n1");
    replace_desk_joined(d);
    replace_desk_dead(d);
    replace_desk_look(d, 24000);
    expect_region(d, GATE_PASS, "");
    g = gate_quorum(&d->f.w, &d->f.plan, &d->f.ledger, "s1-id", d->f.w.begun_ms);
    assert_int_equal(g.kind, GATE_FAIL);
    assert_non_null(strstr(g.text, "2 healthy of 4 voters would be left, 3 are a quorum"));
    d->f.plan.hosts[1].dead = false; /* not accepted */
    replace_desk_look(d, 2000);
    assert_int_not_equal(region(d).kind, GATE_PASS);
    replace_desk_close(d);
}

/* A second server that is not well is reported, whatever autopilot says about the dead server. */
static void test_others_are_asked(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_dead(d);
    d->autopilot[2].healthy = false;
    replace_desk_look(d, 2000);
    expect_region(d, GATE_FAIL, "s3 is not healthy");
    d->autopilot[2].healthy = true;
    replace_desk_out_of_raft(d, "s2"); /* autopilot's verdict is now about the other servers */
    replace_desk_look(d, 2000);
    expect_region(d, GATE_FAIL, "autopilot by s1: ");
    replace_desk_close(d);
}

/* When all have joined, the dead server leaves first, without an order. The report says so at
 * the end. */
static void test_dead_leaves_first(void **state)
{
    struct replace_desk *d = replace_desk_open();
    const struct intent *in;
    (void)state;

    replace_desk_joined(d);
    replace_desk_dead(d);
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_LEAVING);
    assert_null(small_fleet_intent(&d->f, INTENT_SERVICE));
    replace_desk_state(d, "s2", HOST_LEAVING);
    replace_desk_look(d, 2000);
    assert_string_equal(replace_desk_intent(d, INTENT_REMOVE_PEER, "s2")->member, "s2-id");
    replace_desk_out_of_raft(d, "s2");
    replace_desk_look(d, 2000);
    assert_string_equal(replace_desk_intent(d, INTENT_FORCE_LEAVE, "s2")->member, "s2");
    replace_desk_status(d, "s2", MEMBER_LEFT);
    for (size_t i = 0; i < REPLACE_SERVERS; i++)
        d->f.hosts[i].server.healthy = true;
    replace_desk_look(d, 24000);
    in = replace_desk_intent(d, INTENT_MARK, "s2");
    assert_int_equal(in->state, HOST_DONE);
    assert_non_null(strstr(in->text, "its unit is not disabled: keep it off"));
    replace_desk_close(d);
}

static void by_a_list(struct replace_desk *d)
{
    d->members[2][1].status = MEMBER_ALIVE;
}

static void by_its_agent(struct replace_desk *d)
{
    d->silent[1] = false;
    replace_desk_pid(d, "s2", 900);
}

/* If it is alive at any time before its turn ends, the run stops and removes nothing. */
static void test_dead_that_lives(void **state)
{
    static void (*const ways[])(struct replace_desk *) = {by_a_list, by_its_agent};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct replace_desk *d = replace_desk_open();
        replace_desk_dead(d);
        ways[i](d);
        replace_desk_look(d, 2000);
        assert_non_null(strstr(small_fleet_intent(&d->f, INTENT_STOP)->text,
                               "s2 was accepted as dead, but it is alive"));
        assert_null(small_fleet_intent(&d->f, INTENT_SWAP));
        replace_desk_joined(d);
        replace_desk_dead(d);
        replace_desk_state(d, "s2", HOST_LEAVING);
        ways[i](d);
        replace_desk_look(d, 2000);
        assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_FAILED);
        assert_null(small_fleet_intent(&d->f, INTENT_REMOVE_PEER));
        assert_non_null(strstr(
            advice_after(
                &(struct situation){.world = &d->f.w, .plan = &d->f.plan, .ledger = &d->f.ledger},
                1),
            "without --accept dead: and its name"));
        replace_desk_close(d);
    }
}

/* If nothing was removed when the run ends, the server stays. */
static void test_dead_not_begun(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    replace_desk_dead(d);
    replace_desk_state(d, "s2", HOST_LEAVING);
    d->f.ledger.ending = RUN_PAUSED;
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_PENDING);
    replace_desk_host(d, "s2")->attempts = 1;
    replace_desk_look(d, 2000);
    replace_desk_intent(d, INTENT_REMOVE_PEER, "s2");
    replace_desk_close(d);
}

/* ---- a server dies before its turn ---- */

static void dies(struct replace_desk *d)
{
    d->silent[1] = true;
    d->autopilot[1].healthy = false;
    replace_desk_status(d, "s2", MEMBER_FAILED);
}

/* The run waits for it, and a wait in vain has an advice. When it is back, the run goes on. */
static void test_dies_before_its_turn(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    dies(d);
    replace_desk_look(d, 2000);
    assert_null(small_fleet_intent(&d->f, INTENT_STOP));
    expect_wait(d, REASON_DIED, "s2, which is to leave, has failed in the lists of all servers");
    note_waits(&d->f.evidence, &d->f.decision, d->f.w.begun_ms);
    replace_desk_look(d, 4 * d->f.policy.server_deadline_ms);
    const struct intent *stop = small_fleet_intent(&d->f, INTENT_STOP);
    assert_non_null(stop);
    assert_string_equal(stop->host, "s2");
    assert_non_null(strstr(stop->advice, "begin a new run with --accept dead: and the name of"));
    d->silent[1] = false; /* an answer of its agent is enough not to call it dead */
    replace_desk_look(d, 2000);
    assert_false(small_fleet_waits(&d->f, REASON_DIED));
    replace_desk_close(d);
}

/* An abort still takes out the servers that have joined, except servers that the quorum needs. */
static void test_abort_past_the_dead(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    dies(d);
    ledger_abort(&d->f.ledger);
    d->raft[1].voter = false; /* it was no voter */
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_DISABLING);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->outcome, OUTCOME_UNDONE);
    d->raft[1].voter = true;
    replace_desk_look(d, 2000);
    const struct intent *in = replace_desk_intent(d, INTENT_MARK, "n1");
    assert_int_equal(in->state, HOST_ENABLING);
    assert_string_equal(in->text, "the run was aborted, and it stays: without it 2 of 4 voters "
                                  "would be left, and 3 are a quorum");
    replace_desk_state(d, "n1", HOST_ENABLING);
    replace_desk_host(d, "n1")->outcome = in->outcome;
    replace_desk_answered(d, "n1", REFUSAL_NONE);
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_FAILED);
    assert_string_equal(replace_desk_intent(d, INTENT_MARK, "n1")->text,
                        ""); /* its own text stays */
    replace_desk_host(d, "n1")->state = HOST_FAILED;
    replace_desk_look(d, 2000);
    assert_int_equal(small_fleet_intent(&d->f, INTENT_RUN)->run, RUN_ABORTED);
    replace_desk_close(d);
}

/* It votes and was settling when s2 died: its objects are compared with the leader of the
 * others. */
static void test_settles_past_the_dead(void **state)
{
    struct replace_desk *d = replace_desk_open();
    struct ledger_host *lh = replace_desk_host(d, "n1");
    (void)state;

    replace_desk_joins(d, true);
    replace_desk_state(d, "n1", HOST_SETTLING);
    lh->order = MSG_SWAP;
    lh->answered = true;
    lh->base_leader_index = 400;
    memcpy(lh->base_objects, d->f.objects[0], sizeof(lh->base_objects));
    dies(d);
    ledger_abort(&d->f.ledger);
    replace_desk_look(d, 30000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_ENABLING);
    replace_desk_close(d);
}

/* ---- a server that leaves is disabled, and was not stopped ---- */

static void is_disabled(struct replace_desk *d, enum host_state state)
{
    replace_desk_state(d, "s2", state);
    replace_desk_answered(d, "s2", REFUSAL_HELD);
    replace_desk_host(d, "s2")->failure = FAILURE_REFUSED_BY_LAW;
    d->facts[1][0].value = TRI_NO;
}

/* An abort enables it again, also if others have left already, and before anything else. */
static void test_abort_enables_again(void **state)
{
    (void)state;
    for (int left = 0; left < 2; left++) {
        struct replace_desk *d = replace_desk_open();

        replace_desk_joined(d);
        if (left == 1)
            has_left(d, "s1");
        is_disabled(d, HOST_FAILED);
        replace_desk_look(d, 2000);
        assert_non_null(strstr(small_fleet_intent(&d->f, INTENT_STOP)->advice,
                               "caravan abort, which enables the unit again"));
        ledger_abort(&d->f.ledger);
        replace_desk_look(d, 24000);
        assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_ENABLING);
        assert_int_equal(d->f.decision.n_intents, 1);
        replace_desk_host(d, "s2")->state = HOST_FAILED; /* that order was refused, too */
        replace_desk_look(d, 2000);
        assert_non_null(
            strstr(small_fleet_intent(&d->f, INTENT_RUN)->text, "s2 could not be enabled"));
        replace_desk_host(d, "s2")->state = HOST_PENDING;
        d->silent[1] = true;
        replace_desk_look(d, 8000);
        expect_wait(d, REASON_UNDO, "s2: its agent does not report whether its unit is disabled");
        d->silent[1] = false;
        replace_desk_pid(d, "s2", 0); /* after its stop it leaves, as planned */
        replace_desk_look(d, 24000);
        assert_null(strstr(d->f.decision.n_intents > 0 ? d->f.decision.intents[0].key : "", "s2"));
        replace_desk_close(d);
    }
}

/* ---- a removed server is back ---- */

static void test_back_after_it_left(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    has_left(d, "s2");
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_host(d, "s2")->state, HOST_DONE);
    assert_null(small_fleet_intent(&d->f, INTENT_MARK));
    d->members[2][1].status = MEMBER_ALIVE;
    replace_desk_look(d, 2000);
    const struct intent *in = replace_desk_intent(d, INTENT_MARK, "s2");
    assert_int_equal(in->state, HOST_FAILED);
    assert_non_null(strstr(in->text, "it is back after it was removed (as an alive member)"));
    d->members[2][1].status = MEMBER_LEFT;
    d->raft[1].id = "s2-id";
    replace_desk_look(d, 2000);
    assert_non_null(strstr(replace_desk_intent(d, INTENT_MARK, "s2")->text, "a raft peer"));
    replace_desk_close(d);
}

/* A resume begins its turn again: disabled, stopped, taken out. */
static void test_taken_out_once_more(void **state)
{
    struct replace_desk *d = replace_desk_open();
    struct ledger_host *lh;
    (void)state;

    replace_desk_joined(d);
    lh = replace_desk_host(d, "s2");
    lh->state = HOST_FAILED;
    lh->outcome = OUTCOME_LEFT;
    lh->failure = FAILURE_SERVICE;
    ledger_resume(&d->f.ledger);
    assert_int_equal(lh->state, HOST_PENDING);
    d->f.ledger.state = RUN_SERVERS;
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "s2")->state, HOST_STAGED);
    lh->state = HOST_STAGED;
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s2")->service, SERVICE_DISABLE);
    replace_desk_close(d);
}

/* The watch lasts two minutes after the last removal; the wait shows the time that is left. */
static void test_watched_at_the_end(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    has_left(d, "s2");
    d->f.ledger.state = RUN_VERIFYING;
    d->f.plan.policy.replace.watch_ms = 120000;
    replace_desk_look(d, 60000);
    expect_wait(d, REASON_WATCH, "Caravan watches this for 1 min 0 s more");
    replace_desk_look(d, 58000);
    expect_wait(d, REASON_WATCH, "2.0 s more");
    replace_desk_look(d, 2000);
    assert_false(small_fleet_waits(&d->f, REASON_WATCH));
    replace_desk_close(d);
}

/* ---- a server that stays ---- */

/* Its state is lost, whatever raft says. This shows before anything else begins. */
static void test_stayer_loses_its_state(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    memcpy(d->f.ledger.regions[0].last, d->f.objects[0], sizeof(d->f.objects[0]));
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_SERVICE, "s2")->service, SERVICE_DISABLE);
    memset(d->f.objects[2], 0, sizeof(d->f.objects[2]));
    replace_desk_look(d, 4000);
    assert_null(small_fleet_intent(&d->f, INTENT_SERVICE));
    assert_non_null(strstr(small_fleet_intent(&d->f, INTENT_STOP)->text, "s3: state was lost"));
    replace_desk_close(d);
}

/* ---- a new server that ends ---- */

/* After a reboot its Nomad does not run, because its unit was not enabled yet. */
static void test_joiner_ends_early(void **state)
{
    static const enum host_state states[] = {HOST_SETTLING, HOST_ENABLING};
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct replace_desk *d = replace_desk_open();
        replace_desk_joins(d, true);
        replace_desk_state(d, "n1", states[i]);
        replace_desk_pid(d, "n1", 0);
        replace_desk_look(d, 2000); /* it may just be starting again */
        for (size_t k = 0; k < d->f.decision.n_intents; k++)
            assert_int_not_equal(d->f.decision.intents[k].kind, INTENT_MARK);
        replace_desk_status(d, "n1", MEMBER_FAILED);
        replace_desk_look(d, 2000);
        assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_DISABLING);
        assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->outcome, OUTCOME_UNDONE);
        replace_desk_close(d);
    }
}

/* Its Nomad never started: the agent reports that, and the orders to undo it find nothing to do. */
static void test_joiner_never_starts(void **state)
{
    struct replace_desk *d = replace_desk_open();
    struct agent_view *a = &d->f.hosts[3].agent;
    (void)state;

    replace_desk_state(d, "n1", HOST_SWAPPING);
    replace_desk_host(d, "n1")->order = MSG_SWAP;
    replace_desk_host(d, "n1")->answered = true;
    replace_desk_host(d, "n1")->call.sequence = a->work.order_sequence = 3;
    a->work.phase = PHASE_FAILED;
    a->work.failed_in = PHASE_PROBING;
    a->failure = FAILURE_WILL_NOT_START;
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_DISABLING);
    replace_desk_state(d, "n1", HOST_STOPPING);
    replace_desk_host(d, "n1")->outcome = OUTCOME_UNDONE;
    replace_desk_host(d, "n1")->failure = FAILURE_WILL_NOT_START;
    replace_desk_answered(d, "n1", REFUSAL_PHASE); /* nothing ran */
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_LEAVING);
    replace_desk_state(d, "n1", HOST_LEAVING);
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_FAILED);
    assert_null(small_fleet_intent(&d->f, INTENT_REMOVE_PEER));
    replace_desk_close(d);
}

/* It votes and then fails. Another server is dead, so the others are no quorum without it. */
static void test_failed_and_needed(void **state)
{
    struct replace_desk *d = replace_desk_open();
    struct agent_view *a = &d->f.hosts[3].agent;
    const struct intent *in;
    (void)state;

    replace_desk_joins(d, true);
    replace_desk_dead(d);
    replace_desk_state(d, "n1", HOST_SWAPPING);
    replace_desk_host(d, "n1")->order = MSG_SWAP;
    replace_desk_host(d, "n1")->answered = true;
    replace_desk_host(d, "n1")->call.sequence = a->work.order_sequence = 3;
    a->work.phase = PHASE_FAILED;
    a->work.failed_in = PHASE_PROBING;
    a->failure = FAILURE_CRASH_LOOP;
    replace_desk_look(d, 2000);
    in = replace_desk_intent(d, INTENT_MARK, "n1");
    assert_int_equal(in->state, HOST_FAILED);
    assert_int_equal(in->outcome, OUTCOME_LEFT);
    assert_non_null(strstr(in->text, "it stays: without it 2 of 4 voters would be left"));
    d->raft[1].voter = false;
    replace_desk_look(d, 2000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_DISABLING);
    d->raft[1].voter = true;
    replace_desk_state(d, "n1", HOST_SETTLING); /* it is not ready in time either */
    replace_desk_host(d, "n1")->base_leader_index = INT64_MAX;
    d->f.ledger.state = RUN_ABORTING;
    replace_desk_look(d, d->f.policy.server_deadline_ms + 4000);
    in = replace_desk_intent(d, INTENT_MARK, "n1");
    assert_int_equal(in->state, HOST_FAILED);
    assert_non_null(strstr(in->text, "not ready within 10 min"));
    assert_non_null(strstr(in->text, "it stays: without it 2 of 4 voters would be left"));
    replace_desk_close(d);
}

/* ---- an abort that stopped ---- */

static void test_abort_goes_on(void **state)
{
    static const enum run_state ended[] = {RUN_STOPPED, RUN_PAUSED};
    static const struct {
        enum run_state before, after;
    } rows[] = {{RUN_ABORTING, RUN_ABORTING}, {RUN_SERVERS, RUN_CLAIMING}};
    struct replace_desk *d = replace_desk_open();
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(ended); i++)
        for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
            d->f.ledger.state = ended[i];
            d->f.ledger.before_pause = rows[k].before;
            ledger_resume(&d->f.ledger);
            assert_int_equal(d->f.ledger.state, rows[k].after);
        }
    replace_desk_close(d);
}

/* Two of three servers are dead and accepted as dead. The rest is no quorum, whatever it looks
 * like. */
static void test_no_join_without_a_quorum(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    for (int i = 0; i < REPLACE_SERVERS; i++) { /* s3 leads */
        d->f.hosts[i].server.leader = "10.0.0.3:4647";
        d->f.hosts[i].server.raft_state = i == 2 ? "Leader" : "Follower";
        d->f.hosts[i].server.last_contact_ms = i == 2 ? 0 : 20;
        d->raft[i].leader = i == 2;
    }
    replace_desk_dead(d);
    d->f.plan.hosts[plan_index(&d->f.plan, "s1-id")].dead = true;
    d->f.plan.regions[0].voters = 1;
    d->silent[0] = true;
    replace_desk_status(d, "s1", MEMBER_FAILED);
    replace_desk_look(d, 24000);
    assert_null(small_fleet_intent(&d->f, INTENT_SWAP));
    expect_wait(d, REASON_GATE, "2 are a quorum");
    replace_desk_close(d);
}

/* A server that had joined has died for good: the run does not wait for it to be well. */
static void test_abort_past_a_dead_new_one(void **state)
{
    struct replace_desk *d = replace_desk_open();
    (void)state;

    replace_desk_joined(d);
    ledger_abort(&d->f.ledger);
    replace_desk_status(d, "n1", MEMBER_FAILED);
    replace_desk_pid(d, "n1", 0);
    replace_desk_look(d, 24000);
    assert_int_equal(replace_desk_intent(d, INTENT_MARK, "n1")->state, HOST_DISABLING);
    replace_desk_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_abort_past_a_dead_new_one),
        cmocka_unit_test(test_no_join_without_a_quorum),
        cmocka_unit_test(test_dead_is_not_asked),
        cmocka_unit_test(test_others_are_asked),
        cmocka_unit_test(test_dead_leaves_first),
        cmocka_unit_test(test_dead_that_lives),
        cmocka_unit_test(test_dead_not_begun),
        cmocka_unit_test(test_dies_before_its_turn),
        cmocka_unit_test(test_abort_past_the_dead),
        cmocka_unit_test(test_back_after_it_left),
        cmocka_unit_test(test_taken_out_once_more),
        cmocka_unit_test(test_watched_at_the_end),
        cmocka_unit_test(test_joiner_ends_early),
        cmocka_unit_test(test_joiner_never_starts),
        cmocka_unit_test(test_failed_and_needed),
        cmocka_unit_test(test_abort_goes_on),
        cmocka_unit_test(test_stayer_loses_its_state),
        cmocka_unit_test(test_settles_past_the_dead),
        cmocka_unit_test(test_abort_enables_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
