/* The ledger on disk: everything committed comes back, complete, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "context_fixture.h"
#include "ledger_rows.h"
#include "ledger_store.h"
#include "str.h"

static struct context_fixture fixture;
static sqlite3 *opened; /* the connection that the store opened last */

static int look_on(sqlite3 *db, const char **error, const void *api)
{
    (void)error;
    (void)api;
    opened = db;
    return SQLITE_OK;
}

static int set_up(void **state)
{
    (void)state;
    if (sqlite3_auto_extension((void (*)(void))look_on) != SQLITE_OK)
        return -1;
    return context_fixture_begin(&fixture);
}

static int tear_down(void **state)
{
    (void)state;
    context_fixture_end(&fixture);
    return 0;
}

static struct ledger_store *open_store(void)
{
    struct ledger_store *s = NULL;
    struct err err = ERR_INIT;
    if (ledger_store_open(&fixture.conf, true, clock_system(), &s, &err) < 0)
        fail_msg("%s", err.text);
    return s;
}

/* Gives every byte of a struct's columns its own value, by the tables of the store. */
static void fill(const struct columns *c, void *base, unsigned char seed)
{
    for (size_t i = 0; i < c->row.n; i++) {
        unsigned char *p = (unsigned char *)base + c->row.fields[i].offset;
        if (c->row.fields[i].type == FIELD_NAME)
            snprintf((char *)p, c->row.fields[i].size, "%s %u \xc3\xa4", c->row.fields[i].name,
                     seed);
        else if (c->row.fields[i].type == FIELD_BOOL)
            *p = 1;
        else if (c->row.fields[i].type == FIELD_BYTES)
            memset(p, seed, c->row.fields[i].size);
        else if (c->row.fields[i].type == FIELD_INT ||
                 (c->row.fields[i].type == FIELD_UINT && c->row.fields[i].size == 8))
            memset(p, seed | 0x80, sizeof(uint64_t)); /* above 2^63, or negative */
        else if (c->row.fields[i].type == FIELD_ENUM || c->row.fields[i].type == FIELD_UINT)
            memset(p, 0, 4), p[0] = (unsigned char)(seed % 5 + 1);
    }
}

static struct ledger *make_ledger(unsigned char seed, size_t hosts)
{
    struct ledger *l = xzalloc(1, sizeof(*l));
    memset(l->run_id, seed, sizeof(l->run_id));
    fill(&run_columns, l, seed);
    buf_add(&l->plan, "plan\0text", 9);
    l->begun_wall_ms = seed;
    l->n_regions = 0;
    l->n_hosts = hosts;
    l->hosts = xzalloc(hosts + 1, sizeof(*l->hosts));
    for (size_t i = 0; i < hosts; i++) {
        fill(&host_columns, &l->hosts[i], (unsigned char)(seed + i));
        snprintf(l->hosts[i].key, sizeof(l->hosts[i].key), "host-%zu", i);
        buf_add(&l->hosts[i].inner, "inner\0bytes", 11);
        buf_add(&l->hosts[i].fingerprint, "idc1\0", 5);
        l->hosts[i].n_allocs = 2;
        str_cut(l->hosts[i].allocs[1].id, UUID_MAX, "alloc");
        str_cut(l->hosts[i].allocs[0].id, UUID_MAX, "other");
        l->hosts[i].allocs[1].started_ns = 1795344963670286110;
        l->hosts[i].allocs[1].restarts = 3;
        l->hosts[i].allocs[1].started = 2;
        l->hosts[i].dirty = true;
    }
    l->n_effects = 2;
    for (size_t i = 0; i < 2; i++) {
        fill(&effect_columns, &l->effects[i], (unsigned char)(seed + i));
        l->effects[i].id = (uint32_t)(7 + i);
        l->effects[i].undone = l->effects[i].note_cleared = false;
        l->effects[i].dirty = true;
    }
    l->dirty = true;
    return l;
}

static void drop(struct ledger *l)
{
    ledger_free(l);
    free(l);
}

