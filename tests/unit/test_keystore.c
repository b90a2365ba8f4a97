/* decide_keystore.h, keystore_on_disk.h: what servers must do before the first server is
 * changed, and what their answers change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "orders_sent.h"
#include "decide_desk.h"
#include "decide_safeguards.h"
#include "decide_keystore.h"
#include "keystore_on_disk.h"
#include "report_keystore.h"
#include "run_keystore.h"

static struct small_fleet *fleet(const char *version)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));

    small_fleet_init(f);
    small_fleet_version(f, version);
    small_fleet_run(f, RUN_SERVERS);
    for (size_t i = 0; i < f->ledger.n_regions; i++)
        f->ledger.regions[i].snapshot_ms = f->w.begun_ms;
    return f;
}

static struct ledger_keys *keys(struct small_fleet *f, size_t i)
{
    return &f->ledger.hosts[i].keys;
}

static void copied(struct small_fleet *f, size_t i, uint32_t files, int names)
{
    struct ledger_keys *k = keys(f, i);

    k->files = files;
    memset(k->digest.bytes, names, 16);
    memset(k->digest.bytes + 16, (int)i + 1, 16);
    k->copied_ms = f->w.begun_ms;
    snprintf(k->path, sizeof(k->path), "/keep/%zu", i);
}

static size_t asked(const struct small_fleet *f)
{
    size_t n = 0;

    for (size_t i = 0; i < f->decision.n_intents; i++)
        n += f->decision.intents[i].kind == INTENT_PRESERVE;
    return n;
}

static void versions_that_have_one(void **state)
{
    static const struct {
        const char *version;
        bool has;
    } cases[] = {{"1.3.16", false}, {"1.4.0", true},        {"1.7.7", true},   {"1.8.17+ent", true},
                 {"1.9.0", false},  {"1.9.0-beta.1", true}, {"1.10.5", false}, {"2.0.5", false},
                 {"", false},       {"nonsense", false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (keystore_on_disk(cases[i].version) != cases[i].has)
            fail_msg("%s", cases[i].version);
}

static void every_server_is_asked_before_any_is_changed(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    (void)state;
    small_fleet_decide(f);
    assert_int_equal(asked(f), 3);
    assert_true(small_fleet_waits(f, REASON_KEYSTORE));
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    for (size_t i = 0; i < 2; i++)
        copied(f, i, 1, 7);
    small_fleet_decide(f);
    assert_int_equal(asked(f), 1);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    call_begin(&keys(f, 2)->call, f->w.begun_ms, CALL_ANSWER_MS);
    small_fleet_decide(f);
    assert_int_equal(asked(f), 0);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    keys(f, 2)->call.retry_ms = f->w.begun_ms; /* no event came */
    small_fleet_decide(f);
    assert_int_equal(asked(f), 1);
    copied(f, 2, 1, 7);
    small_fleet_decide(f);
    assert_int_equal(asked(f), 0);
    assert_non_null(small_fleet_intent(f, INTENT_SWAP));
    desk_done(f);
}

static void before_anything_is_staged(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    (void)state;
    f->ledger.state = RUN_CLAIMING;
    small_fleet_decide(f);
    assert_int_equal(asked(f), 3);
    assert_null(small_fleet_intent(f, INTENT_RUN));
    for (size_t i = 0; i < 3; i++)
        copied(f, i, 1, 7);
    small_fleet_decide(f);
    assert_non_null(small_fleet_intent(f, INTENT_RUN));
    desk_done(f);
}

static void nothing_is_asked_where_snapshots_hold_the_keys(void **state)
{
    struct small_fleet *f = fleet("1.9.7");
    (void)state;
    small_fleet_decide(f);
    assert_int_equal(asked(f), 0);
    assert_non_null(small_fleet_intent(f, INTENT_SWAP));
    desk_done(f);
}

static void what_runs_now_counts(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    (void)state;
    for (size_t i = 1; i < 3; i++)
        copied(f, i, 1, 7);
    small_fleet_version(f, "1.9.7");
    small_fleet_decide(f);
    assert_int_equal(asked(f), 0);
    desk_done(f);
}

static void one_that_fails_stops_the_run(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    (void)state;
    copied(f, 0, 1, 7);
    copied(f, 1, 1, 7);
    keys(f, 2)->refused = true;
    snprintf(keys(f, 2)->problem, sizeof(keys(f, 2)->problem), "holds no key");
    small_fleet_decide(f);
    const struct intent *in = small_fleet_intent(f, INTENT_STOP);
    assert_non_null(in);
    assert_string_equal(in->host, f->plan.hosts[2].name);
    assert_non_null(strstr(in->text, "holds no key"));
    assert_non_null(strstr(in->advice, "--accept no-keystore"));
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    f->plan.policy.accepted[f->plan.policy.n_accepted++] = "no-keystore";
    small_fleet_decide(f);
    assert_null(small_fleet_intent(f, INTENT_STOP));
    assert_non_null(small_fleet_intent(f, INTENT_SWAP));
    desk_done(f);
}

