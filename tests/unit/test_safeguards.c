/* What protects the state of a region: counts, snapshots, alarms, as decisions of the pure core. */
#include "counts.h"
#include "decide_safeguards.h"
#include "small_fleet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* ---- counting a list as it comes ---- */

static void test_scan(void **state)
{
    static const struct {
        const char *text;
        int64_t n;
    } cases[] = {
        {"[]", 0},
        {" [ ] ", 0},
        {"null", 0},
        {"null\n", 0},
        {"[1]", 1},
        {"[{},{}]", 2},
        {"[{\"a\":[1,2,{\"b\":\"],[{\\\"\"}]}, {\"c\":\"\\\\\"} ,{}]\n", 3},
        {"[\"a,b\",\"c\"]", 2},
        {"", COUNT_UNKNOWN},
        {"[{}", COUNT_UNKNOWN},
        {"[{},", COUNT_UNKNOWN},
        {"[{}]]", COUNT_UNKNOWN},
        {"[{}][", COUNT_UNKNOWN},
        {"[{}]x", COUNT_UNKNOWN},
        {"nul", COUNT_UNKNOWN},
        {"nullnull", COUNT_UNKNOWN},
        {"{}", COUNT_UNKNOWN},
        {"Permission denied", COUNT_UNKNOWN},
        {"[\"open", COUNT_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t len = strlen(cases[i].text);
        for (size_t cut = 0; cut <= len; cut++) { /* split into two pieces at any place */
            struct count_scan c = {0};
            count_scan_add(&c, cases[i].text, cut);
            count_scan_add(&c, cases[i].text + cut, len - cut);
            if (count_scan_end(&c) != cases[i].n)
                fail_msg("%s cut at %zu: %lld", cases[i].text, cut, (long long)count_scan_end(&c));
        }
    }
}

static void test_rules(void **state)
{
    static const struct {
        int64_t before[OBJECT_KINDS], after[OBJECT_KINDS];
        bool fell, lack;
    } cases[] = {
        {{5, 2, 8, 1}, {5, 2, 8, 1}, false, false},
        {{5, 2, 8, 1}, {6, 3, 9, 1}, false, false},
        {{5, 2, 8, 1}, {0, 0, 0, 1}, true, true},
        {{5, 2, 8, 1}, {0, 2, 0, 1}, true, true},
        {{5, 2, 8, 1},
         {5, 0, 8, 1},
         false,
         true}, /* nodes are gone: people do that, and all servers show it */
        {{5, 2, 8, 1}, {4, 2, 8, 1}, false, true}, /* one job less than the leader has */
        {{5, 2, 8, 1}, {5, 2, 6, 1}, false, false},
        {{5, 2, 8, 1}, {5, 2, 5, 1}, false, true},
        {{1, 0, 0, 1}, {0, 0, 0, 1}, true, true}, /* all there was */
        {{0, 0, 0, 0}, {0, 0, 0, 0}, false, false},
        {{9000, 9000, 90000, 9}, {8999, 8990, 89000, 9}, false, false},
        {{9000, 9000, 90000, 9}, {8000, 9000, 90000, 9}, false, true},
        {{9000, 9000, 90000, 9}, {4000, 4000, 90000, 9}, true, true},
        {{5, -2, -2, 1}, {5, -2, -2, 1}, false, false},
        {{5, -2, -2, 1}, {0, -2, -2, 1}, true, true},
        {{5, 2, 8, 2}, {5, 2, 8, 1}, false, true},
    };
    char text[120];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (counts_show_loss(cases[i].before, cases[i].after, text, sizeof(text)) != cases[i].fell)
            fail_msg("case %zu: fell is not %d", i, cases[i].fell);
        if (counts_lack(cases[i].before, cases[i].after, text, sizeof(text)) != cases[i].lack)
            fail_msg("case %zu: lack is not %d", i, cases[i].lack);
    }
    assert_true(counts_lack((int64_t[]){5, 2, 8, 1}, (int64_t[]){3, 2, 8, 1}, text, sizeof(text)));
    assert_string_equal(text, "3 of 5 jobs that another server of its region has are there");
    counts_text((int64_t[]){1, 2, COUNT_DENIED, COUNT_UNKNOWN}, text, sizeof(text));
    assert_string_equal(text, "1 job, 2 nodes, allocations may not be counted, namespaces not "
                              "counted");
}

/* A node that is removed at 30 is missing in both answers of one server and in no answer of the
 * other: nothing is lost. */