static void assert_same(const struct columns *c, const void *a, const void *b)
{
    for (size_t i = 0; i < c->row.n; i++)
        if (c->row.fields[i].type != FIELD_BUF && c->row.fields[i].type != FIELD_LIST &&
            c->row.fields[i].type != FIELD_NAME &&
            memcmp((const char *)a + c->row.fields[i].offset,
                   (const char *)b + c->row.fields[i].offset, c->row.fields[i].size) != 0)
            fail_msg("%s.%s is not what was written", c->row.name, c->row.fields[i].name);
        else if (c->row.fields[i].type == FIELD_NAME)
            assert_string_equal((const char *)a + c->row.fields[i].offset,
                                (const char *)b + c->row.fields[i].offset);
}

static void test_every_field_comes_back(void **state)
{
    struct ledger_store *s = open_store();
    struct ledger *l = make_ledger(1, 3), *back = xzalloc(1, sizeof(*back));
    struct err err = ERR_INIT;
    (void)state;
    if (ledger_store_commit(s, l, &err) < 0)
        fail_msg("%s", err.text);
    assert_false(l->dirty || l->hosts[0].dirty || l->effects[0].dirty);
    ledger_store_close(s);
    s = open_store();
    if (ledger_store_load(s, l->run_id, back, &err) < 0)
        fail_msg("%s", err.text);
    assert_same(&run_columns, l, back);
    assert_int_equal(back->plan.len, 9);
    assert_memory_equal(back->plan.data, "plan\0text", 9);
    for (size_t i = 0; i < 3; i++) {
        assert_same(&host_columns, &l->hosts[i], &back->hosts[i]);
        assert_int_equal(back->hosts[i].inner.len, 11);
        assert_int_equal(back->hosts[i].fingerprint.len, 5);
        assert_int_equal(back->hosts[i].n_allocs, 2);
        assert_memory_equal(&back->hosts[i].allocs[1], &l->hosts[i].allocs[1],
                            sizeof(struct kept_alloc));
    }
    assert_int_equal(back->n_effects, 2);
    assert_int_equal(back->effects[1].id, 8);
    assert_same(&effect_columns, &l->effects[1], &back->effects[1]);
    ledger_store_close(s);
    drop(l);
    drop(back);
}

/* Every field that influences a decision must have a column: a forgotten field shows here as a byte
 * that does not come back. */
static void test_no_field_was_forgotten(void **state)
{
    struct ledger_store *s = open_store();
    struct ledger *l = make_ledger(9, 1), *back = xzalloc(1, sizeof(*back));
    struct err err = ERR_INIT;
    (void)state;
    unsigned char *p = (unsigned char *)&l->hosts[0];
    for (size_t i = offsetof(struct ledger_host, ordered_ms);
         i < offsetof(struct ledger_host, settled_ms); i++)
        p[i] = 1;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(ledger_store_load(s, l->run_id, back, &err), 0);
    const unsigned char *q = (const unsigned char *)&back->hosts[0];
    size_t lost = 0;
    for (size_t i = offsetof(struct ledger_host, ordered_ms);
         i < offsetof(struct ledger_host, settled_ms); i++)
        lost += q[i] != 1;
    assert_true(lost <= 7); /* padding after a bool and 32-bit numbers */
    ledger_store_close(s);
    drop(l);
    drop(back);
}

static void test_only_what_is_dirty_is_written(void **state)
{
    struct ledger_store *s = open_store();
    struct ledger *l = make_ledger(20, 2), *back = xzalloc(1, sizeof(*back));
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    str_cut(l->hosts[0].text, TEXT_MAX, "marked");
    str_cut(l->hosts[1].text, TEXT_MAX, "not marked");
    l->hosts[0].dirty = true;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(ledger_store_load(s, l->run_id, back, &err), 0);
    assert_string_equal(back->hosts[0].text, "marked");
    assert_string_not_equal(back->hosts[1].text, "not marked");
    ledger_store_close(s);
    drop(l);
    drop(back);
}

static void test_the_end_is_timed_once(void **state)
{
    struct err err = ERR_INIT;
    struct ledger *l = make_ledger(0x51, 1);
    struct ledger_store *s = open_store();
    (void)state;
    l->state = RUN_CLIENTS;
    l->ended_wall_ms = 0;
    l->dirty = true;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(l->ended_wall_ms, 0);
    l->state = RUN_STOPPED;
    l->dirty = true;
    int64_t before = clock_wall(clock_system());
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_true(l->ended_wall_ms >= before);
    l->ended_wall_ms = 42;
    l->dirty = true;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(l->ended_wall_ms, 42);
    ledger_resume(l); /* the run has not ended */
    assert_int_equal(l->ended_wall_ms, 0);
    ledger_store_close(s);
    ledger_free(l);
    free(l);
}

