/*
 * ledger_rows.h - tables (layout.h) of the fields of the ledger's structs that are columns.
 *
 * Each field has one row. A number is stored bit for bit as a signed 64-bit number, FIELD_INTS as a
 * text of words, FIELD_LIST as a text of lines; the words of a line are the fields of one item. SQL
 * is made from these tables (ledger_db.c), so that a new field needs one new row. Opening a
 * database of an earlier version for writing adds the missing columns.
 *
 *     columns_bind(&host_columns, &host, st, 1)    before a row is written
 *     columns_read(&host_columns, &host, st, 1)    after a row was read
 *
 * The caller owns the statement. Reading fills a struct that is zero or has earlier values; the
 * owner of the struct frees the buffers (FIELD_BUF). Tables are constant; any thread.
 */
#ifndef LEDGER_ROWS_H
#define LEDGER_ROWS_H

#include <sqlite3.h>
#include "layout.h"
#include "ledger.h"

struct columns {
    struct layout row; /* its name is the name of the table; FIELD_ENUM is also used for int */
    const char *keys;  /* "run BLOB, n INTEGER" */
    int n_keys;
};

extern const struct columns run_columns, host_columns, effect_columns, region_columns;

/* Binds the columns of the struct at `base`; `first`: number of the first parameter. */
MUST_CHECK int columns_bind(const struct columns *c, const void *base, sqlite3_stmt *st, int first);
/* Reads the columns into the struct at `base`; `first`: number of the first result column. A field
 * whose column is NULL stays as it is. */
void columns_read(const struct columns *c, void *base, sqlite3_stmt *st, int first);

#endif
