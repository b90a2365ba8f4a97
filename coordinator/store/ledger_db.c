#include "ledger_db.h"

int ledger_db_fail(struct ledger_db *db, struct err *err, const char *what)
{
    return err_set(err, sqlite3_errcode(db->sqlite) == SQLITE_FULL ? ERR_NOSPACE : ERR_IO, 0,
                   "%s the ledger %s: %s", what, db->path, sqlite3_errmsg(db->sqlite));
}

int ledger_db_execute(struct ledger_db *db, const char *sql, struct err *err)
{
    return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : ledger_db_fail(db, err, "write");
}

int ledger_db_prepare(struct ledger_db *db, const char *sql, sqlite3_stmt **ret, struct err *err)
{
    return sqlite3_prepare_v2(db->sqlite, sql, -1, ret, NULL) == SQLITE_OK
               ? 0
               : ledger_db_fail(db, err, "read");
}

static const char *sql_type(enum field_type t)
{
    return t == FIELD_NAME || t == FIELD_LIST || t == FIELD_INTS ? "TEXT"
           : t == FIELD_BYTES || t == FIELD_BUF                  ? "BLOB"
                                                                 : "INTEGER";
}

static void names_of(const struct columns *c, const char *separator, struct buf *out)
{
    for (size_t i = 0; i < c->row.n; i++)
        buf_printf(out, "%s%s", i > 0 ? separator : "", c->row.fields[i].name);
}

static int has_column(struct ledger_db *db, const struct columns *c, size_t i, bool *ret,
                      struct err *err)
{
    auto_buf struct buf sql = BUF_INIT;
    sqlite3_stmt *st = NULL;
    buf_printf(&sql, "SELECT 1 FROM pragma_table_info('%s') WHERE name = '%s'", c->row.name,
               c->row.fields[i].name);
    if (ledger_db_prepare(db, buf_str(&sql), &st, err) < 0)
        return -1;
    *ret = sqlite3_step(st) == SQLITE_ROW;
    sqlite3_finalize(st);
    return 0;
}

int ledger_db_has(struct ledger_db *db, const struct columns *c, bool *ret, struct err *err)
{
    return has_column(db, c, 0, ret, err);
}

int ledger_db_make(struct ledger_db *db, const struct columns *c, struct err *err)
{
    auto_buf struct buf sql = BUF_INIT;
    buf_printf(&sql, "CREATE TABLE IF NOT EXISTS %s (%s, PRIMARY KEY (run%s))", c->row.name,
               c->keys, c->n_keys > 1 ? ", n" : "");
    if (ledger_db_execute(db, buf_str(&sql), err) < 0)
        return -1;
    for (size_t i = 0; i < c->row.n; i++) {
        bool there = false;
        if (has_column(db, c, i, &there, err) < 0)
            return -1;
        buf_clear(&sql);
        buf_printf(&sql, "ALTER TABLE %s ADD COLUMN %s %s", c->row.name, c->row.fields[i].name,
                   sql_type(c->row.fields[i].type));
        if (!there && ledger_db_execute(db, buf_str(&sql), err) < 0)
            return -1;
    }
    return 0;
}

static int prepare_put(struct ledger_db *db, const struct columns *c, sqlite3_stmt **ret,
                       struct err *err)
{
    auto_buf struct buf sql = BUF_INIT;
    buf_printf(&sql, "INSERT OR REPLACE INTO %s (run, %s", c->row.name, c->n_keys > 1 ? "n, " : "");
    names_of(c, ", ", &sql);
    buf_add_str(&sql, ") VALUES (?");
    for (size_t i = 1; i < c->row.n + (size_t)c->n_keys; i++)
        buf_add_str(&sql, ", ?");
    buf_add_str(&sql, ")");
    return ledger_db_prepare(db, buf_str(&sql), ret, err);
}

/* The statement that writes a row of this table; it is prepared once. */
static int put_statement(struct ledger_db *db, const struct columns *c, sqlite3_stmt **ret,
                         struct err *err)
{
    struct prepared *p = db->prepared;

    while (p->columns != NULL && p->columns != c)
        p++; /* there are fewer tables than places */
    p->columns = c;
    if (p->put == NULL && prepare_put(db, c, &p->put, err) < 0)
        return -1;
    *ret = p->put;
    return 0;
}

int ledger_db_put(struct ledger_db *db, const struct columns *c,
                  const unsigned char run_id[static RUN_ID_LEN], int64_t n, const void *base,
                  struct err *err)
{
    sqlite3_stmt *st = NULL;
    if (put_statement(db, c, &st, err) < 0)
        return -1;
    bool bound = sqlite3_bind_blob(st, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK &&
                 (c->n_keys == 1 || sqlite3_bind_int64(st, 2, n) == SQLITE_OK) &&
                 columns_bind(c, base, st, 1 + c->n_keys) == 0;
    int rc = bound && sqlite3_step(st) == SQLITE_DONE ? 0 : ledger_db_fail(db, err, "write");
    sqlite3_reset(st);
    return rc;
}

int ledger_db_select(struct ledger_db *db, const struct columns *c,
                     const unsigned char run_id[static RUN_ID_LEN], sqlite3_stmt **ret,
                     struct err *err)
{
    auto_buf struct buf sql = BUF_INIT;
    buf_printf(&sql, "SELECT %s, ", c->n_keys > 1 ? "n" : "0");
    /* A reader does not change a ledger of an earlier version: a missing column is NULL. */
    for (size_t i = 0; i < c->row.n; i++) {
        bool there = false;
        if (has_column(db, c, i, &there, err) < 0)
            return -1;
        buf_printf(&sql, "%s%s", i > 0 ? ", " : "", there ? c->row.fields[i].name : "NULL");
    }
    buf_printf(&sql, " FROM %s WHERE run = ? ORDER BY 1", c->row.name);
    if (ledger_db_prepare(db, buf_str(&sql), ret, err) < 0)
        return -1;
    if (sqlite3_bind_blob(*ret, 1, run_id, RUN_ID_LEN, SQLITE_TRANSIENT) == SQLITE_OK)
        return 0;
    sqlite3_finalize(*ret);
    return ledger_db_fail(db, err, "read");
}

void ledger_db_close(struct ledger_db *db)
{
    for (size_t i = 0; i < LEDGER_TABLES; i++)
        sqlite3_finalize(db->prepared[i].put);
    sqlite3_close(db->sqlite);
}
