/*
 * ledger_rows.h - which fields of the ledger's structs are columns, as tables (layout.h).
 *
 * One row a field. Numbers are kept bit for bit as signed ones of 64 bits, FIELD_INTS as a text of
 * words, FIELD_LIST as one of lines, whose words are the item's fields. SQL is made from these
 * tables (ledger_store.c), so that a field is added in one place; columns a database of an earlier
 * version lacks are added when it is opened for writing.
 *
 *     columns_bind(&host_columns, &host, st, 1)    before a row is written
 *     columns_read(&host_columns, &host, st, 1)    after a row was read
 *
 * The statement is the caller's. Reading fills a struct that is zero or holds earlier values; what
 * it allocates (FIELD_BUF) is the struct's owner's. Tables are constant; any thread.
 */
#ifndef LEDGER_ROWS_H
#define LEDGER_ROWS_H

#include <sqlite3.h>
#include "layout.h"
#include "ledger.h"

struct columns {
    struct layout row; /* its name is the table's; FIELD_ENUM also stands for a plain int */
    const char *keys;  /* "run BLOB, n INTEGER" */
    int n_keys;
};

extern const struct columns run_columns, host_columns, effect_columns, region_columns;

/* Binds the columns of base from parameter `first` on. */
MUST_CHECK int columns_bind(const struct columns *c, const void *base, sqlite3_stmt *st, int first);
/* Reads them from result column `first` on; what is NULL stays as it is. */
void columns_read(const struct columns *c, void *base, sqlite3_stmt *st, int first);

#endif
