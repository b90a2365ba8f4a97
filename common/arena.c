#include <stdarg.h>
#include <stdint.h>
#include "arena.h"

#define BLOCK_FIRST 4096
#define BLOCK_MOST  (1024 * 1024)

struct arena_block {
    struct arena_block *next;
    size_t cap;
    size_t used;
    _Alignas(16) unsigned char bytes[];
};

static struct arena_block *block_new(size_t cap, struct arena_block *next)
{
    if (cap > SIZE_MAX - sizeof(struct arena_block))
        die_oom();
    struct arena_block *b = xalloc(sizeof(*b) + cap);
    b->next = next;
    b->cap = cap;
    b->used = 0;
    return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > SIZE_MAX - 16)
        die_oom();
    size_t need = (n > 0 ? n : 1) + 15;
    need -= need % 16;
    if (a->head == NULL || a->head->cap - a->head->used < need) {
        size_t cap = a->head != NULL ? MIN_OF(a->head->cap * 2, BLOCK_MOST) : BLOCK_FIRST;
        a->head = block_new(MAX_OF(cap, need), a->head);
    }
    void *p = a->head->bytes + a->head->used;
    a->head->used += need;
    a->used += need;
    return memset(p, 0, need);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(n, size, &total))
        die_oom();
    return arena_alloc(a, total);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = arena_alloc(a, len + 1);
    memcpy(copy, s, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    autofree char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (n < 0)
        die_oom();
    return arena_strndup(a, text, (size_t)n);
}

static void free_blocks(struct arena_block *b)
{
    while (b != NULL) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
}

/* The newest block is not always the largest: an older block may have been made for one large
 * request. */
void arena_reset(struct arena *a)
{
    struct arena_block **largest = &a->head;
    for (struct arena_block **at = &a->head; *at != NULL; at = &(*at)->next)
        if ((*at)->cap > (*largest)->cap)
            largest = at;
    struct arena_block *keep = *largest;
    if (keep != NULL) {
        *largest = keep->next;
        free_blocks(a->head);
        keep->next = NULL;
        keep->used = 0;
    }
    a->head = keep;
    a->used = 0;
}

void arena_free(struct arena *a)
{
    free_blocks(a->head);
    a->head = NULL;
    a->used = 0;
}
