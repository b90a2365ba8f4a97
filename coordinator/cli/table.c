#include "table.h"

void table_init(struct table *t, const char *const *heads, size_t n)
{
    memset(t, 0, sizeof *t);
    t->n_columns = MIN_OF(n, (size_t)TABLE_COLUMNS);
    for (size_t i = 0; i < t->n_columns; i++)
        t->heads[i] = heads[i];
}

void table_free(struct table *t)
{
    arena_free(&t->arena);
    free(t->cells);
    free(t->colors);
    memset(t, 0, sizeof *t);
}

void table_row(struct table *t, enum color color, const char *const *cells)
{
    if (t->n_rows == t->cap) {
        t->cap = t->cap == 0 ? 32 : t->cap * 2;
        t->cells = xrealloc(t->cells, t->cap * t->n_columns * sizeof *t->cells);
        t->colors = xrealloc(t->colors, t->cap * sizeof *t->colors);
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        auto_buf struct buf safe = BUF_INIT;
        if (cells[i] != NULL)
            str_escape(&safe, cells[i], strnlen(cells[i], TABLE_CELL_MAX));
        t->cells[t->n_rows * t->n_columns + i] = arena_strdup(&t->arena, buf_str(&safe));
    }
    t->colors[t->n_rows++] = color;
}

const char *color_on(bool color, enum color c)
{
    static const char *const codes[] = {
        [COLOR_NONE] = "",        [COLOR_GREEN] = "\033[32m", [COLOR_YELLOW] = "\033[33m",
        [COLOR_RED] = "\033[31m", [COLOR_DIM] = "\033[2m",    [COLOR_BOLD] = "\033[1m",
    };
    return color ? codes[c] : "";
}

const char *color_off(bool color, enum color c)
{
    return color && c != COLOR_NONE ? "\033[0m" : "";
}

void table_print(const struct table *t, bool color, FILE *out)
{
    size_t widths[TABLE_COLUMNS] = {0};
    for (size_t c = 0; c < t->n_columns; c++) {
        widths[c] = strlen(t->heads[c]);
        for (size_t r = 0; r < t->n_rows; r++)
            widths[c] = MAX_OF(widths[c], strlen(t->cells[r * t->n_columns + c]));
    }
    for (size_t r = 0; r <= t->n_rows; r++) {
        enum color shade = r == 0 ? COLOR_DIM : t->colors[r - 1];
        fputs(color_on(color, shade), out);
        for (size_t c = 0; c < t->n_columns; c++) {
            const char *cell = r == 0 ? t->heads[c] : t->cells[(r - 1) * t->n_columns + c];
            if (c + 1 == t->n_columns)
                fputs(cell, out);
            else
                fprintf(out, "%-*s  ", (int)widths[c], cell);
        }
        fprintf(out, "%s\n", color_off(color, shade));
    }
}

void print_safe(FILE *out, const char *s)
{
    auto_buf struct buf safe = BUF_INIT;
    str_escape(&safe, s, strlen(s));
    fputs(buf_str(&safe), out);
}
