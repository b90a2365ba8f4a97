/*
 * table.h - prints columns of text for people.
 *
 * table_row takes one text for each column (NULL: "") and escapes it, because it may come from
 * outside. table_print makes each column as wide as its widest cell, and gives each row its colour.
 * A cell is cut at TABLE_CELL_MAX bytes. On a terminal the last column is wrapped if the columns
 * before it leave enough room.
 */
#ifndef TABLE_H
#define TABLE_H

#include "arena.h"
#include "str.h"

#define TABLE_COLUMNS  10
#define TABLE_CELL_MAX 160
#define REPORT_ROWS    60 /* hosts shown one by one; the rest is counted, unless -v is given */

enum color { COLOR_NONE, COLOR_GREEN, COLOR_YELLOW, COLOR_RED, COLOR_DIM, COLOR_BOLD };

struct table {
    size_t n_columns, n_rows, cap;
    const char *heads[TABLE_COLUMNS];
    const char **cells; /* n_rows x n_columns */
    enum color *colors;
    struct arena arena;
};

/* heads: n texts that outlive t. */
void table_init(struct table *t, const char *const *heads, size_t n);
void table_row(struct table *t, enum color color, const char *const *cells);
void table_print(const struct table *t, bool color, FILE *out);
void table_free(struct table *t);

/* Return the escape sequences; "" if color is false. */
const char *color_on(bool color, enum color c);
const char *color_off(bool color, enum color c);
/* Returns the width of the terminal; 0: out is not a terminal. */
int screen_columns(FILE *out);
/* Prints a text and a newline. On a terminal the text is wrapped between words: `at` columns of the
 * first line are used already, and further lines begin with `indent` blanks. Without a terminal the
 * text stays one line. The caller has escaped the text. */
void print_wrapped(FILE *out, size_t at, size_t indent, const char *text);
/* Prints one line of our own text, wrapped the same way. */
void print_line(FILE *out, const char *fmt, ...) PRINTF(2, 3);
/* Prints a text from outside. Control characters become visible. */
void print_safe(FILE *out, const char *s);

#endif
