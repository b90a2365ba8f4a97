/* What other servers' logs said while one changed: kept with the step, bounded. */
#include "ledger_rows.h"
#include "str.h"

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