static void test_in_turn(void **state)
{
    static const struct {
        int64_t a[2], b[2];
        bool in_turn;
    } cases[] = {
        {{40, 35}, {25, 20}, false}, {{25, 20}, {40, 35}, false}, {{40, 20}, {41, 21}, true},
        {{40, 20}, {40, 20}, true},  {{40, 20}, {20, 10}, false}, {{40, 0}, {41, 0}, false},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct counted a[] = {{.at = cases[i].a[0]}, {.at = cases[i].a[1]}},
                       b[] = {{.at = cases[i].b[0]}, {.at = cases[i].b[1]}};
        if (counts_in_turn(a, b) != cases[i].in_turn)
            fail_msg("case %zu", i);
    }
}

/* ---- a server that has just changed ---- */

#define TURN 1 /* s2; s1 leads */

static struct small_fleet *settling(void)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    small_fleet_run(f, RUN_SERVERS);
    struct ledger_host *lh = ledger_host(&f->ledger, f->hosts[TURN].key);
    lh->state = HOST_SETTLING;
    lh->order = MSG_SWAP;
    lh->effect_ms = f->w.begun_ms + 1;
    lh->base_leader_index = 1;
    memcpy(lh->base_objects, f->objects[0], sizeof(f->objects[0]));
    f->hosts[TURN].server.version = SMALL_TO;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][TURN].build = SMALL_TO;
    return f;
}

static void done_with(struct small_fleet *f)
{
    small_fleet_free(f);
    free(f);
}

static const struct intent *settle(struct small_fleet *f)
{
    for (int i = 0; i < 12; i++)
        small_fleet_later(f, 2000);
    small_fleet_decide(f);
    return small_fleet_intent(f, INTENT_MARK);
}

static void test_all_there(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    const struct intent *in = settle(f);
    assert_non_null(in);
    assert_int_equal(in->state, HOST_DONE);
    done_with(f);
}

static void test_empty_state_stops(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    memset(f->objects[TURN], 0, sizeof(f->objects[TURN]));
    const struct intent *in = settle(f);
    assert_non_null(in);
    assert_int_equal(in->state, HOST_FAILED);
    in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_non_null(strstr(in->text, "s2: state was lost: 0 of 5 jobs"));
    done_with(f);
}

/* The server that lost the state is named: another server settles, and its leader has lost it. */
static void test_leaders_loss_names_the_leader(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    memset(f->objects[0], 0, sizeof(f->objects[0]));
    settle(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_non_null(strstr(in->text, "s1: state was lost: 0 of 5 jobs"));
    assert_string_equal(in->host, "s1");
    done_with(f);
}

/* Somebody else upgraded the leader before any count, and perhaps another server, which lost its
 * state as well. All other servers are compared. */
static void leader_without_a_measure(int lost)
{
    struct small_fleet *f = settling();
    struct ledger_host *s1 = ledger_host(&f->ledger, f->hosts[0].key),
                       *s2 = ledger_host(&f->ledger, f->hosts[TURN].key);
    struct situation s = {.world = &f->w,
                          .plan = &f->plan,
                          .ledger = &f->ledger,
                          .evidence = &f->evidence,
                          .lease = &f->lease};
    const char *keys[8];
    s1->state = HOST_SETTLING;
    s1->order = MSG_STAGE;
    s1->base_leader_index = 1;
    s1->effect_ms = s2->effect_ms;
    s2->state = HOST_STAGED;
    memset(s2->base_objects, 0, sizeof(s2->base_objects));
    f->hosts[0].server.version = SMALL_TO;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][0].build = SMALL_TO;
    for (int i = 0; i < lost; i++)
        memset(f->objects[i], 0, sizeof(f->objects[i]));
    settle(f);
    s.now = f->w.begun_ms;
    assert_int_equal(safeguard_counts_wanted(&s, keys, 8), SMALL_SERVERS);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_non_null(strstr(in->text, "s1: state was lost: 0 of 5 jobs"));
    done_with(f);
}

static void test_leader_without_a_measure(void **state)
{
    (void)state;
    leader_without_a_measure(1);
    leader_without_a_measure(2);
}

static void test_missing_once_is_asked_again(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    for (int i = 0; i < 12; i++)
        small_fleet_later(f, 2000);
    f->objects[TURN][OBJECT_JOBS] = 0;
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    assert_true(small_fleet_waits(f, REASON_COUNTS));
    f->objects[TURN][OBJECT_JOBS] = 5;
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_MARK));
    done_with(f);
}

static void test_not_counted_is_waited_for(void **state)
{
    static const int64_t bad[] = {COUNT_UNKNOWN, COUNT_DENIED};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct small_fleet *f = settling();
        f->objects[TURN][OBJECT_JOBS] = bad[i];
        assert_null(settle(f));
        assert_true(small_fleet_waits(f, REASON_COUNTS));
        done_with(f);
    }
}

