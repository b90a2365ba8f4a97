/* What the ledger remembers, for people: runs, changes of state, lines of logs. */
#include "ledger_rows.h"
#include "str.h"

#define RUNS_MAX 1000

void ledger_text_of(sqlite3_stmt *st, int at, char *dst, size_t n)
{
    const char *text = (const char *)sqlite3_column_text(st, at);
    str_cut(dst, n, text != NULL ? text : "");
}

static void read_run(sqlite3_stmt *st, struct stored_run *r)
{
    const void *id = sqlite3_column_blob(st, 0);
    memset(r, 0, sizeof *r);
    if (sqlite3_column_bytes(st, 0) == RUN_ID_LEN)
        memcpy(r->run_id, id, RUN_ID_LEN);
    ledger_text_of(st, 1, r->target, sizeof r->target);
    r->state = (enum run_state)sqlite3_column_int(st, 2);
    r->begun_wall_ms = sqlite3_column_int64(st, 3);
    r->ended_wall_ms = sqlite3_column_int64(st, 4);
    ledger_text_of(st, 5, r->cause, sizeof r->cause);
    ledger_text_of(st, 6, r->cause_host, sizeof r->cause_host);
    r->hosts = sqlite3_column_int64(st, 7);
    r->done = sqlite3_column_int64(st, 8);
}

int ledger_store_runs(struct ledger_store *s, struct stored_run **ret, size_t *ret_n,
                      struct err *err)
{
    sqlite3_stmt *st = NULL;
    auto_buf struct buf sql = BUF_INIT;
    buf_printf(&sql,
               "SELECT run, target, state, begun_wall_ms, ended_wall_ms, cause, cause_host, "
               "n_hosts, (SELECT count(*) FROM host WHERE host.run = run.run AND host.state = %d) "
               "FROM run ORDER BY begun_wall_ms DESC LIMIT %d",
               HOST_DONE, RUNS_MAX);
    if (ledger_prepare(s, buf_str(&sql), &st, err) < 0)
        return -1;
    struct stored_run *runs = NULL;
    size_t n = 0;
    while (sqlite3_step(st) == SQLITE_ROW) {
        runs = xrealloc(runs, (n + 1) * sizeof *runs);
        read_run(st, &runs[n++]);
    }
    sqlite3_finalize(st);
    *ret = runs;
    *ret_n = n;
    return 0;
}

int ledger_store_find(struct ledger_store *s, const char *text, struct stored_run *ret,
                      struct err *err)
{
    autofree struct stored_run *runs = NULL;
    size_t n = 0, hits = 0, at = 0;
    if (text != NULL && strlen(text) < 4)
        return err_set(err, ERR_USAGE, 0, "a run is named by at least 4 digits of its id");
    if (ledger_store_runs(s, &runs, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        char hex[2 * RUN_ID_LEN + 1];
        str_hex(hex, runs[i].run_id, RUN_ID_LEN);
        if (text == NULL ? i == 0 : str_starts(hex, text)) {
            hits++;
            at = i;
        }
    }
    if (hits == 0)
        return text == NULL
                   ? err_set(err, ERR_NOTFOUND, 0, "no run was begun here")
                   : err_set(err, ERR_NOTFOUND, 0,
                             "no run %s in the ledger: `caravan history` lists them", text);
    if (hits > 1)
        return err_set(err, ERR_USAGE, 0, "%s fits %zu runs: give more digits", text, hits);
    *ret = runs[at];
    return 0;
}

int ledger_store_changes(struct ledger_store *s, const unsigned char run_id[static 16],
                         struct stored_change **ret, size_t *ret_n, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_prepare(s, "SELECT wall, key, state, text FROM change WHERE run = ? ORDER BY rowid",
                       &st, err) < 0)
        return -1;
    struct stored_change *list = NULL;
    size_t n = 0;
    if (sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK)
        while (sqlite3_step(st) == SQLITE_ROW) {
            list = xrealloc(list, (n + 1) * sizeof *list);
            struct stored_change *c = &list[n++];
            c->wall_ms = sqlite3_column_int64(st, 0);
            ledger_text_of(st, 1, c->key, sizeof c->key);
            ledger_text_of(st, 2, c->state, sizeof c->state);
            ledger_text_of(st, 3, c->text, sizeof c->text);
        }
    sqlite3_finalize(st);
    *ret = list;
    *ret_n = n;
    return 0;
}

/* ---- what other servers' logs said while one changed: kept with the step, bounded ---- */

/* The row that says that no more is kept has no server. */
static int kept_of(struct ledger_store *s, const unsigned char *run_id, const char *step,
                   int64_t *ret_bytes, bool *ret_full, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_prepare(s,
                       "SELECT total(length(line)), total(server = '') FROM heard "
                       "WHERE run = ? AND step = ?",
                       &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_text(st, 2, step, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_ROW;
    if (ok) {
        *ret_bytes = sqlite3_column_int64(st, 0);
        *ret_full = sqlite3_column_int64(st, 1) > 0;
    }
    int rc = ok ? 0 : ledger_fail(s, err, "read");
    sqlite3_finalize(st);
    return rc;
}

static int put_line(struct ledger_store *s, const unsigned char *run_id, const char *step,
                    const char *server, const char *line, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_prepare(s, "INSERT INTO heard VALUES (?, ?, ?, ?, ?)", &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_text(st, 2, step, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_text(st, 3, server, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_int64(st, 4, clock_wall(s->clock)) == SQLITE_OK &&
              sqlite3_bind_text(st, 5, line, -1, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_DONE;
    int rc = ok ? 0 : ledger_fail(s, err, "write");
    sqlite3_finalize(st);
    return rc;
}

int ledger_store_hear(struct ledger_store *s, const unsigned char run_id[static 16],
                      const char *step, const char *server, const char *line, struct err *err)
{
    char text[HEARD_LINE];
    int64_t bytes = 0;
    bool full = false;
    if (kept_of(s, run_id, step, &bytes, &full, err) < 0)
        return -1;
    if (full)
        return 0;
    str_cut(text, sizeof text, line);
    if (bytes + (int64_t)strlen(text) > HEARD_MAX) {
        snprintf(text, sizeof text, "more was said; the first %d KiB are kept", HEARD_MAX / 1024);
        server = "";
    }
    return put_line(s, run_id, step, server, text, err);
}

int ledger_store_heard(struct ledger_store *s, const unsigned char run_id[static 16],
                       struct stored_heard **ret, size_t *ret_n, struct err *err)
{
    sqlite3_stmt *st = NULL;
    struct stored_heard *list = NULL;
    struct err old = ERR_INIT;
    size_t n = 0;
    *ret = NULL;
    *ret_n = 0;
    if (ledger_prepare(s, "SELECT wall, step, server, line FROM heard WHERE run = ? ORDER BY rowid",
                       &st, &old) < 0)
        return 0; /* a ledger of an earlier version */
    if (sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) != SQLITE_OK) {
        sqlite3_finalize(st);
        return ledger_fail(s, err, "read");
    }
    while (sqlite3_step(st) == SQLITE_ROW) {
        list = xrealloc(list, (n + 1) * sizeof *list);
        struct stored_heard *h = &list[n++];
        h->wall_ms = sqlite3_column_int64(st, 0);
        ledger_text_of(st, 1, h->step, sizeof h->step);
        ledger_text_of(st, 2, h->server, sizeof h->server);
        ledger_text_of(st, 3, h->line, sizeof h->line);
    }
    sqlite3_finalize(st);
    *ret = list;
    *ret_n = n;
    return 0;
}
