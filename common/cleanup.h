/*
 * cleanup.h - frees what a scope owns when the scope ends.
 *
 *     autofree char *path = ...;       freed at every return
 *     autoclose int fd = open(...);    closed when >= 0; errno stays as it was
 *     autodir DIR *d = opendir(...);   closed in the same way
 *     return take_ptr(&path);          passes the pointer to the caller; the scope does not free it
 *
 * The header of a type defines the attribute of the type: AUTO_DEFINE(json, struct json, json_free)
 * and a macro give `auto_json`. Destructors accept NULL and half-built objects. A failed cmocka
 * assertion leaves the scope by longjmp; then no cleanup runs.
 */
#ifndef CLEANUP_H
#define CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include "compiler.h"

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
    int saved = errno;
    if (*fd >= 0)
        close(*fd);
    errno = saved;
}

static inline void cleanup_file(FILE **f)
{
    int saved = errno;
    if (*f != NULL)
        fclose(*f);
    errno = saved;
}

static inline void cleanup_dir(DIR **d)
{
    int saved = errno;
    if (*d != NULL)
        closedir(*d);
    errno = saved;
}

static inline int take_fd(int *fd)
{
    int was = *fd;
    *fd = -1;
    return was;
}

#define autofree  CLEANUP(cleanup_free)
#define autoclose CLEANUP(cleanup_close)
#define autofile  CLEANUP(cleanup_file)
#define autodir   CLEANUP(cleanup_dir)

#define take_ptr(pp)                                                                               \
    __extension__({                                                                                \
        __typeof__(*(pp)) taken_ = *(pp);                                                          \
        *(pp) = NULL;                                                                              \
        taken_;                                                                                    \
    })

/* Defines cleanup_NAME(TYPE **), which calls fn when the pointer is not NULL. */
#define AUTO_DEFINE(name, type, fn)                                                                \
    UNUSED static inline void cleanup_##name(type **p)                                             \
    {                                                                                              \
        if (*p != NULL)                                                                            \
            fn(*p);                                                                                \
    }

#endif
