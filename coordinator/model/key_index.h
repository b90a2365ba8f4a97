/*
 * key_index.h - at which place of an array a key stands, found with about one comparison.
 *
 * A fleet has 10,000 hosts, and while a plan is made each of them is looked up some
 * hundred times. The index is a hash table with open addressing, at most half full. It
 * holds places and hashes; the keys stay in the caller's array, which is given each time.
 *
 *     key_index_make(&index, n, host_key, hosts, &arena);
 *     place = key_index_find(&index, key, host_key, hosts);    SIZE_MAX: not there
 *
 * The memory is the arena's. Of keys that stand twice the first one is found. Pure; any
 * thread may search.
 */
#ifndef KEY_INDEX_H
#define KEY_INDEX_H

#include "arena.h"
#include "str.h"

struct key_index {
    struct key_slot *slots; /* NULL: there is no index */
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