static void an_agent_elsewhere_is_asked_nothing(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++)
        f->hosts[i].agent.misplaced = true;
    small_fleet_decide(f);
    assert_int_equal(asked(f), 0);
    assert_null(small_fleet_intent(f, INTENT_SWAP));
    desk_done(f);
}

static void old_copies_are_made_anew_until_a_server_is_touched(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        copied(f, i, 1, 7);
        keys(f, i)->copied_ms = f->w.begun_ms - SNAPSHOT_OLD_MS - 1;
    }
    small_fleet_decide(f);
    assert_int_equal(asked(f), 3);
    f->ledger.hosts[0].order = MSG_SWAP;
    f->ledger.hosts[0].state = HOST_DONE;
    small_fleet_decide(f);
    assert_int_equal(asked(f), 0);
    desk_done(f);
}

static void servers_that_differ_are_told(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    char text[TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        copied(f, i, 2, 7); /* each server has encrypted the keys by itself */
    assert_false(keystores_differ(&f->plan, &f->ledger, "global", text));
    copied(f, 2, 3, 8);
    assert_true(keystores_differ(&f->plan, &f->ledger, "global", text));
    assert_non_null(strstr(text, "has 2 keys"));
    assert_non_null(strstr(text, " 3"));
    copied(f, 2, 2, 8);
    assert_true(keystores_differ(&f->plan, &f->ledger, "global", text));
    assert_non_null(strstr(text, "but other keys"));
    assert_false(keystores_differ(&f->plan, &f->ledger, "elsewhere", text));
    desk_done(f);
}

static void it_is_shown(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    char *out = NULL;
    size_t n = 0;
    (void)state;
    copied(f, 0, 2, 7);
    copied(f, 1, 1, 8);
    snprintf(keys(f, 2)->problem, sizeof(keys(f, 2)->problem), "holds\033 no key");
    FILE *to = open_memstream(&out, &n);
    report_keystores(&f->plan, &f->ledger, to);
    fclose(to);
    assert_non_null(strstr(out, ": 2 keys, copied to /keep/0 on that host\n"));
    assert_non_null(strstr(out, ": 1 key, copied to /keep/1 on that host\n"));
    assert_non_null(strstr(out, "not copied: holds"));
    assert_null(strchr(out, '\033'));
    assert_non_null(strstr(out, "Warning: the servers of region global do not have the same"));
    free(out);
    auto_json struct json *list = report_keystores_json(&f->plan, &f->ledger);
    auto_buf struct buf text = BUF_INIT;
    json_text(list, &text);
    assert_non_null(strstr(buf_str(&text), "\"keys\":2"));
    assert_non_null(strstr(buf_str(&text), "\"path\":\"/keep/0\""));
    desk_done(f);
}

/* ---- answers ---- */

static int64_t now(void *ctx)
{
    return ((const struct small_fleet *)ctx)->w.begun_ms;
}

struct answering {
    struct small_fleet *f;
    struct run_config config;
    struct ports ports;
    struct run run;
    struct receipt receipt;
};

static void begin_answering(struct answering *a)
{
    memset(a, 0, sizeof(*a));
    a->f = fleet("1.7.7");
    a->ports = (struct ports){.ctx = a->f, .now = now};
    a->config =
        (struct run_config){.plan = &a->f->plan, .ledger = &a->f->ledger, .ports = &a->ports};
    a->run = (struct run){.config = &a->config, .world = &a->f->w};
}

/* An answer to the present order of the first server. */
static void answer(struct answering *a, enum refusal r, uint32_t tries)
{
    struct ledger_keys *k = keys(a->f, 0);
    struct event ev = {.kind = EV_RECEIPT,
                       .key = a->f->ledger.hosts[0].key,
                       .order = MSG_PRESERVE,
                       .receipt = &a->receipt};

    k->call.outstanding = true;
    k->call.failures = tries - 1; /* this try is the last */
    a->receipt.u.done.refusal = r;
    a->receipt.u.done.last_sequence = 41;
    keystore_answer(&a->run, &ev);
}

static void an_answer_is_kept(void **state)
{
    struct answering a;
    (void)state;
    begin_answering(&a);
    a.receipt.u.done.count = 3;
    memset(a.receipt.u.done.digest.bytes, 9, DIGEST_LEN);
    str_cut(a.receipt.u.done.text, TEXT_MAX, "/var/lib/caravan/swap/keystore/x");
    answer(&a, REFUSAL_NONE, 2);
    assert_int_equal(keys(a.f, 0)->files, 3);
    assert_string_equal(keys(a.f, 0)->path, "/var/lib/caravan/swap/keystore/x");
    assert_true(digest_eq(&keys(a.f, 0)->digest, &a.receipt.u.done.digest));
    assert_true(a.f->ledger.hosts[0].dirty);
    assert_false(keys(a.f, 0)->call.outstanding);
    assert_int_equal(keys(a.f, 0)->call.failures, 0);
    /* The next order of any kind has a higher sequence. */
    assert_true(order_sequence(&a.f->ledger.hosts[0], &a.f->hosts[0].agent) > 41);
    desk_done(a.f);
}

static void refusals_are_final_or_not(void **state)
{
    static const struct {
        enum refusal r;
        uint32_t tries;
        bool final;
    } cases[] = {
        {REFUSAL_UNKNOWN, 1, true},
        {REFUSAL_UNSUPPORTED, 1, true},
        {REFUSAL_IO, 2, false},
        {REFUSAL_IO, 3, true},
        {REFUSAL_BUSY, 1, false},
        {REFUSAL_SEQUENCE, KEYSTORE_TRIES - 1, false},
        {REFUSAL_LATE, KEYSTORE_TRIES, true},
    };
    struct answering a;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        begin_answering(&a);
        str_cut(a.receipt.u.done.text, TEXT_MAX, "the reason");
        answer(&a, cases[i].r, cases[i].tries);
        if (keys(a.f, 0)->refused != cases[i].final)
            fail_msg("%s after %u", refusal_name(cases[i].r), cases[i].tries);
        assert_string_equal(keys(a.f, 0)->problem, "the reason");
        assert_true(keys(a.f, 0)->call.retry_ms > a.f->w.begun_ms);
        assert_string_equal(keys(a.f, 0)->path, "");
        desk_done(a.f);
    }
}

