/*
 * ledger_db.h - the ledger's database: tables made of columns (ledger_rows.h), rows put and read.
 *
 * SQL is only in this file and in ledger_store.c (runs), ledger_record.c (signed bytes) and
 * ledger_walk.c. Opening the ledger for writing makes the tables, and adds the columns that a
 * ledger of an earlier version lacks. A reader gets NULL for a missing column.
 *
 *     ledger_db_put(db, &host_columns, run_id, 3, &host, err)
 *                              writes a row, in the caller's transaction
 *     ledger_db_select(db, &host_columns, run_id, &st, err)
 *                              then sqlite3_step; each result row is n and the columns
 *
 * Error texts name the file. ERR_NOSPACE: the disk is full. For one thread.
 */
#ifndef LEDGER_DB_H
#define LEDGER_DB_H

#include "ledger_rows.h"

#define LEDGER_TABLES 8

struct ledger_db {
    sqlite3 *sqlite;
    char path[300];
    struct prepared {
        const struct columns *columns;
        sqlite3_stmt *put;
    } prepared[LEDGER_TABLES]; /* one statement for each table that was written */
};

/* Returns -1 and fills *err with `what` ("read", "write", ...), the path and SQLite's reason. */
MUST_CHECK int ledger_db_fail(struct ledger_db *db, struct err *err, const char *what);
MUST_CHECK int ledger_db_execute(struct ledger_db *db, const char *sql, struct err *err);
MUST_CHECK int ledger_db_prepare(struct ledger_db *db, const char *sql, sqlite3_stmt **ret,
                                 struct err *err);
/* Makes the table if it does not exist, and adds missing columns. */
MUST_CHECK int ledger_db_make(struct ledger_db *db, const struct columns *c, struct err *err);
/* Does the table exist? An earlier version did not make all tables. */
MUST_CHECK int ledger_db_has(struct ledger_db *db, const struct columns *c, bool *ret,
                             struct err *err);
/* Writes or replaces a row. n: the number of the row within its run; unused for the table of runs.
 */
MUST_CHECK int ledger_db_put(struct ledger_db *db, const struct columns *c,
                             const unsigned char run_id[static RUN_ID_LEN], int64_t n,
                             const void *base, struct err *err);
/* Selects the rows of a run in the order of their numbers. A result row has n (0 in the table of
 * runs), then the columns. The caller finalizes *ret. */
MUST_CHECK int ledger_db_select(struct ledger_db *db, const struct columns *c,
                                const unsigned char run_id[static RUN_ID_LEN], sqlite3_stmt **ret,
                                struct err *err);
void ledger_db_close(struct ledger_db *db);

#endif
