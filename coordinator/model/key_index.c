#include "key_index.h"

struct key_slot {
    uint32_t place; /* counted from 1; 0: the slot is free */
    uint32_t hash;
};

uint64_t key_hash(const char *key)
{
    uint64_t hash = UINT64_C(14695981039346656037), word;

    for (size_t left = strlen(key), n; left > 0; left -= n, key += n) {
        n = left < sizeof(word) ? left : sizeof(word);
        word = 0;
        memcpy(&word, key, n);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

/* Returns the slot of the key, or the free slot where the key belongs. */
static struct key_slot *key_slot(const struct key_index *x, const char *key, key_text_at *at,
                                 const void *array)
{
    uint64_t hash = key_hash(key);
    size_t i = (size_t)(hash >> 32) & x->mask;

    while (x->slots[i].place != 0 &&
           (x->slots[i].hash != (uint32_t)hash || !str_eq(at(array, x->slots[i].place - 1), key)))
        i = (i + 1) & x->mask;
    return &x->slots[i];
}

void key_index_make(struct key_index *x, size_t n, key_text_at *at, const void *array,
                    struct arena *a)
{
    size_t slots = 2;

    while (slots < 2 * n)
        slots *= 2;
    x->slots = arena_array(a, slots, sizeof(*x->slots));
    x->mask = slots - 1;
    for (size_t i = 0; i < n; i++) {
        const char *key = at(array, i);
        struct key_slot *s = key_slot(x, key, at, array);
        if (s->place == 0)
            *s = (struct key_slot){(uint32_t)i + 1, (uint32_t)key_hash(key)};
    }
}

size_t key_index_find(const struct key_index *x, const char *key, key_text_at *at,
                      const void *array)
{
    return (size_t)key_slot(x, key, at, array)->place - 1;
}
