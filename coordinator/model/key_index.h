/*
 * key_index.h - finds the place of a key in an array, with about one comparison.
 *
 * A fleet has up to 10,000 hosts, and the plan looks each host up some hundred times. The index is
 * a hash table with open addressing, at most half full. The index contains places and hashes. The
 * keys stay in the caller's array, which each call gets.
 *
 *     key_index_make(&index, n, host_key, hosts, &arena);
 *     place = key_index_find(&index, key, host_key, hosts);    SIZE_MAX: not there
 *
 * The memory belongs to the arena. If a key occurs twice, the first place is found. Pure; any
 * thread may search.
 */
#ifndef KEY_INDEX_H
#define KEY_INDEX_H

#include "arena.h"
#include "str.h"

struct key_index {
    struct key_slot *slots; /* NULL: the index was not made */
    size_t mask;
};

typedef const char *key_text_at(const void *array, size_t place);

uint64_t
key_hash(const char *key); /* FNV-1a, 64 bits: well spread, no defence against chosen keys */
void key_index_make(struct key_index *x, size_t n, key_text_at *at, const void *array,
                    struct arena *a);
size_t key_index_find(const struct key_index *x, const char *key, key_text_at *at,
                      const void *array);

#endif
