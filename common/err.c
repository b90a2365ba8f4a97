#include <errno.h>
#include <stdarg.h>
#include "err.h"
#include "url_hide.h"

/* Long enough for a whole URL: the user and password of a URL are hidden before a text is cut. */
#define WHOLE 2048

static const char *const kind_names[] = {
    [ERR_NONE] = "none",         [ERR_USAGE] = "usage",
    [ERR_CONFIG] = "config",     [ERR_IO] = "io",
    [ERR_NOSPACE] = "nospace",   [ERR_LIMIT] = "limit",
    [ERR_FORMAT] = "format",     [ERR_CRYPTO] = "crypto",
    [ERR_REFUSED] = "refused",   [ERR_NETWORK] = "network",
    [ERR_TIMEOUT] = "timeout",   [ERR_STATE] = "state",
    [ERR_NOTFOUND] = "notfound", [ERR_BUSY] = "busy",
};
_Static_assert(ARRAY_LEN(kind_names) == ERR_KIND_COUNT, "a name for every kind");

const char *err_kind_name(enum err_kind kind)
{
    return (size_t)kind < ARRAY_LEN(kind_names) ? kind_names[kind] : "unknown";
}

void err_fill(struct err *err, enum err_kind kind, int sys, const char *fmt, ...)
{
    char text[WHOLE];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    url_hide(text);
    err->kind = kind;
    err->sys = sys;
    if (sys != 0) {
        char why[96];
        const char *reason = strerror_r(sys, why, sizeof(why));
        snprintf(err->text, sizeof(err->text), "%.380s: %.90s", text, reason);
    } else {
        snprintf(err->text, sizeof(err->text), "%s", text);
    }
}

void err_front(struct err *err, const char *fmt, ...)
{
    char front[WHOLE];
    char inner[sizeof(err->text)];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(front, sizeof(front), fmt, ap);
    va_end(ap);
    url_hide(front);
    memcpy(inner, err->text, sizeof(inner));
    /* When the whole does not fit, the end is cut: the end of a long text says least. */
    int at = snprintf(err->text, sizeof(err->text), "%.199s: ", front);
    snprintf(err->text + at, sizeof(err->text) - (size_t)at, "%.*s",
             (int)(sizeof(err->text) - (size_t)at - 1), inner);
}

void die_oom(void)
{
    static const char text[] = "caravan: out of memory\n";
    ssize_t n = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)n;
    abort();
}

void *xalloc(size_t n)
{
    void *p = malloc(n > 0 ? n : 1);
    if (p == NULL)
        die_oom();
    return p;
}

void *xzalloc(size_t n, size_t size)
{
    void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);
    if (p == NULL)
        die_oom();
    return p;
}

void *xrealloc(void *p, size_t n)
{
    void *q = realloc(p, n > 0 ? n : 1);
    if (q == NULL)
        die_oom();
    return q;
}

char *xstrdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(xalloc(n), s, n);
}
