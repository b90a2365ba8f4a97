/*
 * err.h - one error: its kind and a text for people.
 *
 * A failing function fills the caller's struct err and returns -1, in one statement:
 *
 *     return err_set(err, ERR_IO, errno, "open %s", path);
 *
 * A caller that knows more puts its own text in front:
 *
 *     if (file_read(path, 4096, 0, &buf, err) < 0)
 *         return err_wrap(err, "read the trust in force");
 *
 * The struct contains its text: there is nothing to allocate or to free, and the struct can be
 * copied. It is the last parameter of every function that can fail, may not be NULL, and is written
 * on failure only. The text says what happened, to which file or host, and why. err_wrap makes
 * "outer: inner". No URL in a text shows a user or password (url_hide.h). Texts from hosts may
 * contain control characters: the code that shows a text escapes them (str_escape); err.c does not.
 */
#ifndef ERR_H
#define ERR_H

#include "compiler.h"

enum err_kind {
    ERR_NONE = 0,
    ERR_USAGE,   /* the caller, or the operator, asked for nonsense */
    ERR_CONFIG,  /* a configuration file is wrong; the text names file and line */
    ERR_IO,      /* a system call failed; sys is its errno */
    ERR_NOSPACE, /* no room on a file system or in a fixed limit */
    ERR_LIMIT,   /* something from outside is larger than Caravan accepts */
    ERR_FORMAT,  /* bytes that do not parse */
    ERR_CRYPTO,  /* a signature, seal, digest or key does not match */
    ERR_REFUSED, /* a rule or a peer refused; asking again does not help */
    ERR_NETWORK, /* no answer, reset, refused connection; may be tried again */
    ERR_TIMEOUT, /* a deadline passed */
    ERR_STATE,   /* not possible in the present state */
    ERR_NOTFOUND,
    ERR_BUSY, /* another process uses it, or it exists already */
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

/* Fills *err and returns -1. When sys is not 0, the text of that errno is appended. */
#define err_set(err, kind, sys, ...)                                                               \
    __extension__({                                                                                \
        err_fill(err, kind, sys, __VA_ARGS__);                                                     \
        -1; /* in the macro, so that the compiler sees that this path fails */                     \
    })
void err_fill(struct err *err, enum err_kind kind, int sys, const char *fmt, ...) PRINTF(4, 5);

/* Puts "fmt: " in front of the text. kind and sys stay as they are. Returns -1. */
#define err_wrap(err, ...)                                                                         \
    __extension__({                                                                                \
        err_front(err, __VA_ARGS__);                                                               \
        -1;                                                                                        \
    })
void err_front(struct err *err, const char *fmt, ...) PRINTF(2, 3);

/* "io", "config", ... for logs and JSON; never NULL. */
const char *err_kind_name(enum err_kind kind);

/* Prints "out of memory" to standard error and aborts; never returns. Aborting at any time is safe:
 * Caravan writes its state to disk before it acts. */
NORETURN void die_oom(void);

/* malloc, calloc, realloc and strdup that cannot fail (die_oom). For size 0 they return a pointer,
 * too. */
void *xalloc(size_t n);
void *xzalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);

#endif
