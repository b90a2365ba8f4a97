/* The advice: after each way in which a host's turn fails, each text is complete, and no text
 * does harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "advice.h"
#include "decide_desk.h"
#include "decide_safeguards.h"
#include "fingerprint.h"
#include "hazards.h"
#include "log_frames.h"
#include "quorum_text.h"

/* " Or abort, and begin a new run with --accept ID. Servers: ... To go on: ..." */
#define GO_ON_MAX (160 + TEXT_MAX)

/* ---- which advice ---- */

struct way {
    const char *key;
    enum failure failure;
    enum phase failed_in; /* PHASE_IDLE: by the coordinator's gates */
    enum outcome outcome;
    const char *text, *says, *not_said;
};

static const struct way ways[] = {
    {"c1-id", FAILURE_NOT_READY, PHASE_PROBING, OUTCOME_LEFT, "it runs, but its API did not answer",
     "If Nomad is only slow", "[nomad] address"},
    {"c1-id", FAILURE_NOT_READY, PHASE_PROBING, OUTCOME_LEFT,
     "not-ready in phase probing of 1.10.5: [api-silent] it runs, but", "set [nomad] address",
     "deadline"},
    {"s1-id", FAILURE_NOT_READY, PHASE_REVERTING, OUTCOME_LEFT,
     "not-ready in phase reverting: [api-silent] it runs, but", "set [nomad] address", "deadline"},
    {"c1-id", FAILURE_NOT_READY, PHASE_IDLE, OUTCOME_NONE, "its drain did not end",
     "which allocations do not move", "Nomad's log"},
    {"c1-id", FAILURE_NOT_READY, PHASE_IDLE, OUTCOME_LEFT,
     "1 of 1 allocations did not keep running", "nomad alloc status", "deadline"},
    {"c1-id", FAILURE_NOT_CAUGHT_UP, PHASE_IDLE, OUTCOME_LEFT, "c1 is down",
     "nomad node status of that node", "list-peers"},
    {"s1-id", FAILURE_NOT_CAUGHT_UP, PHASE_IDLE, OUTCOME_LEFT, "s1: index 1 of 2",
     "Restart no server meanwhile", "node status"},
    {"c1-id", FAILURE_NOT_CAUGHT_UP, PHASE_IDLE, OUTCOME_REVERTED, "c1 is down",
     "runs the old version again", "deadline"},
    {"s1-id", FAILURE_WILL_NOT_START, PHASE_PROBING, OUTCOME_LEFT, "the new binary was left",
     "put no older one back by hand", "deadline"},
    {"c1-id", FAILURE_WILL_NOT_START, PHASE_PROBING, OUTCOME_REVERTED, "reverted to the old binary",
     "why Nomad does not start", "put no older one back"},
    {"c1-id", FAILURE_CONFIG_REJECTED, PHASE_FETCHING, OUTCOME_NONE, "unknown key",
     "Change Nomad's configuration", "deadline"},
    {"c1-id", FAILURE_SERVICE, PHASE_SWAPPING, OUTCOME_LEFT, "refused",
     "Restart nothing on that host before", "deadline"},
};

/* An order that was refused: the advice is that of the refusal. */
static void each_refusal_has_what_helps(void **state)
{
    static const struct {
        enum refusal refusal;
        const char *says;
    } rows[] = {
        {REFUSAL_HELD, "ask who put it there"},
        {REFUSAL_ROLE, "newest trust package"},
        {REFUSAL_ROLE, "have one of them give the order"},
        {REFUSAL_MANIFEST, "newest trust package"},
        {REFUSAL_URL, "url_prefixes"},
        {REFUSAL_UNSUPPORTED, "Upgrade the package caravan-agent"},
        {REFUSAL_QUORUM, "Restart none of them"},
        {REFUSAL_GAP, "allowed later"},
    };
    struct small_fleet *f = desk_fleet(RUN_CLIENTS);
    struct ledger_host *lh = desk_host(f, "c1-id");
    (void)state;
    lh->state = HOST_FAILED;
    lh->failure = FAILURE_REFUSED_BY_LAW;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        lh->refusal = rows[i].refusal;
        small_fleet_decide(f);
        const char *advice = small_fleet_intent(f, INTENT_STOP)->advice;
        if (strstr(advice, rows[i].says) == NULL)
            fail_msg("%zu: %s", i, advice);
    }
    desk_done(f);
}

/* A skipped host: the advice is that of the reason. */
static void each_skip_has_what_helps(void **state)
{
    static const char *const says[SKIP_COUNT] = {
        [SKIP_NONE] = "caravan status",      [SKIP_UNREACHABLE] = "caravan-agent runs there",
        [SKIP_DOWN] = "nomad node status",   [SKIP_HELD] = "who holds it",
        [SKIP_UNMANAGED] = "caravan enroll",
    };
    struct small_fleet *f = desk_fleet(RUN_CLIENTS);
    struct ledger_host *lh = desk_host(f, "c1-id");
    (void)state;
    lh->state = HOST_SKIPPED;
    for (int i = 0; i < SKIP_COUNT; i++) {
        lh->skip = (enum skip_why)i;
        small_fleet_decide(f);
        const char *advice = small_fleet_intent(f, INTENT_STOP)->advice;
        if (strstr(advice, says[i]) == NULL || strstr(advice, "--max-skipped N") == NULL)
            fail_msg("%d: %s", i, advice);
    }
    desk_done(f);
}

