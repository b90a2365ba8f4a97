/*
 * box_keys.h - what messages to known hosts are sealed to, derived once and kept.
 *
 * Deriving a host's box key from its known key (crypto.h) costs a fifth of all that a question
 * to it costs here. Each is derived when first asked for and then kept: in memory, and at
 * the end, when BOX_KEYS_WORTH or more were new, in a file of the state directory:
 *     "caravan box keys v1\n" | SHA-256 of the known keys and what follows | 32 bytes a known
 * key, in their order; zero: not derived yet
 * The digest binds the file to exactly these known keys; one that does not fit (a host was
 * enrolled since, a damaged file) is as good as none, and is written anew. It finds damage, not
 * malice: who may write to the state directory can replace the known keys themselves. Derived
 * keys are no secrets. The file may be removed at any time. One thread.
 */
#ifndef BOX_KEYS_H
#define BOX_KEYS_H

#include "known_hosts.h"

#define BOX_KEYS_NAME  "box_keys"
#define BOX_KEYS_WORTH 64

struct box_keys;

/* Lives no longer than the known hosts. path "": only in memory. */
struct box_keys *box_keys_open(const struct known_hosts *known, const char *path);
/* Writes what is worth it: that it cannot be kept is no error. */
void box_keys_close(struct box_keys *b); /* NULL is fine */
/* h: of the known hosts given at the beginning. Hosts added since are derived each time, as are
 * all others then. ERR_CRYPTO: not a usable key. */
MUST_CHECK int box_keys_find(struct box_keys *b, const struct known_host *h, struct boxkey *ret,
                             struct err *err);

#endif
