/*
 * draft.h - a trust file or a manifest that still lacks signatures.
 *
 * A draft is needed when keys on several machines must sign. People carry the file from one signer
 * to the next. The file is the container itself with the signatures made so far, perhaps none. No
 * host accepts the container before it has all signatures (container_split, trust_demand). Reading
 * a draft leaves out every signature that is not a valid signature of the body. For one thread.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include "coord_conf.h"
#include "manifest.h"

struct draft {
    enum container_type type;
    struct buf body;
    size_t n_sigs; /* only valid signatures; at most one for each key */
    struct signature sigs[SIGS_MAX];
    char passed_over[300]; /* the first key of this machine that could not be used, and why */
};
#define auto_draft CLEANUP(draft_free)

void draft_free(struct draft *d);
/* *ret_there false: there is no such file. */
MUST_CHECK int draft_load(const char *path, enum container_type type, struct draft *ret,
                          bool *ret_there, struct err *err);
/* Appends the container with the signatures made so far to *ret. */
MUST_CHECK int draft_pack(const struct draft *d, struct buf *ret, struct err *err);
MUST_CHECK int draft_save(const struct draft *d, const char *path, struct err *err);
/* Do both drafts have the same body, byte for byte? */
bool draft_same(const struct draft *a, const struct draft *b);
/* Adds the signatures of `other` to d. Does nothing when the two bodies differ. */
void draft_merge(struct draft *d, const struct draft *other);
/* The draft as a struct container, for the functions that count signatures. The body is d's: the
 * result is valid as long as d. */
struct container draft_container(const struct draft *d);

/* Should this key, which is on this machine, sign the draft? */
typedef bool draft_wants(const void *ctx, const struct pubkey *key, enum role purpose);
/* Signs with every key of this machine that `wants` accepts and that has not signed yet, while
 * there is room. *ret_added: how many signatures were added. ERR_LIMIT: there was no room for one.
 * passed_over names a key that did not sign because its files cannot be used. */
MUST_CHECK int draft_sign(const struct coord_conf *c, struct draft *d, enum role purpose,
                          draft_wants *wants, const void *ctx, size_t *ret_added, struct err *err);

#endif
