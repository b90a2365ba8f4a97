/* Autopilot's dead-server cleanup, which 0.1.0 could switch off for a run: its ledgers and its
 * configuration are still read, what it left switched off is told, and its notes are cleared.
 *
 * The ledger is one of 0.1.0: ended by kill -9 while a region's servers were changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sqlite3.h>
#include "built_in.h"
#include "context_fixture.h"
#include "effect_calls.h"
#include "file.h"
#include "ledger_store.h"
#include "lease_book.h"
#include "report_plan.h"
#include "report_run.h"
#include "run_desk.h"

#define OLD_LEDGER "tests/fixtures/ledgers/autopilot-off-0.1.0.sql"
#define COMMAND    "nomad operator autopilot set-config -cleanup-dead-servers=true -region global"

static struct context_fixture fixture;

static int set_up(void **state)
{
    auto_buf struct buf sql = BUF_INIT;
    struct err err = ERR_INIT;
    char path[300];
    sqlite3 *db = NULL;
    (void)state;
    if (context_fixture_begin(&fixture) < 0 || file_read(OLD_LEDGER, 65536, 0, &sql, &err) < 0 ||
        file_make_dirs(fixture.conf.state_dir, 0755, &err) < 0 ||
        state_path(&fixture.conf, "ledger.db", path, &err) < 0 ||
        sqlite3_open(path, &db) != SQLITE_OK)
        return -1;
    int rc = sqlite3_exec(db, buf_str(&sql), NULL, NULL, NULL);
    sqlite3_close(db);
    return rc == SQLITE_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    context_fixture_end(&fixture);
    return 0;
}

/* The newest run of the ledger, and its plan; if write is set, writes the ledger back once. */
static struct ledger *load(struct plan *ret_plan, bool write)
{
    struct ledger *l = xzalloc(1, sizeof(*l));
    struct ledger_store *s = NULL;
    struct stored_run run;
    struct err err = ERR_INIT;
    if (ledger_store_open(&fixture.conf, write, clock_system(), &s, &err) < 0 ||
        ledger_store_find(s, NULL, &run, &err) < 0 ||
        ledger_store_load(s, run.run_id, l, &err) < 0 ||
        plan_read(buf_str(&l->plan), l->plan.len, built_in(), ret_plan, &err) < 0)
        fail_msg("%s", err.text);
    l->dirty = l->effects[0].dirty = l->regions[0].dirty = true;
    if (write && ledger_store_commit(s, l, &err) < 0)
        fail_msg("%s", err.text);
    ledger_store_close(s);
    return l;
}

static void drop(struct ledger *l, struct plan *p)
{
    plan_free(p);
    ledger_free(l);
    free(l);
}

/* By show, which only reads, and by resume and abort, which write. */
static void test_an_old_ledger_is_read_and_told(void **state)
{
    (void)state;
    for (int write = 0; write < 3; write++) {
        struct plan p;
        struct ledger *l = load(&p, write > 0);
        char *text = NULL;
        size_t n = 0;
        FILE *out = open_memstream(&text, &n);
        assert_int_equal(p.n_hosts, 4);
        assert_true(digest_eq(&p.digest, &l->plan_digest));
        assert_int_equal(l->n_effects, 1);
        assert_int_equal(l->effects[0].kind, 3); /* no other kind ever gets its number */
        report_run(&p, l, NULL, false, out);
        fclose(out);
        assert_non_null(strstr(text, COMMAND));
        free(text);
        auto_json struct json *o = report_run_json(&p, l, NULL);
        assert_true(
            json_bool(json_item(json_get(o, "regions"), 0), "dead_server_cleanup_left_off", false));
        drop(l, &p);
    }
}

static void test_what_was_given_back_is_not_told(void **state)
{
    const struct effect left = {.id = 1, .kind = EFFECT_AUTOPILOT, .attempts = 1};
    struct effect e = left;
    (void)state;
    assert_true(effect_left_off(&e));
    e.undone = true;
    assert_false(effect_left_off(&e));
    e = left;
    e.attempts = 0; /* never asked for */
    assert_false(effect_left_off(&e));
    e = left;
    e.kind = EFFECT_DRAIN;
    assert_false(effect_left_off(&e));
}

/* ---- the configuration ---- */

static void test_its_key_is_taken(void **state)
{
    char path[300];
    struct coord_conf c;
    struct err err = ERR_INIT;
    static const char text[] = "[defaults]\nautopilot_cleanup = off\n";
    (void)state;
    context_fixture_write(&fixture, "past.conf", text, sizeof(text) - 1, path);
    assert_int_equal(coord_conf_load(path, NULL, &c, &err), 0);
    assert_string_equal(c.past_cleanup, "off"); /* the warnings of context_load_conf */
    char *shown = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&shown, &n);
    coord_conf_show(&c, out);
    conf_print(&coord_conf_table, out);
    fclose(out);
    assert_null(strstr(shown, "autopilot"));
    free(shown);
    coord_conf_free(&c);
    unlink(path);
}

