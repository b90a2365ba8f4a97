#include "ledger_record.h"

#include <stddef.h>
#include "str.h"

/* The number of a row is made of host and turn, so that the rows are in the order of the hosts. */
#define TURN_BITS 16
#define TURN_MAX  ((1 << TURN_BITS) - 1)

static const struct field record_list[] = {
    ROW("host", stored_record, host, FIELD_NAME),
    ROW("wall_ms", stored_record, wall_ms, FIELD_INT),
    ROW_UINT("trust", stored_record, trust),
    ROW_UINT("told", stored_record, told),
    ROW("salt", stored_record, salt, FIELD_BYTES),
    ROW("digest", stored_record, digest, FIELD_BYTES),
    ROW("inner_bytes", stored_record, inner, FIELD_BUF),
    ROW("answered_ms", stored_record, answered_ms, FIELD_INT),
    ROW("receipt_bytes", stored_record, receipt, FIELD_BUF),
};
static const struct columns record_columns = {LAYOUT("record", record_list), "run BLOB, n INTEGER",
                                              2};

struct kept_trust {
    struct buf file;
};
static const struct field trust_list[] = {ROW("file", kept_trust, file, FIELD_BUF)};
static const struct columns trust_columns = {LAYOUT("trust", trust_list), "run BLOB, n INTEGER", 2};

int ledger_record_make(struct ledger_db *db, struct err *err)
{
    return ledger_db_make(db, &record_columns, err) < 0 ? -1
                                                        : ledger_db_make(db, &trust_columns, err);
}

void stored_record_free(struct stored_record *r)
{
    buf_free(&r->inner);
    buf_free(&r->receipt);
}

/* ---- writing ---- */

