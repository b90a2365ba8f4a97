/*
 * ledger_db.h - the ledger's database: tables made of columns (ledger_rows.h), rows put and read.
 *
 * SQL stands here and in the files that keep one thing each: ledger_store.h (runs), ledger_record.h
 * (what was signed). A table is made when the ledger is opened for writing, and gets the columns
 * that an earlier version lacks; who only reads takes what lacks for NULL.
 *
 *     ledger_db_put(db, &host_columns, run_id, 3, &host, err)     within a transaction of the
 * caller's ledger_db_select(db, &host_columns, run_id, &st, err)       then sqlite3_step: n, the
 * columns
 *
 * Failures name the file, and are ERR_NOSPACE when the disk is full. One thread.
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
    } prepared[LEDGER_TABLES]; /* once for each table that is written */
};

/* -1, with the database's own reason. */
MUST_CHECK int ledger_db_fail(struct ledger_db *db, struct err *err, const char *what);
MUST_CHECK int ledger_db_execute(struct ledger_db *db, const char *sql, struct err *err);
MUST_CHECK int ledger_db_prepare(struct ledger_db *db, const char *sql, sqlite3_stmt **ret,
                                 struct err *err);
MUST_CHECK int ledger_db_make(struct ledger_db *db, const struct columns *c, struct err *err);
/* Is there such a table? An earlier version did not make all of them. */
MUST_CHECK int ledger_db_has(struct ledger_db *db, const struct columns *c, bool *ret,
                             struct err *err);
/* n: the row's number within its run; of a table of runs it takes no part. */
MUST_CHECK int ledger_db_put(struct ledger_db *db, const struct columns *c,
                             const unsigned char run_id[static RUN_ID_LEN], int64_t n,
                             const void *base, struct err *err);
/* The rows of a run by their numbers: n (of runs 0), then the columns. The caller finalizes. */
MUST_CHECK int ledger_db_select(struct ledger_db *db, const struct columns *c,
                                const unsigned char run_id[static RUN_ID_LEN], sqlite3_stmt **ret,
                                struct err *err);
void ledger_db_close(struct ledger_db *db);

#endif
