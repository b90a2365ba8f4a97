/*
 * arena.h - many small pieces of memory that are freed all at once.
 *
 * For one observation of the cluster, one plan, one parsed manifest: hundreds of small strings that
 * are freed at the same time. Calling sequence: ARENA_INIT, arena_alloc and friends, arena_free.
 * The blocks double in size up to 1 MiB. Memory is freed only by arena_free, or by arena_reset,
 * which keeps the largest block for later use. Every piece is aligned to 16 bytes. The functions
 * cannot fail: when no memory is left, die_oom ends the program. Not shared between threads.
 */
#ifndef ARENA_H
#define ARENA_H

#include "cleanup.h"
#include "err.h"

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used; /* bytes handed out since the last reset */
};

#define ARENA_INIT                                                                                 \
    {                                                                                              \
        NULL, 0                                                                                    \
    }

void *arena_alloc(struct arena *a, size_t n); /* zeroed */
void *arena_array(struct arena *a, size_t n,
                  size_t size); /* zeroed; if n * size overflows: die_oom */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#define auto_arena CLEANUP(arena_free)

#endif