static void an_answer_to_another_order_is_none(void **state)
{
    struct answering a;
    struct event ev = {.kind = EV_RECEIPT, .order = MSG_PRESERVE, .nonce = {1}};
    (void)state;
    begin_answering(&a);
    ev.key = a.f->ledger.hosts[0].key;
    ev.receipt = &a.receipt;
    str_cut(a.receipt.u.done.text, TEXT_MAX, "/old");
    keys(a.f, 0)->call.outstanding = true;
    keystore_answer(&a.run, &ev);
    assert_string_equal(keys(a.f, 0)->path, "");
    assert_true(keys(a.f, 0)->call.outstanding);
    desk_done(a.f);
}

static void a_new_process_asks_anew(void **state)
{
    struct small_fleet *f = fleet("1.7.7");
    (void)state;
    copied(f, 0, 1, 7);
    keys(f, 1)->refused = keys(f, 1)->call.outstanding = true;
    keys(f, 1)->call.failures = KEYSTORE_TRIES;
    ledger_rebase(&f->ledger, f->w.begun_ms);
    assert_int_equal(keys(f, 0)->copied_ms, 0);
    assert_string_equal(keys(f, 0)->path, "/keep/0");
    assert_false(keys(f, 1)->refused || keys(f, 1)->call.outstanding);
    assert_int_equal(keys(f, 1)->call.failures, 0);
    desk_done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_that_have_one),
        cmocka_unit_test(every_server_is_asked_before_any_is_changed),
        cmocka_unit_test(before_anything_is_staged),
        cmocka_unit_test(nothing_is_asked_where_snapshots_hold_the_keys),
        cmocka_unit_test(what_runs_now_counts),
        cmocka_unit_test(one_that_fails_stops_the_run),
        cmocka_unit_test(an_agent_elsewhere_is_asked_nothing),
        cmocka_unit_test(old_copies_are_made_anew_until_a_server_is_touched),
        cmocka_unit_test(servers_that_differ_are_told),
        cmocka_unit_test(it_is_shown),
        cmocka_unit_test(an_answer_is_kept),
        cmocka_unit_test(refusals_are_final_or_not),
        cmocka_unit_test(an_answer_to_another_order_is_none),
        cmocka_unit_test(a_new_process_asks_anew),
    };

    return cmocka_run_group_tests_name("keystore", tests, NULL, NULL);
}
