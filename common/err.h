/*
 * err.h - one error, carried out and wrapped on the way.
 *
 * Purpose: a failing function fills the caller's struct err and returns -1, in
 * one statement:
 *
 *     return err_set(err, ERR_IO, errno, "open %s", path);
 *
 * and a caller that knows more puts it in front:
 *
 *     if (file_read(path, 4096, &buf, err) < 0)
 *         return err_wrap(err, "read the trust in force");
 *
 * The struct holds its text inline: no allocation, nothing to free, copyable.
 * It is the last parameter everywhere and may not be NULL. It is written on
 * failure only. No URL in a text shows a user or password (url_hide.h). The text says what
 * happened, to what, and why; err_wrap gives "outer: inner". Texts from hosts may hold control
 * characters: escape where they are shown (str_escape), not here.
 */
#ifndef ERR_H
#define ERR_H

#include "compiler.h"

enum err_kind {
    ERR_NONE = 0,
    ERR_USAGE,   /* the caller, or the operator, asked for nonsense */
    ERR_CONFIG,  /* a configuration file is wrong; text names file and line */
    ERR_IO,      /* the system said no; sys holds errno */
    ERR_NOSPACE, /* no room on a file system or in a fixed limit */
    ERR_LIMIT,   /* something from outside is larger than we accept */
    ERR_FORMAT,  /* bytes that do not parse */
    ERR_CRYPTO,  /* signature, seal, digest or key does not fit */
    ERR_REFUSED, /* a rule or a peer refused; asking again does not help */
    ERR_NETWORK, /* no answer, reset, refused connection; may be tried again */
    ERR_TIMEOUT, /* a deadline passed */
    ERR_STATE,   /* not possible in the present state */
    ERR_NOTFOUND,
    ERR_BUSY, /* somebody else holds it */
    ERR_KIND_COUNT
};

#define ERR_TEXT 480

struct err {
    enum err_kind kind;
    int sys; /* errno, or 0 */
    char text[ERR_TEXT];
};

#define ERR_INIT                                                                                   \
    {                                                                                              \
        ERR_NONE, 0, ""                                                                            \
    }

/* Fills *err and returns -1. When sys is not 0, its strerror is appended. */
#define err_set(err, kind, sys, ...)                                                               \
    __extension__({                                                                                \
        err_fill(err, kind, sys, __VA_ARGS__);                                                     \
        -1; /* in the open, so that the compiler follows the failing path */                       \
    })
void err_fill(struct err *err, enum err_kind kind, int sys, const char *fmt, ...) PRINTF(4, 5);

/* Puts "fmt: " in front of the text; kind and sys stay. Returns -1. */
#define err_wrap(err, ...)                                                                         \
    __extension__({                                                                                \
        err_front(err, __VA_ARGS__);                                                               \
        -1;                                                                                        \
    })
void err_front(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* "io", "config", ... for logs and JSON; never NULL. */
const char *err_kind_name(enum err_kind kind);

/* Out of memory: says so on standard error and aborts. Safe because everything
 * that matters is durable before it has an effect. Never returns. */
NORETURN void die_oom(void);

/* malloc, calloc, realloc that cannot fail (die_oom). Size 0 gives a pointer. */
void *xalloc(size_t n);
void *xzalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

#endif
