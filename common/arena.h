/*
 * arena.h - memory that is given back all at once.
 *
 * One observation of the cluster, one plan, one parsed manifest: hundreds of
 * small strings with one life. ARENA_INIT, arena_alloc..., arena_free. Blocks
 * grow by doubling up to 1 MiB; nothing is returned before arena_free (or
 * arena_reset, which keeps the largest block). Alignment 16. Cannot fail.
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

void *arena_alloc(struct arena *a, size_t n);              /* zeroed */
void *arena_array(struct arena *a, size_t n, size_t size); /* zeroed; overflow: die_oom */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#define auto_arena CLEANUP(arena_free)

#endif