static void test_finished_effects_are_history(void **state)
{
    struct ledger_store *s = open_store();
    struct ledger *l = make_ledger(30, 1), *back = xzalloc(1, sizeof(*back));
    struct err err = ERR_INIT;
    (void)state;
    l->effects[0].undone = l->effects[0].note_cleared = true;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(ledger_store_load(s, l->run_id, back, &err), 0);
    assert_int_equal(back->n_effects, effect_finished(&l->effects[0]) ? 1 : 2);
    assert_int_equal(back->effects[back->n_effects - 1].id, 8);
    ledger_store_close(s);
    drop(l);
    drop(back);
}

static void test_changes_of_state_are_kept(void **state)
{
    struct ledger_store *s = open_store();
    struct ledger *l = make_ledger(40, 1);
    struct stored_change *list = NULL;
    struct err err = ERR_INIT;
    size_t n = 0;
    (void)state;
    l->state = RUN_CLAIMING;
    l->hosts[0].state = HOST_PENDING;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    l->hosts[0].state = HOST_STAGING;
    l->hosts[0].dirty = l->dirty = true;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    l->hosts[0].dirty = true; /* the same values again are no change */
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(ledger_store_changes(s, l->run_id, &list, &n, &err), 0);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].key, "");
    assert_string_equal(list[0].state, run_state_name(RUN_CLAIMING));
    assert_string_equal(list[1].state, host_state_name(HOST_STAGING));
    free(list);
    ledger_store_close(s);
    drop(l);
}

