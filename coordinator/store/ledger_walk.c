#include "ledger_walk.h"

#define PIECE 16384 /* bytes of a plan's text that are read at once */

struct since {
    enum record_since record;
};
static const struct field since_list[] = {ROW("record", since, record, FIELD_ENUM)};
static const struct columns since_columns = {LAYOUT("run", since_list), "run BLOB", 1};

static int read_since(struct ledger_walk *w, const unsigned char *run_id, struct err *err)
{
    struct since since = {RECORD_NONE};
    sqlite3_stmt *st = NULL;
    if (ledger_db_select(w->db, &since_columns, run_id, &st, err) < 0)
        return -1;
    bool there = sqlite3_step(st) == SQLITE_ROW;
    if (there)
        columns_read(&since_columns, &since, st, 1);
    sqlite3_finalize(st);
    w->since = since.record;
    return there ? 0 : err_set(err, ERR_NOTFOUND, 0, "the ledger has no such run");
}

static int open_text(struct ledger_walk *w, const unsigned char *run_id, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_db_prepare(w->db, "SELECT rowid FROM run WHERE run = ?", &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_ROW &&
              sqlite3_blob_open(w->db->sqlite, "main", "run", "plan", sqlite3_column_int64(st, 0),
                                0, &w->text) == SQLITE_OK;
    int rc = ok ? 0 : ledger_db_fail(w->db, err, "read the plan in");
    sqlite3_finalize(st);
    return rc;
}

int ledger_walk_open(struct ledger_store *s, const unsigned char run_id[static 16],
                     struct ledger_walk **ret, struct err *err)
{
    struct ledger_walk *w = xzalloc(1, sizeof(*w));
    w->db = ledger_store_db(s);
    if (read_since(w, run_id, err) < 0 || open_text(w, run_id, err) < 0 ||
        ledger_db_select(w->db, &host_columns, run_id, &w->hosts, err) < 0) {
        ledger_walk_close(w);
        return -1;
    }
    *ret = w;
    return 0;
}

void ledger_walk_close(struct ledger_walk *w)
{
    if (w == NULL)
        return;
    sqlite3_finalize(w->hosts);
    sqlite3_blob_close(w->text);
    buf_free(&w->rest);
    buf_free(&w->host.inner);
    buf_free(&w->host.log);
    buf_free(&w->host.fingerprint);
    free(w);
}

/* ---- the plan's text, line by line ---- */

/* Appends one more piece of the text to `rest`. 0: the text has ended. */
static int read_piece(struct ledger_walk *w, struct err *err)
{
    unsigned char piece[PIECE];
    int n = MIN_OF(PIECE, sqlite3_blob_bytes(w->text) - w->read);
    if (n > 0 && sqlite3_blob_read(w->text, piece, n, w->read) != SQLITE_OK)
        return ledger_db_fail(w->db, err, "read the plan in");
    if (w->taken > 0)
        memmove(w->rest.data, w->rest.data + w->taken, w->rest.len - w->taken);
    w->rest.len -= w->taken;
    w->taken = 0;
    buf_add(&w->rest, piece, (size_t)n);
    w->read += n;
    return n > 0;
}

/* 1: *ret is the next line, valid until the next call; 0: there is no further line. */
static int next_plan_line(struct ledger_walk *w, char **ret, struct err *err)
{
    char *end = NULL;
    int rc = 1;
    while (rc > 0 && (w->rest.len == 0 || (end = memchr(w->rest.data + w->taken, '\n',
                                                        w->rest.len - w->taken)) == NULL))
        rc = read_piece(w, err);
    if (end == NULL)
        return rc;
    *end = '\0';
    *ret = (char *)w->rest.data + w->taken;
    w->taken = (size_t)(end + 1 - (char *)w->rest.data);
    return 1;
}

static int next_planned(struct ledger_walk *w, struct err *err)
{
    char *line = NULL;
    int rc, is = 0;
    while (is == 0 && (rc = next_plan_line(w, &line, err)) != 0) {
        if (rc < 0)
            return -1;
        is = plan_text_host(line, &w->plan);
    }
    return is >= 0 ? is
                   : err_set(err, ERR_FORMAT, 0, "a host in the plan of the run cannot be read");
}

/* ---- both ---- */

static int next_host(struct ledger_walk *w, struct err *err)
{
    int rc = sqlite3_step(w->hosts);
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? 0 : ledger_db_fail(w->db, err, "read");
    struct buf inner = w->host.inner, log = w->host.log, fingerprint = w->host.fingerprint;
    memset(&w->host, 0, sizeof(w->host));
    w->host.inner = inner;
    w->host.log = log;
    w->host.fingerprint = fingerprint;
    columns_read(&host_columns, &w->host, w->hosts, 1);
    w->at = (size_t)sqlite3_column_int64(w->hosts, 0);
    return 1;
}

int ledger_walk_next(struct ledger_walk *w, struct err *err)
{
    int planned = next_planned(w, err), there = planned < 0 ? -1 : next_host(w, err);
    if (planned < 0 || there < 0)
        return -1;
    if (planned == there && (there == 0 || (w->at == w->n && str_eq(w->plan.key, w->host.key)))) {
        w->n += (size_t)there;
        return there;
    }
    return err_set(err, ERR_FORMAT, 0,
                   "the ledger %s: host %zu of the run's plan is not the host of row %zu",
                   w->db->path, w->n + 1, w->n + 1);
}
