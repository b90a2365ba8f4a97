/*
 * cleanup.h - what a scope owns is given back when the scope ends.
 *
 *     autofree char *path = ...;       freed at every return
 *     autoclose int fd = open(...);    closed when >= 0, errno preserved
 *     autodir DIR *d = opendir(...);   the same
 *     return take_ptr(&path);          hands the pointer over
 *
 * A type defines its own beside itself: AUTO_DEFINE(json, json_free) gives
 * `auto_json`. Destructors accept NULL and half-built objects. A failed cmocka
 * assertion leaves by longjmp and runs none of this.
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

/* Defines cleanup_NAME(T **) calling fn on a pointer that is not NULL. */
#define AUTO_DEFINE(name, type, fn)                                                                \
    UNUSED static inline void cleanup_##name(type **p)                                             \
    {                                                                                              \
        if (*p != NULL)                                                                            \
            fn(*p);                                                                                \
    }

#endif