static void test_runs_are_found_by_their_first_digits(void **state)
{
    struct ledger_store *s = open_store();
    struct ledger *l = make_ledger(0xab, 1);
    struct stored_run run;
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(ledger_store_find(s, NULL, &run, &err), 0);
    assert_memory_equal(run.run_id, l->run_id, RUN_ID_LEN); /* begun last */
    assert_int_equal(ledger_store_find(s, "abab", &run, &err), 0);
    assert_int_equal(ledger_store_find(s, "ab", &run, &err), -1);
    assert_int_equal(err.kind, ERR_USAGE);
    assert_int_equal(ledger_store_find(s, "dead", &run, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    ledger_store_close(s);
    drop(l);
}

/* In a run that only stages, a host that has staged is done. */
static void test_a_list_counts_what_is_done(void **state)
{
    static const enum run_state states[] = {RUN_STAGED, RUN_DONE};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct ledger_store *s = open_store();
        struct ledger *l = make_ledger(40, 1);
        autofree struct stored_run *runs = NULL;
        struct err err = ERR_INIT;
        size_t n = 0;
        l->state = states[i];
        for (size_t k = 0; k < l->n_hosts; k++)
            l->hosts[k].state = k == 0 ? HOST_SKIPPED : i == 0 ? HOST_STAGED : HOST_DONE;
        assert_int_equal(ledger_store_commit(s, l, &err), 0);
        assert_int_equal(ledger_store_runs(s, &runs, &n, &err), 0);
        assert_int_equal(runs[0].done, l->n_hosts - 1);
        ledger_store_close(s);
        drop(l);
    }
}

/* A ledger of an earlier version: a column is missing, and the store adds it. */
static void test_a_missing_column_is_added(void **state)
{
    struct ledger_store *s = open_store();
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(
        sqlite3_exec(opened, "ALTER TABLE host DROP COLUMN fingerprint", NULL, NULL, NULL),
        SQLITE_OK);
    ledger_store_close(s);
    s = open_store();
    struct ledger *l = make_ledger(50, 1), *back = xzalloc(1, sizeof(*back));
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(ledger_store_load(s, l->run_id, back, &err), 0);
    assert_int_equal(back->hosts[0].fingerprint.len, l->hosts[0].fingerprint.len);
    assert_memory_equal(back->hosts[0].fingerprint.data, l->hosts[0].fingerprint.data,
                        l->hosts[0].fingerprint.len);
    ledger_store_close(s);
    drop(l);
    drop(back);
}

/* A reader does not need the column: an older run has no hazards. */
static void test_a_missing_column_is_nothing_to_who_looks(void **state)
{
    struct ledger_store *s = open_store();
    struct ledger *l = make_ledger(50, 1), *back = xzalloc(1, sizeof(*back));
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(ledger_store_commit(s, l, &err), 0);
    assert_int_equal(
        sqlite3_exec(opened, "ALTER TABLE run DROP COLUMN hazards_digest", NULL, NULL, NULL),
        SQLITE_OK);
    ledger_store_close(s);
    assert_int_equal(ledger_store_open(&fixture.conf, false, clock_system(), &s, &err), 0);
    if (ledger_store_load(s, l->run_id, back, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(digest_is_zero(&back->hazards_digest));
    assert_string_equal(back->target, l->target);
    ledger_store_close(s);
    drop(l);
    drop(back);
}

static void test_the_lock_names_its_holder(void **state)
{
    struct err err = ERR_INIT;
    int fd = -1, again = -1;
    char pid[24];
    (void)state;
    assert_int_equal(ledger_store_lock(&fixture.conf, &fd, &err), 0);
    assert_int_equal(ledger_store_lock(&fixture.conf, &again, &err), -1);
    assert_int_equal(err.kind, ERR_BUSY);
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    assert_non_null(strstr(err.text, pid));
    close(fd);
    assert_int_equal(ledger_store_lock(&fixture.conf, &again, &err), 0);
    close(again);
}

static void test_it_is_durable_and_private(void **state)
{
    struct ledger_store *s = open_store();
    sqlite3_stmt *st = NULL;
    struct stat sb;
    (void)state;
    assert_int_equal(sqlite3_prepare_v2(opened, "PRAGMA journal_mode", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(st, 0), "wal");
    sqlite3_finalize(st);
    assert_int_equal(sqlite3_prepare_v2(opened, "PRAGMA synchronous", -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(st, 0), 2); /* FULL */
    sqlite3_finalize(st);
    assert_int_equal(stat(sqlite3_db_filename(opened, "main"), &sb), 0);
    assert_int_equal(sb.st_mode & 0777, 0600);
    ledger_store_close(s);
}

/* Killed between two commits: the first is in the ledger, the second is not. */
static void test_a_killed_writer_leaves_the_last_commit(void **state)
{
    struct err err = ERR_INIT;
    struct ledger *l = make_ledger(60, 1), *back = xzalloc(1, sizeof(*back));
    (void)state;
    pid_t pid = fork(); /* this test has neither threads nor nng */
    if (pid == 0) {
        struct ledger_store *s = open_store();
        str_cut(l->hosts[0].text, TEXT_MAX, "committed");
        if (ledger_store_commit(s, l, &err) == 0)
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    struct ledger_store *s = open_store();
    assert_int_equal(ledger_store_load(s, l->run_id, back, &err), 0);
    assert_string_equal(back->hosts[0].text, "committed");
    ledger_store_close(s);
    drop(l);
    drop(back);
}

static void test_nothing_to_read_is_told(void **state)
{
    struct context_fixture empty;
    struct ledger_store *s = NULL;
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(context_fixture_begin(&empty), 0);
    assert_int_equal(ledger_store_open(&empty.conf, false, clock_system(), &s, &err), -1);
    assert_int_equal(err.kind, ERR_NOTFOUND);
    context_fixture_end(&empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_comes_back),
        cmocka_unit_test(test_no_field_was_forgotten),
        cmocka_unit_test(test_only_what_is_dirty_is_written),
        cmocka_unit_test(test_the_end_is_timed_once),
        cmocka_unit_test(test_finished_effects_are_history),
        cmocka_unit_test(test_changes_of_state_are_kept),
        cmocka_unit_test(test_runs_are_found_by_their_first_digits),
        cmocka_unit_test(test_a_list_counts_what_is_done),
        cmocka_unit_test(test_a_missing_column_is_added),
        cmocka_unit_test(test_a_missing_column_is_nothing_to_who_looks),
        cmocka_unit_test(test_the_lock_names_its_holder),
        cmocka_unit_test(test_it_is_durable_and_private),
        cmocka_unit_test(test_a_killed_writer_leaves_the_last_commit),
        cmocka_unit_test(test_nothing_to_read_is_told),
    };
    return cmocka_run_group_tests_name("ledger_store", tests, set_up, tear_down);
}