/* ---- the plan ---- */

static void test_the_plan_says_that_it_is_on(void **state)
{
    struct small_fleet f;
    (void)state;
    for (int on = 0; on < 2; on++) {
        char *text = NULL;
        size_t n = 0;
        small_fleet_init(&f);
        f.surveyed.regions[0].cleanup_dead = on == 1;
        small_fleet_run(&f, RUN_SERVERS);
        FILE *out = open_memstream(&text, &n);
        report_plan(&f.plan, false, false, out);
        fclose(out);
        assert_int_equal(
            strstr(text, "set-config -cleanup-dead-servers=false -region global") != NULL, on == 1);
        free(text);
        auto_json struct json *o = report_plan_json(&f.plan);
        assert_int_equal(json_len(json_get(o, "dead_server_cleanup")), on);
        small_fleet_free(&f);
    }
}

/* ---- its notes ---- */

static void tick(struct run_desk *b)
{
    struct err err = ERR_INIT;
    b->n_sent = 0;
    assert_int_equal(lease_tick(&b->run, &err), 0);
    effects_plan(&b->run);
    assert_int_equal(effects_do(&b->run, &err), 0);
}

/* The last sent order that clears a note; NULL: none was sent. */
static const struct sent_order *asked(const struct run_desk *b)
{
    const struct sent_order *s = NULL;
    if (run_desk_sent(b, MSG_NOTE, NULL, &s) > 0)
        assert_true(s->note.clear && s->note.slot == 1);
    return s;
}

static void cleared(struct run_desk *b)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct event ev = {.kind = EV_RECEIPT, .key = asked(b)->key, .order = MSG_NOTE, .receipt = r};
    memcpy(ev.nonce, asked(b)->nonce, NONCE_LEN);
    effects_event(&b->run, &ev);
}

/* During an abort nothing begins. */
static struct run_desk *bench(void)
{
    struct run_desk *b = run_desk_open(RUN_ABORTING);
    struct effect *e = ledger_effect_add(&b->f.ledger, EFFECT_AUTOPILOT, "");
    str_cut(e->region, sizeof(e->region), "global");
    e->noted = e->done = true;
    e->attempts = 1;
    for (size_t i = 0; i < SMALL_SERVERS; i++) {
        struct agent_view *a = &b->f.hosts[i].agent;
        a->lease =
            (struct lease_state){.held = true, .epoch = 1, .revision = 1, .expires_in_ms = 120000};
        memcpy(a->lease.run_id, b->f.ledger.run_id, RUN_ID_LEN);
        a->lease.plan = b->f.ledger.plan_digest;
        a->lease_at = SMALL_NOW;
    }
    lease_init(&b->run);
    effects_init(&b->run);
    return b;
}

static void bench_done(struct run_desk *b)
{
    effects_free(&b->run);
    lease_free(&b->run);
    run_desk_close(b);
}

/* The note is with the agent of every server of the region. The abort waits for these, and for
 * nothing else. */
static void test_its_notes_are_cleared(void **state)
{
    struct run_desk *b = bench();
    char last[UUID_MAX] = "";
    (void)state;
    for (int i = 0; i < SMALL_SERVERS; i++) {
        tick(b);
        assert_non_null(asked(b));
        assert_string_not_equal(asked(b)->key, last);
        str_cut(last, sizeof(last), asked(b)->key);
        small_fleet_decide(&b->f);
        assert_true(small_fleet_waits(&b->f, REASON_UNDO));
        cleared(b);
    }
    tick(b);
    assert_null(asked(b));
    small_fleet_decide(&b->f);
    assert_int_equal(small_fleet_intent(&b->f, INTENT_RUN)->run, RUN_ABORTED);
    assert_true(effect_left_off(&b->f.ledger.effects[0])); /* still told */
    bench_done(b);
}

/* A silent agent does not block the abort. */
static void test_a_silent_agent_is_passed_over(void **state)
{
    struct run_desk *b = bench();
    int64_t end = SMALL_NOW + 60000;
    (void)state;
    while (!b->f.ledger.effects[0].note_cleared && b->now < end) {
        tick(b);
        b->now += 1000;
    }
    assert_true(b->now < end);
    bench_done(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_old_ledger_is_read_and_told, set_up, tear_down),
        cmocka_unit_test(test_what_was_given_back_is_not_told),
        cmocka_unit_test_setup_teardown(test_its_key_is_taken, set_up, tear_down),
        cmocka_unit_test(test_the_plan_says_that_it_is_on),
        cmocka_unit_test(test_its_notes_are_cleared),
        cmocka_unit_test(test_a_silent_agent_is_passed_over),
    };
    return cmocka_run_group_tests_name("past_cleanup", tests, NULL, NULL);
}
