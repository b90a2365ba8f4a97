/*
 * table.h - columns of text for people.
 *
 * table_row takes one text a column (NULL: "") and escapes it, for it may come from
 * outside; table_print gives every column the width of its widest cell, and a row its
 * colour. Cells are cut at TABLE_CELL_MAX bytes. On a terminal the last column is wrapped when the
 * columns before it leave room for that.
 */
#ifndef TABLE_H
#define TABLE_H

#include "arena.h"
#include "str.h"

#define TABLE_COLUMNS  10
#define TABLE_CELL_MAX 160
#define REPORT_ROWS    60 /* hosts shown one by one; more are counted, unless all are asked for */

enum color { COLOR_NONE, COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_DIM, COLOR_BOLD };

struct table {
    size_t n_columns, n_rows, cap;
    const char *heads[TABLE_COLUMNS];
    const char **cells; /* n_rows x n_columns */
    enum color *colors;
    struct arena arena;
};

/* heads: as many as columns. */
void table_init(struct table *t, const char *const *heads, size_t n);
void table_row(struct table *t, enum color color, const char *const *cells);
void table_print(const struct table *t, bool color, FILE *out);
void table_free(struct table *t);

/* "" when colours are off. */
const char *color_on(bool color, enum color c);
const char *color_off(bool color, enum color c);
/* How wide the terminal is; 0: out is no terminal. */
int screen_columns(FILE *out);
/* Prints a line of text and ends the line. On a terminal the text is wrapped between words: `at`
 * columns of the line are taken already, and further lines begin with `indent` blanks. Elsewhere it
 * stays one line. The text has been made harmless already. */
void print_wrapped(FILE *out, size_t at, size_t indent, const char *text);
/* Prints one line of our own, wrapped the same way. */
void print_line(FILE *out, const char *fmt, ...) PRINTF(2, 3);
/* Prints a text from outside with control characters made visible. */
void print_safe(FILE *out, const char *s);

#endif