/* How many rows have numbers from `first` to `last`. The rows are numbered without a gap. */
static int rows_of(struct ledger_db *db, const unsigned char run_id[static 16], int64_t first,
                   int64_t last, int64_t *ret, struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (ledger_db_prepare(db,
                          "SELECT coalesce(max(n), ?2) - ?2 FROM record "
                          "WHERE run = ?1 AND n BETWEEN ?2 AND ?3",
                          &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
              sqlite3_bind_int64(st, 2, first) == SQLITE_OK &&
              sqlite3_bind_int64(st, 3, last) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW;
    *ret = ok ? sqlite3_column_int64(st, 0) : 0;
    int rc = ok ? 0 : ledger_db_fail(db, err, "read");
    sqlite3_finalize(st);
    return rc;
}

static int put_order(struct ledger_db *db, const struct ledger *l, const struct kept_record *k,
                     uint32_t trust, int64_t wall_ms, struct err *err)
{
    struct stored_record row = {.wall_ms = wall_ms,
                                .trust = trust,
                                .told = k->told,
                                .digest = k->order,
                                .inner = k->inner /* borrowed */};
    int64_t turns = 0, first = (int64_t)k->host << TURN_BITS;
    if (rows_of(db, l->run_id, first, first + TURN_MAX, &turns, err) < 0)
        return -1;
    if (turns == TURN_MAX)
        return err_set(err, ERR_LIMIT, 0, "the ledger %s has no room for more orders of %s",
                       db->path, l->hosts[k->host].key);
    memcpy(row.salt, k->salt, NONCE_LEN);
    str_cut(row.host, sizeof(row.host), l->hosts[k->host].key);
    return ledger_db_put(db, &record_columns, l->run_id, first + turns + 1, &row, err);
}

/* An earlier version recorded no orders: the receipt of such an order has no row to go to. */
static int put_receipt(struct ledger_db *db, const struct ledger *l, const struct kept_record *k,
                       int64_t wall_ms, struct err *err)
{
    int64_t first = (int64_t)k->host << TURN_BITS;
    sqlite3_stmt *st = NULL;
    if (ledger_db_prepare(db,
                          "UPDATE record SET receipt_bytes = ?1, answered_ms = ?2 "
                          "WHERE run = ?3 AND n BETWEEN ?4 AND ?5 AND digest = ?6",
                          &st, err) < 0)
        return -1;
    bool ok =
        sqlite3_bind_blob(st, 1, k->inner.data, (int)k->inner.len, SQLITE_TRANSIENT) == SQLITE_OK &&
        sqlite3_bind_int64(st, 2, wall_ms) == SQLITE_OK &&
        sqlite3_bind_blob(st, 3, l->run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
        sqlite3_bind_int64(st, 4, first) == SQLITE_OK &&
        sqlite3_bind_int64(st, 5, first + TURN_MAX) == SQLITE_OK &&
        sqlite3_bind_blob(st, 6, k->order.bytes, DIGEST_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_DONE;
    int rc = ok ? 0 : ledger_db_fail(db, err, "write");
    sqlite3_finalize(st);
    return rc;
}

int ledger_record_put(struct ledger_db *db, const struct ledger *l, const struct kept_record *k,
                      uint32_t trust, int64_t wall_ms, struct err *err)
{
    return k->receipt ? put_receipt(db, l, k, wall_ms, err)
                      : put_order(db, l, k, trust, wall_ms, err);
}

int ledger_record_put_trust(struct ledger_db *db, const unsigned char run_id[static 16],
                            uint32_t version, const struct buf *file, struct err *err)
{
    return ledger_db_put(db, &trust_columns, run_id, version, &(struct kept_trust){.file = *file},
                         err);
}

const unsigned char ledger_no_run[RUN_ID_LEN];

int ledger_record_alone(struct ledger_store *s, struct stored_record *io, struct err *err)
{
    struct ledger_db *db = ledger_store_db(s);
    int64_t n = ((int64_t)io->at << TURN_BITS) + io->turn, rows = 0;
    if (n == 0 && rows_of(db, ledger_no_run, 0, INT64_MAX, &rows, err) < 0)
        return -1;
    if (n == 0)
        n = rows + 1;
    if (ledger_db_put(db, &record_columns, ledger_no_run, n, io, err) < 0)
        return -1;
    io->at = (size_t)(n >> TURN_BITS);
    io->turn = (uint32_t)(n & TURN_MAX);
    return 0;
}

int ledger_record_alone_last(struct ledger_store *s, struct digest *ret, struct err *err)
{
    struct ledger_db *db = ledger_store_db(s);
    sqlite3_stmt *st = NULL;
    memset(ret, 0, sizeof(*ret));
    if (ledger_db_prepare(db, "SELECT digest FROM record WHERE run = ? ORDER BY n DESC LIMIT 1",
                          &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, ledger_no_run, RUN_ID_LEN, SQLITE_STATIC) == SQLITE_OK;
    int step = ok ? sqlite3_step(st) : SQLITE_ERROR;
    if (step == SQLITE_ROW && sqlite3_column_bytes(st, 0) == DIGEST_LEN)
        memcpy(ret->bytes, sqlite3_column_blob(st, 0), DIGEST_LEN);
    int rc = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : ledger_db_fail(db, err, "read");
    sqlite3_finalize(st);
    return rc;
}

/* ---- reading ---- */

struct ledger_record {
    struct ledger_db *db;
    sqlite3_stmt *st; /* NULL: the ledger is of an earlier version and has no records */
};

/* Selects the rows of a run. *ret NULL: the ledger is of an earlier version and has no such table.
 */
static int select_if(struct ledger_db *db, const struct columns *c,
                     const unsigned char run_id[static 16], sqlite3_stmt **ret, struct err *err)
{
    bool there = false;
    *ret = NULL;
    if (ledger_db_has(db, c, &there, err) < 0)
        return -1;
    return there ? ledger_db_select(db, c, run_id, ret, err) : 0;
}

int ledger_record_open(struct ledger_store *s, const unsigned char run_id[static 16],
                       struct ledger_record **ret, struct err *err)
{
    struct ledger_record *r = xzalloc(1, sizeof(*r));
    r->db = ledger_store_db(s);
    if (select_if(r->db, &record_columns, run_id, &r->st, err) < 0) {
        ledger_record_close(r);
        return -1;
    }
    *ret = r;
    return 0;
}

int ledger_record_next(struct ledger_record *r, struct stored_record *io, struct err *err)
{
    int rc = r->st != NULL ? sqlite3_step(r->st) : SQLITE_DONE;
    if (rc != SQLITE_ROW)
        return rc == SQLITE_DONE ? 0 : ledger_db_fail(r->db, err, "read");
    struct buf inner = io->inner, receipt = io->receipt;
    memset(io, 0, sizeof(*io));
    io->inner = inner;
    io->receipt = receipt;
    buf_clear(&io->inner);
    buf_clear(&io->receipt);
    columns_read(&record_columns, io, r->st, 1);
    int64_t n = sqlite3_column_int64(r->st, 0);
    io->at = (size_t)(n >> TURN_BITS);
    io->turn = (uint32_t)(n & TURN_MAX);
    return 1;
}

void ledger_record_close(struct ledger_record *r)
{
    if (r == NULL)
        return;
    sqlite3_finalize(r->st);
    free(r);
}

int ledger_record_read_trust(struct ledger_db *db, const unsigned char run_id[static 16],
                             uint32_t version, struct buf *ret, struct err *err)
{
    struct kept_trust row = {.file = BUF_INIT};
    sqlite3_stmt *st = NULL;
    bool found = false;
    if (select_if(db, &trust_columns, run_id, &st, err) < 0)
        return -1;
    while (!found && st != NULL && sqlite3_step(st) == SQLITE_ROW) {
        found = sqlite3_column_int64(st, 0) == (int64_t)version;
        if (found)
            columns_read(&trust_columns, &row, st, 1);
    }
    sqlite3_finalize(st);
    if (!found)
        return err_set(err, ERR_NOTFOUND, 0,
                       "version %u of the trust file is not stored with this run",
                       (unsigned)version);
    buf_clear(ret);
    buf_add(ret, row.file.data, row.file.len);
    buf_free(&row.file);
    return 0;
}

int ledger_record_orphans(struct ledger_store *s, size_t *ret, struct err *err)
{
    struct ledger_db *db = ledger_store_db(s);
    sqlite3_stmt *st = NULL;
    bool there = false;
    *ret = 0;
    if (ledger_db_has(db, &record_columns, &there, err) < 0)
        return -1;
    if (!there)
        return 0;
    if (ledger_db_prepare(db,
                          "SELECT count(DISTINCT run) FROM record "
                          "WHERE run <> ? AND run NOT IN (SELECT run FROM run)",
                          &st, err) < 0)
        return -1;
    bool ok = sqlite3_bind_blob(st, 1, ledger_no_run, RUN_ID_LEN, SQLITE_STATIC) == SQLITE_OK &&
              sqlite3_step(st) == SQLITE_ROW;
    if (ok)
        *ret = (size_t)sqlite3_column_int64(st, 0);
    int rc = ok ? 0 : ledger_db_fail(db, err, "read");
    sqlite3_finalize(st);
    return rc;
}
