#include "table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_LEAST 40
#define COLUMNS_MOST  200
#define COLUMNS_USUAL 80

void table_init(struct table *t, const char *const *heads, size_t n)
{
    memset(t, 0, sizeof(*t));
    t->n_columns = MIN_OF(n, (size_t)TABLE_COLUMNS);
    for (size_t i = 0; i < t->n_columns; i++)
        t->heads[i] = heads[i];
}

void table_free(struct table *t)
{
    arena_free(&t->arena);
    free(t->cells);
    free(t->colors);
    memset(t, 0, sizeof(*t));
}

void table_row(struct table *t, enum color color, const char *const *cells)
{
    if (t->n_rows == t->cap) {
        t->cap = t->cap == 0 ? 32 : t->cap * 2;
        t->cells = xrealloc(t->cells, t->cap * t->n_columns * sizeof(*t->cells));
        t->colors = xrealloc(t->colors, t->cap * sizeof(*t->colors));
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

#define LAST_LEAST 20 /* columns: a narrower last column is not wrapped within itself */

/* Row 0: the heads. */
static void print_row(const struct table *t, size_t r, const size_t widths[TABLE_COLUMNS],
                      bool color, FILE *out)
{
    enum color shade = r == 0 ? COLOR_DIM : t->colors[r - 1];
    const char *const *cells = r == 0 ? t->heads : &t->cells[(r - 1) * t->n_columns];
    size_t at = 0, width = (size_t)screen_columns(out), last = t->n_columns - 1;

    fputs(color_on(color, shade), out);
    for (size_t c = 0; c < last; c++) {
        fprintf(out, "%-*s%s", (int)widths[c], cells[c],
                cells[last][0] != '\0' || c + 1 < last ? "  " : "");
        at += widths[c] + 2;
    }
    print_wrapped(out, at, at + LAST_LEAST > width ? 2 : at, cells[last]);
    fputs(color_off(color, shade), out);
}

void table_print(const struct table *t, bool color, FILE *out)
{
    size_t widths[TABLE_COLUMNS] = {0};
    for (size_t c = 0; c < t->n_columns; c++) {
        widths[c] = strlen(t->heads[c]);
        for (size_t r = 0; r < t->n_rows; r++)
            widths[c] = MAX_OF(widths[c], strlen(t->cells[r * t->n_columns + c]));
    }
    for (size_t r = 0; r <= t->n_rows; r++)
        print_row(t, r, widths, color, out);
}

int screen_columns(FILE *out)
{
    struct winsize size;
    if (isatty(fileno(out)) != 1)
        return 0;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_col < COLUMNS_LEAST)
        return COLUMNS_USUAL;
    return MIN_OF((int)size.ws_col, COLUMNS_MOST);
}

void print_wrapped(FILE *out, size_t at, size_t indent, const char *text)
{
    size_t width = (size_t)screen_columns(out);

    for (bool first = true; *text != '\0'; first = false) {
        size_t blanks = strspn(text, " "), n = strcspn(text + blanks, " ");
        if (!first && width > 0 && at + blanks + n >= width) {
            fprintf(out, "\n%*s", (int)indent, "");
            at = indent;
            text += blanks;
            blanks = 0;
        }
        fprintf(out, "%.*s", (int)(blanks + n), text);
        at += blanks + n;
        text += blanks + n;
    }
    fputc('\n', out);
}

void print_line(FILE *out, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    print_wrapped(out, 0, 2, line);
}

void print_safe(FILE *out, const char *s)
{
    auto_buf struct buf safe = BUF_INIT;
    str_escape(&safe, s, strlen(s));
    fputs(buf_str(&safe), out);
}
