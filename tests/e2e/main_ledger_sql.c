/* ledger_sql FILE STATEMENT: what somebody may do to a ledger who may write its file. Prints rows
 * of a SELECT, words separated by blanks, blobs in hexadecimal. */
#include <sqlite3.h>
#include <stdio.h>

static void print_value(sqlite3_stmt *st, int i)
{
    const unsigned char *p = sqlite3_column_blob(st, i);
    if (sqlite3_column_type(st, i) != SQLITE_BLOB) {
        printf("%s", (const char *)sqlite3_column_text(st, i));
        return;
    }
    for (int k = 0; k < sqlite3_column_bytes(st, i); k++)
        printf("%02x", p[k]);
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    int rc = argc == 3 ? sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) : SQLITE_MISUSE;
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(db, argv[2], -1, &st, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(st); i++) {
            printf("%s", i > 0 ? " " : "");
            print_value(st, i);
        }
        printf("\n");
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        fprintf(stderr, "ledger_sql: %s\n", db != NULL ? sqlite3_errmsg(db) : "usage");
    sqlite3_finalize(st);
    sqlite3_close(db);
    return rc == SQLITE_DONE ? 0 : 1;
}
