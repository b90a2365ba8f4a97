/* same_node.h: whether a host is the same node as before its swap, and what decide and the
 * effects do then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "decide_desk.h"
#include "effects.h"
#include "fingerprint.h"
#include "same_node.h"

#define OWN_BEGAN "2026-11-29T20:00:00Z"

/* c1 was swapped; its agent reports settled, and c1 is well. */
static struct small_fleet *settling(void)
{
    struct small_fleet *f = desk_clients(1);
    struct ledger_host *lh = desk_host(f, "c1-id");
    struct host *h = &f->hosts[3];

    assert_null(fingerprint_take(&f->w, h, 0, f->w.begun_ms, true, &lh->fingerprint));
    lh->state = HOST_SETTLING;
    lh->order = MSG_SWAP;
    lh->answered = true;
    lh->base_modify_index = 10;
    lh->ordered_ms = lh->effect_ms = f->w.begun_ms;
    h->client.own_version = h->client.version = SMALL_TO;
    h->client.modify_index = 11;
    h->agent.hello.running = plan_host(&f->plan, "c1-id")->digest;
    f->hosts[0].server.commit_index = 500;
    small_fleet_later(f, 1000);
    return f;
}

static struct feature *feature(struct small_fleet *f, enum small_feature what)
{
    return &f->features[0][what];
}

static struct same_node look(struct small_fleet *f)
{
    struct same_node s;
    same_node(&f->w, &f->plan, &f->ledger, "c1-id", f->w.begun_ms, &s);
    return s;
}

static void drains_itself(struct small_fleet *f, bool runs)
{
    feature(f, SMALL_ELIGIBILITY)->value = "ineligible";
    feature(f, SMALL_DRAIN)->value = runs ? "draining" : "none";
    feature(f, SMALL_DRAINED)->value = OWN_BEGAN;
    f->hosts[3].client.eligible = false;
    f->hosts[3].client.draining = runs;
    f->hosts[3].client.drain_own = true;
}

static void test_same(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    assert_int_equal(look(f).gate.kind, GATE_PASS);
    assert_string_equal(look(f).told, "");
    feature(f, SMALL_CONSUL)->key = "consul.other";
    assert_int_equal(look(f).gate.kind, GATE_FAIL);
    assert_int_equal(look(f).worst, FEATURE_ATTRIBUTE);
    assert_non_null(strstr(look(f).gate.text, "without 1 of its attributes (consul.version)"));
    f->hosts[3].client.detail_at = desk_host(f, "c1-id")->effect_ms; /* asked before */
    assert_int_equal(look(f).gate.kind, GATE_UNKNOWN);
    desk_done(f);
}

/* If nothing was compared, the text says so. */
static void test_not_compared(void **state)
{
    struct small_fleet *f = settling();
    struct ledger_host *lh = desk_host(f, "c1-id");
    (void)state;
    buf_free(&lh->fingerprint);
    assert_int_equal(look(f).gate.kind, GATE_PASS);
    assert_non_null(strstr(look(f).told, "not compared"));
    assert_non_null(strstr(look(f).told, "began on another machine"));
    desk_settle_for(f, 12000);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_DONE);
    assert_non_null(strstr(small_fleet_intent(f, INTENT_MARK)->text, "not compared"));
    lh->order = MSG_STAGE;
    assert_non_null(strstr(look(f).told, "ran the target when its turn came"));
    desk_done(f);
}

/* The run waits for a late feature until the ready deadline. Then the old binary may bring it
 * back. */
static void test_late(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    feature(f, SMALL_CONSUL)->key = "consul.other";
    desk_settle_for(f, 60000);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    assert_true(small_fleet_waits(f, REASON_GATE));
    feature(f, SMALL_CONSUL)->key = "consul.version";
    desk_settle_for(f, 12000);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_DONE);
    feature(f, SMALL_CONSUL)->key = "consul.other";
    desk_settle_for(f, 60000);
    const struct intent *in = small_fleet_intent(f, INTENT_REVERT);
    assert_non_null(in);
    assert_int_equal(in->differs, FEATURE_ATTRIBUTE);
    assert_non_null(strstr(in->text, "consul.version"));
    desk_done(f);
}

/* If the old binary would not bring the feature back, the host is left as it is. */
static void test_another_datacenter(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    feature(f, SMALL_DC)->value = "dc7";
    desk_settle_for(f, 124000);
    const struct intent *in = small_fleet_intent(f, INTENT_MARK);
    assert_null(small_fleet_intent(f, INTENT_REVERT));
    assert_int_equal(in->state, HOST_FAILED);
    assert_int_equal(in->outcome, OUTCOME_LEFT);
    assert_int_equal(in->differs, FEATURE_DC);
    assert_non_null(strstr(in->text, "another datacenter: dc7, before dc1"));
    struct ledger_host *lh = desk_host(f, "c1-id");
    lh->state = HOST_FAILED;
    lh->failure = in->failure;
    lh->differs = in->differs;
    str_cut(lh->text, sizeof(lh->text), in->text);
    small_fleet_decide(f);
    assert_non_null(strstr(small_fleet_intent(f, INTENT_STOP)->advice, feature_advice(FEATURE_DC)));
    desk_done(f);
}