static void each_failure_has_what_helps(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
        struct small_fleet *f = desk_fleet(RUN_CLIENTS);
        struct ledger_host *lh = desk_host(f, ways[i].key);
        lh->state = HOST_FAILED;
        lh->failure = ways[i].failure;
        lh->failed_in = ways[i].failed_in;
        lh->outcome = ways[i].outcome;
        str_cut(lh->text, sizeof(lh->text), ways[i].text);
        small_fleet_decide(f);
        const struct intent *stop = small_fleet_intent(f, INTENT_STOP);
        if (stop == NULL || strstr(stop->advice, ways[i].says) == NULL ||
            strstr(stop->advice, ways[i].not_said) != NULL)
            fail_msg("%zu: %s", i, stop != NULL ? stop->advice : "no stop");
        assert_non_null(strstr(stop->advice, "caravan resume"));
        desk_done(f);
    }
}

/* ---- all texts ---- */

static const char *row_advice(size_t i)
{
    if (i < built_in()->n_rows)
        return built_in()->rows[i].advice;
    i -= built_in()->n_rows;
    if (i < FAILURE_COUNT)
        return failure_advice((enum failure)i);
    i -= FAILURE_COUNT;
    if (i < FEATURE_KINDS)
        return feature_advice((enum feature_kind)i);
    i -= FEATURE_KINDS;
    if (i < log_signs_len)
        return log_signs[i].advice;
    i -= log_signs_len;
    if (i < SKIP_COUNT)
        return advice_skipped((enum skip_why)i);
    i -= SKIP_COUNT;
    if (i < REFUSAL_COUNT)
        return advice_refused((enum refusal)i);
    i -= REFUSAL_COUNT;
    if (i < REASON_COUNT)
        return reason_row((enum reason)i)->advice;
    return i == REASON_COUNT ? lost_state_advice : NULL;
}

static void nothing_of_it_is_cut(void **state)
{
    const char *text;
    (void)state;
    for (size_t i = 0; (text = row_advice(i)) != NULL; i++)
        if (strlen(text) + GO_ON_MAX > ADVICE_MAX)
            fail_msg("too long: %s", text);
}

/* The run reads an incomplete row only after a long wait without success. */
static void each_reason_has_a_whole_row(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_CLIENTS);
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        const struct reason_row *r = reason_row((enum reason)i);
        assert_non_null(r->name);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(r->name, reason_name((enum reason)k));
        assert_true(r->patience(&f->plan) >= 60000);
        assert_int_equal(r->advice[strlen(r->advice) - 1], '.');
    }
    assert_string_equal(reason_name(REASON_COUNT), "unknown");
    desk_done(f);
}

/* A resumed run compares with the same fingerprint. If the difference is meant, a new run is
 * needed. */
static void what_is_meant_is_left_by_a_new_run(void **state)
{
    static const enum feature_kind may_be_meant[] = {FEATURE_DC, FEATURE_META, FEATURE_ELIGIBILITY};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(may_be_meant); i++)
        assert_non_null(
            strstr(feature_advice(may_be_meant[i]), "caravan abort and begin a new run"));
}

/* A tired operator may follow the advice literally, and on the wrong host. */
static void none_of_it_does_harm(void **state)
{
    static const char *const harms[] = {
        "remove-peer",  "wipe",          "rm -",       "remove its",   "remove the data",
        "-force ",      "restart nomad", "pkill",      "kill -",       "-purge",
        "dpkg-divert)", "start nomad",   "unmask it.", "reset-failed", "peers.json with",
    };
    const char *text;
    size_t n = 0;
    (void)state;
    for (size_t i = 0; (text = row_advice(i)) != NULL; i++, n++)
        for (size_t k = 0; k < ARRAY_LEN(harms); k++)
            if (strstr(text, harms[k]) != NULL)
                fail_msg("\"%s\" in: %s", harms[k], text);
    assert_true(n > 200);
}

static void a_silent_server_is_not_to_be_removed(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_SERVERS);
    char text[TEXT_MAX];
    (void)state;
    f->hosts[1].server.self_at = f->hosts[1].server.leader_at = 0;
    small_fleet_decide(f);
    const struct situation s = {.world = &f->w, .plan = &f->plan, .now = f->w.ended_ms};
    quorum_commands(&s, "global", text, sizeof(text));
    assert_non_null(strstr(text, "On s2: systemctl status nomad"));
    assert_null(strstr(text, "remove-peer"));
    assert_true(text[strlen(text) - 1] == '.');
    desk_done(f);
}

/* A stop that names a server that is away still has the advice for its own cause. */
static void a_silent_server_hides_no_advice(void **state)
{
    struct small_fleet *f = desk_fleet(RUN_CLIENTS);
    struct ledger_host *lh = desk_host(f, "c1-id");
    (void)state;
    lh->state = HOST_FAILED;
    lh->failure = FAILURE_CONFIG_REJECTED;
    lh->failed_in = PHASE_FETCHING;
    f->hosts[1].server.self_at = f->hosts[1].server.leader_at = 0;
    small_fleet_decide(f);
    const char *advice = small_fleet_intent(f, INTENT_STOP)->advice;
    assert_non_null(strstr(advice, "Change Nomad's configuration on that host"));
    assert_non_null(strstr(advice, "On s2: systemctl status nomad"));
    assert_non_null(strstr(advice, "To go on: caravan resume"));
    desk_done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_failure_has_what_helps),
        cmocka_unit_test(each_refusal_has_what_helps),
        cmocka_unit_test(each_skip_has_what_helps),
        cmocka_unit_test(each_reason_has_a_whole_row),
        cmocka_unit_test(nothing_of_it_is_cut),
        cmocka_unit_test(what_is_meant_is_left_by_a_new_run),
        cmocka_unit_test(none_of_it_does_harm),
        cmocka_unit_test(a_silent_server_is_not_to_be_removed),
        cmocka_unit_test(a_silent_server_hides_no_advice),
    };

    return cmocka_run_group_tests_name("advice_%s", tests, NULL, NULL);
}
