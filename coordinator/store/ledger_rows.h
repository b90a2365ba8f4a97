/*
 * ledger_rows.h - which fields of the ledger's structs are columns, as tables.
 *
 * One row a field: column, how it is kept, where it is. SQL is made from these tables
 * (ledger_store.c), so that a field is added in one place; columns a database of an
 * earlier version lacks are added when it is opened for writing.
 *
 *     columns_bind(&host_columns, &host, st, 1)    before a row is written
 *     columns_read(&host_columns, &host, st, 1)    after a row was read
 *
 * The statement is the caller's. Reading fills a struct that is zero or holds earlier values; what
 * it allocates (COLUMN_BUF) is the struct's owner's. Tables are constant; any thread.
 */
#ifndef LEDGER_ROWS_H
#define LEDGER_ROWS_H

#include <sqlite3.h>
#include "ledger.h"

enum column_type {
    COLUMN_BOOL,
    COLUMN_INT, /* int and enums */
    COLUMN_U32,
    COLUMN_SIZE, /* size_t */
    COLUMN_I64,
    COLUMN_U64,    /* bit for bit as a signed one */
    COLUMN_TEXT,   /* char[size] */
    COLUMN_BYTES,  /* unsigned char[size] */
    COLUMN_BUF,    /* struct buf */
    COLUMN_COUNTS, /* int64_t[OBJECT_KINDS] */
    COLUMN_ALLOCS, /* of struct ledger_host: n_allocs and allocs */
};

struct column {
    const char *name;
    enum column_type type;
    size_t offset, size;
};

struct columns {
    const char *table;
    const char *keys; /* "run BLOB, n INTEGER" */
    int n_keys;
    const struct column *list;
    size_t n;
};

extern const struct columns run_columns, host_columns, effect_columns, region_columns;

/* Binds the columns of base from parameter `first` on. */
MUST_CHECK int columns_bind(const struct columns *c, const void *base, sqlite3_stmt *st, int first);
/* Reads them from result column `first` on; what is NULL stays as it is. */
void columns_read(const struct columns *c, void *base, sqlite3_stmt *st, int first);

#endif