/* It has another data_dir. What is read of the old node is about the past, and its agent seems
 * to be another host's. */
static void test_another_node(void **state)
{
    struct small_fleet *f = settling();
    struct agent_view *a = &f->hosts[3].agent;
    (void)state;
    str_cut(a->hello.client_id, sizeof(a->hello.client_id), "c9-id");
    a->misplaced = true;
    f->hosts[3].client.status = "down";
    assert_int_equal(look(f).worst, FEATURE_ID);
    desk_settle_for(f, 124000);
    const struct intent *in = small_fleet_intent(f, INTENT_MARK);
    assert_non_null(in);
    assert_int_equal(in->state, HOST_FAILED);
    assert_int_equal(in->differs, FEATURE_ID);
    assert_non_null(strstr(in->text, "came back as another node: c9-id, before c1-id"));
    a->hello_at = desk_host(f, "c1-id")->effect_ms; /* reported before the effect */
    assert_int_equal(look(f).worst, FEATURE_NONE);
    desk_done(f);
}

static void test_bound_units(void **state)
{
    struct fact_view fact = {"bound-down", TRI_YES, "mesh.service"};
    struct small_fleet *f = settling();
    (void)state;
    f->hosts[3].agent.facts = &fact;
    f->hosts[3].agent.n_facts = 1;
    assert_int_equal(look(f).gate.kind, GATE_FAIL);
    assert_int_equal(look(f).worst, FEATURE_UNIT);
    assert_non_null(strstr(look(f).gate.text, "mesh.service"));
    fact.value = TRI_UNKNOWN;
    assert_int_equal(look(f).gate.kind, GATE_PASS);
    fact.value = TRI_YES;
    f->hosts[3].agent.status_at = desk_host(f, "c1-id")->effect_ms; /* reported before the effect */
    assert_int_equal(look(f).gate.kind, GATE_PASS);
    desk_done(f);
}

/* A drain by its own stop is undone before the host is done. A drain by others lets the host
 * fail. */
static void test_own_drain(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    drains_itself(f, true);
    assert_true(look(f).drained && look(f).drains);
    desk_settle_for(f, 12000);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_RESTORING);
    assert_true(small_fleet_intent(f, INTENT_MARK)->give_back);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->outcome, OUTCOME_SETTLED);
    drains_itself(f, false); /* the drain is over and has left the node ineligible */
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_true(small_fleet_intent(f, INTENT_MARK)->give_back);
    f->hosts[3].client.drain_own = false;
    assert_int_equal(look(f).worst, FEATURE_ELIGIBILITY);
    f->hosts[3].client.drain_own = true;
    feature(f, SMALL_DRAINED)->value = ""; /* its own last drain was long ago, so others did this */
    assert_int_equal(look(f).worst, FEATURE_ELIGIBILITY);
    desk_done(f);
}

/* It was ineligible before, so nothing is to be undone. But it is not done while it drains. */
static void test_own_drain_of_an_ineligible_one(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    fingerprint_set(&desk_host(f, "c1-id")->fingerprint, FEATURE_ELIGIBILITY, "ineligible");
    drains_itself(f, true);
    desk_settle_for(f, 12000);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_true(small_fleet_waits(f, REASON_DRAIN));
    drains_itself(f, false);
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_int_equal(small_fleet_intent(f, INTENT_MARK)->state, HOST_DONE);
    assert_false(small_fleet_intent(f, INTENT_MARK)->give_back);
    desk_done(f);
}

/* The effect is found done, noted and undone, unless somebody else has drained the node since. */
static void test_effect(void **state)
{
    struct small_fleet *f = settling();
    struct ledger *l = &f->ledger;
    struct host *h = &f->hosts[3];
    int64_t now = f->w.begun_ms;
    char note[NOTE_MAX];
    (void)state;
    drains_itself(f, true);
    struct effect *e = ledger_effect_add(l, EFFECT_ELIGIBILITY, "c1-id");
    effect_own_drain(h, e->ours, sizeof(e->ours));
    e->done = e->undo = true;
    e->attempts = 1;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NOTE);
    e->noted = true;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDO);
    effect_note(e, l, note, sizeof(note));
    assert_non_null(strstr(note, "its own stop"));
    h->client.drain_own = false;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDONE);
    h->client.drain_own = true;
    feature(f, SMALL_DRAINED)->value = "2026-11-29T20:01:00Z"; /* it stopped once more */
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDONE);
    feature(f, SMALL_DRAINED)->value = OWN_BEGAN;
    h->client.draining = false;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDO);
    h->client.marked = true; /* it was made eligible again, and somebody made it ineligible */
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDONE);
    h->client.marked = false;
    h->client.eligible = true;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDONE);
    desk_done(f);
}

