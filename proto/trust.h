/*
 * trust.h - who may sign what, in one cluster.
 *
 * A trust file is a container (manifest.h) whose body names the cluster, its own
 * version, and for each role the keys and how many of them must sign (threshold;
 * orders are signed by one key, so for observer and operator it is 1). The file a
 * host starts from is its anchor; a later one is adopted only if its version is
 * higher and `root` keys of the trust in force signed it, as many as it demands,
 * and it is for the same cluster (trust_adopt). An operator may do what an
 * observer may.
 */
#ifndef TRUST_H
#define TRUST_H

#include "manifest.h"

struct role_keys {
    uint32_t threshold;
    uint32_t n;
    struct pubkey keys[KEYS_MAX];
};

struct trust {
    unsigned char cluster[CLUSTER_ID_LEN];
    uint32_t version;
    bool solo;               /* one person holds all keys: said wherever it matters */
    char name[NAME_MAX_LEN]; /* of the cluster, for people */
    struct role_keys roles[ROLE_COUNT];
};

MUST_CHECK int trust_pack(const struct trust *t, struct buf *ret_body, struct err *err);
MUST_CHECK int trust_read(const void *body, size_t n, struct trust *ret, struct err *err);

/* Reads an anchor: the container must be signed by its own root keys. */
MUST_CHECK int trust_from_anchor(const void *p, size_t n, struct trust *ret, struct err *err);
/* Reads a successor of `now`. ERR_STATE when not newer, ERR_CRYPTO when not signed. */
MUST_CHECK int trust_adopt(const struct trust *now, const void *p, size_t n, struct trust *ret,
                           struct err *err);

/* May this key send orders that need this role? */
bool trust_allows(const struct trust *t, const struct pubkey *key, enum role need);
/* Verifies a manifest container against the release role. */
MUST_CHECK int trust_manifest(const struct trust *t, const void *p, size_t n, struct manifest *ret,
                              struct err *err);

#endif