static void test_old_counts_prove_nothing(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    for (int i = 0; i < 12; i++) {
        small_fleet_later(f, 2000);
        f->hosts[TURN].server.counted[0].at = 1;
    }
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_MARK));
    assert_true(small_fleet_waits(f, REASON_COUNTS));
    done_with(f);
}

/* ---- before a server changes ---- */

/* A count that was made while something else was missing: the objects may have changed since. */
static void counted_too_early(struct small_fleet *f, enum intent_kind next)
{
    f->evidence.counting_ms = f->hosts[0].server.counted[0].at + 1;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, next));
    assert_true(small_fleet_waits(f, REASON_COUNTS));
    f->evidence.counting_ms = 0; /* no server was asked to count */
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, next));
    assert_true(small_fleet_waits(f, REASON_COUNTS));
    done_with(f);
}

static struct small_fleet *before(void)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    small_fleet_run(f, RUN_SERVERS);
    return f;
}

static void test_no_swap_uncounted(void **state)
{
    struct small_fleet *f = before();
    (void)state;
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_SWAP));
    f->hosts[0].server.counted[0].at = 0;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    assert_true(small_fleet_waits(f, REASON_COUNTS));
    done_with(f);
}

static void test_counts_begin_last(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    assert_non_null(settle(f));
    counted_too_early(f, INTENT_MARK);
    counted_too_early(before(), INTENT_SWAP);
}

/* Otherwise every observation would count, and the wait would name the counts instead of the
 * other reason. */
static void test_nobody_is_counted_while_more_is_missing(void **state)
{
    struct small_fleet *f = before();
    (void)state;
    f->evidence.counting_ms = 0;
    small_fleet_decide(f);
    assert_true(small_fleet_waits(f, REASON_COUNTS));
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].agent.misplaced = true;
    f->evidence.counting_ms = 0;
    small_fleet_decide(f);
    assert_false(small_fleet_waits(f, REASON_COUNTS));
    assert_true(small_fleet_waits(f, REASON_OBSERVE));
    done_with(f);
}

/* A loss since the last server does not become the new measure. */
static void test_loss_between_servers_stops(void **state)
{
    struct small_fleet *f = before();
    (void)state;
    memcpy(f->ledger.regions[0].last, f->objects[0], sizeof(f->objects[0]));
    memset(f->objects[0], 0, sizeof(f->objects[0]));
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_STOP));
    done_with(f);
}

/* Somebody started it again, and raft says that it is well. */
static void test_loss_of_one_that_is_done(void **state)
{
    struct small_fleet *f = before();
    struct ledger_host *lh = ledger_host(&f->ledger, f->hosts[TURN].key);
    (void)state;
    lh->state = HOST_DONE;
    lh->order = MSG_SWAP;
    lh->effect_ms = lh->settled_ms = f->w.begun_ms - 20000;
    f->hosts[TURN].server.version = SMALL_TO;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->members[i][TURN].build = SMALL_TO;
    memcpy(f->ledger.regions[0].last, f->objects[0], sizeof(f->objects[0]));
    for (int i = 0; i < 12; i++)
        small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_SWAP));
    memset(f->objects[TURN], 0, sizeof(f->objects[TURN]));
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    assert_null(small_fleet_intent(f, INTENT_STOP)); /* missing once */
    small_fleet_later(f, 2000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    assert_string_equal(small_fleet_intent(f, INTENT_STOP)->host, f->hosts[TURN].name);
    done_with(f);
}

static void test_snapshot_first(void **state)
{
    struct small_fleet *f = before();
    struct ledger_region *r = &f->ledger.regions[0];
    (void)state;
    r->snapshot[0] = '\0';
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    const struct intent *in = small_fleet_intent(f, INTENT_SNAPSHOT);
    assert_non_null(in);
    assert_string_equal(in->host, "global");
    call_begin(&r->call, f->w.begun_ms, INT64_MAX);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_SNAPSHOT));
    call_succeeded(&r->call);
    r->call.retry_ms = f->w.begun_ms + 1;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_SNAPSHOT));
    assert_true(small_fleet_waits(f, REASON_SNAPSHOT));
    r->refused = true;
    snprintf(r->problem, sizeof(r->problem), "Nomad refuses it");
    small_fleet_decide(f);
    in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_non_null(strstr(in->text, "Nomad refuses it"));
    f->plan.policy.accepted[f->plan.policy.n_accepted++] = "no-snapshot";
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    assert_non_null(small_fleet_intent(f, INTENT_SWAP));
    done_with(f);
}

static void test_old_snapshot_is_taken_anew(void **state)
{
    struct small_fleet *f = before();
    (void)state;
    f->ledger.regions[0].snapshot_ms = f->w.begun_ms - SNAPSHOT_OLD_MS - 1;
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_SNAPSHOT));
    /* once a server was changed, the snapshot from before must be kept */
    ledger_host(&f->ledger, f->hosts[TURN].key)->order = MSG_SWAP;
    ledger_host(&f->ledger, f->hosts[TURN].key)->state = HOST_DONE;
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_SNAPSHOT));
    done_with(f);
}