/* No swap begins before the fingerprint can be taken. */
static void test_begins(void **state)
{
    struct small_fleet *f = desk_clients(1);
    (void)state;
    desk_swaps(f, "c1-id");
    f->hosts[3].client.n_features = f->hosts[4].client.n_features = 0;
    desk_swaps(f, NULL);
    desk_done(f);
    f = desk_fleet(RUN_SERVERS);
    f->hosts[1].is_client = f->hosts[2].is_client =
        true; /* server and client, and its node record is not read */
    desk_swaps(f, NULL);
    assert_true(small_fleet_waits(f, REASON_OBSERVE));
    for (int i = 1; i < 3; i++) {
        f->hosts[i].client = f->hosts[3].client;
        f->hosts[i].client.detail_at = f->hosts[i].client.allocs_at = f->w.begun_ms;
    }
    desk_swaps(f, "s2-id");
    f->hosts[1].client.allocs_at = 0; /* its tasks must be there afterwards */
    desk_swaps(f, NULL);
    desk_done(f);
}

/* A drain without Nomad's mark may be an operator's: the host fails, the text names the drain,
 * and nothing is undone. */
static void test_drained_by_somebody(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    drains_itself(f, false);
    f->hosts[3].client.drain_own = false;
    struct same_node s = look(f);
    assert_int_equal(s.worst, FEATURE_ELIGIBILITY);
    assert_non_null(strstr(s.gate.text, "a drain began there after its turn began"));
    assert_false(s.drained);
    feature(f, SMALL_DRAINED)->value = ""; /* made ineligible, and not drained */
    s = look(f);
    assert_int_equal(s.worst, FEATURE_ELIGIBILITY);
    assert_null(strstr(s.gate.text, "drain"));
    desk_done(f);
}

/* A server that is also a client: the client's node and its tasks count. */
static void test_both_roles(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    struct ledger_host *lh = desk_host(f, "s2-id");
    struct host *h = &f->hosts[1];
    struct same_node s;
    (void)state;
    h->is_client = true;
    h->node_id = "n2";
    h->client = f->hosts[3].client;
    assert_null(fingerprint_take(&f->w, h, 0, f->w.begun_ms, true, &lh->fingerprint));
    lh->state = HOST_SETTLING;
    lh->order = MSG_SWAP;
    lh->effect_ms = f->w.begun_ms;
    small_fleet_later(f, 1000);
    h->client.detail_at = f->w.begun_ms;
    same_node(&f->w, &f->plan, &f->ledger, "s2-id", f->w.begun_ms, &s);
    assert_int_equal(s.gate.kind, GATE_PASS);
    h->node_id = "n7";
    same_node(&f->w, &f->plan, &f->ledger, "s2-id", f->w.begun_ms, &s);
    assert_int_equal(s.worst, FEATURE_ID);
    assert_non_null(strstr(s.gate.text, "its node id as a client n7, which was n2 before"));
    desk_done(f);
}

static void test_server(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    struct ledger_host *lh = desk_host(f, "s2-id");
    struct same_node s;
    (void)state;
    assert_null(fingerprint_take(&f->w, &f->hosts[1], 0, f->w.begun_ms, true, &lh->fingerprint));
    assert_string_equal(fingerprint_value(&lh->fingerprint, FEATURE_RAFT), "10.0.0.2");
    lh->state = HOST_SETTLING;
    lh->order = MSG_SWAP;
    lh->effect_ms = f->w.begun_ms;
    small_fleet_later(f, 1000);
#define LOOK() same_node(&f->w, &f->plan, &f->ledger, "s2-id", f->w.begun_ms, &s)
    LOOK();
    assert_int_equal(s.gate.kind, GATE_PASS);
    f->raft[1].voter = false;
    LOOK();
    assert_int_equal(s.worst, FEATURE_VOTER);
    f->raft[1].voter = true;
    f->raft[1].address = "10.0.0.9";
    LOOK();
    assert_int_equal(s.worst, FEATURE_RAFT);
    f->raft[1].id = "another";
    LOOK();
    assert_int_equal(s.worst, FEATURE_RAFT);
    f->raft[1].id = "s2-id";
    f->raft[1].address = "10.0.0.2";
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.raft_status = 403;
    LOOK();
    assert_int_equal(s.gate.kind, GATE_UNKNOWN);
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].server.raft_status = 200;
    f->hosts[1].server.self_dc = "dc2";
    LOOK();
    assert_int_equal(s.worst, FEATURE_DC);
    f->hosts[1].server.self_dc = "dc1";
    f->hosts[1].server.self_region = "other";
    LOOK();
    assert_int_equal(s.worst, FEATURE_REGION);
    desk_done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),
        cmocka_unit_test(test_not_compared),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_another_datacenter),
        cmocka_unit_test(test_another_node),
        cmocka_unit_test(test_bound_units),
        cmocka_unit_test(test_own_drain),
        cmocka_unit_test(test_own_drain_of_an_ineligible_one),
        cmocka_unit_test(test_effect),
        cmocka_unit_test(test_begins),
        cmocka_unit_test(test_drained_by_somebody),
        cmocka_unit_test(test_both_roles),
        cmocka_unit_test(test_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