static void test_alarm_stops(void **state)
{
    struct small_fleet *f = before();
    (void)state;
    snprintf(f->ledger.alarm, sizeof(f->ledger.alarm), "ignoring unknown message type");
    snprintf(f->ledger.alarm_host, sizeof(f->ledger.alarm_host), "s3");
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    assert_string_equal(in->host, "s3");
    assert_non_null(strstr(in->text, "the log of s3 says: ignoring unknown message type"));
    ledger_resume(&f->ledger);
    assert_string_equal(f->ledger.alarm, "");
    done_with(f);
}

/* The changed server does not know the token any more, and nobody waits for its deadline. */
static void test_denied_by_one_stops(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    f->hosts[TURN].server.denied = "agent:read";
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    assert_non_null(decision_waits(&f->decision));
    assert_non_null(strstr(decision_waits(&f->decision)->text,
                           "s2 refuses the token (403): it lacks agent:read there"));
    small_fleet_later(f, REFUSED_MS);
    small_fleet_decide(f);
    assert_null(
        small_fleet_intent(f, INTENT_STOP)); /* for long enough, but not in enough answers */
    small_fleet_later(f, 1000);
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, "s2");
    assert_non_null(strstr(in->text, "it lacks agent:read there, which autopilot calls healthy"));
    f->ledger.ending = RUN_STOPPED;
    small_fleet_decide(f);
    in = small_fleet_intent(f, INTENT_RUN);
    assert_non_null(in); /* it is in flight, and nobody will see it settle */
    assert_int_equal(in->run, RUN_STOPPED);
    done_with(f);
}

static void test_denied_for_a_while_is_waited_for(void **state)
{
    struct small_fleet *f = settling();
    (void)state;
    f->hosts[TURN].server.denied = "agent:read";
    for (int by = 0; by < SMALL_SERVERS; by++)
        f->autopilot[by].healthy =
            by != TURN; /* it restores its state, and may not know the token yet */
    for (int i = 0; i < 20; i++)
        small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    for (int by = 0; by < SMALL_SERVERS; by++)
        f->autopilot[by].healthy = true;
    small_fleet_later(f, 1000);
    f->hosts[TURN].server.denied = "";
    small_fleet_later(f, 1000);
    f->hosts[TURN].server.denied = "agent:read";
    for (int i = 0; i < 4; i++)
        small_fleet_later(f, 1000);
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP)); /* it was well in between */
    done_with(f);
}

static void test_who_is_heard_and_counted(void **state)
{
    struct small_fleet *f = settling();
    struct situation s = {.world = &f->w,
                          .plan = &f->plan,
                          .ledger = &f->ledger,
                          .evidence = &f->evidence,
                          .lease = &f->lease};
    const char *keys[8], *step = NULL;
    (void)state;
    settle(f);
    s.now = f->w.begun_ms;
    assert_int_equal(safeguard_logs_wanted(&s, keys, 8, &step),
                     2); /* not the server that changes */
    assert_string_equal(step, f->hosts[TURN].key);
    assert_string_equal(keys[0], f->hosts[0].key);
    assert_string_equal(keys[1], f->hosts[2].key);
    assert_int_equal(safeguard_counts_wanted(&s, keys, 8), 2); /* the server and its leader */
    done_with(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_in_turn),
        cmocka_unit_test(test_all_there),
        cmocka_unit_test(test_empty_state_stops),
        cmocka_unit_test(test_leaders_loss_names_the_leader),
        cmocka_unit_test(test_leader_without_a_measure),
        cmocka_unit_test(test_missing_once_is_asked_again),
        cmocka_unit_test(test_not_counted_is_waited_for),
        cmocka_unit_test(test_old_counts_prove_nothing),
        cmocka_unit_test(test_no_swap_uncounted),
        cmocka_unit_test(test_counts_begin_last),
        cmocka_unit_test(test_nobody_is_counted_while_more_is_missing),
        cmocka_unit_test(test_loss_between_servers_stops),
        cmocka_unit_test(test_loss_of_one_that_is_done),
        cmocka_unit_test(test_snapshot_first),
        cmocka_unit_test(test_old_snapshot_is_taken_anew),
        cmocka_unit_test(test_alarm_stops),
        cmocka_unit_test(test_denied_by_one_stops),
        cmocka_unit_test(test_denied_for_a_while_is_waited_for),
        cmocka_unit_test(test_who_is_heard_and_counted),
    };
    return cmocka_run_group_tests_name("safeguards", tests, NULL, NULL);
}
