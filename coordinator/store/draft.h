/*
 * draft.h - a container that lacks signatures: carried from one who signs to the next.
 *
 * A trust file or a manifest of which more than one machine's keys have to sign. The file is the
 * container itself, with the signatures so far, perhaps none; no host takes it before it has all
 * (container_split, trust_demand). What is not a valid signature of its body is left out
 * when it is read. One thread.
 */
#ifndef DRAFT_H
#define DRAFT_H

#include "coord_conf.h"
#include "manifest.h"

struct draft {
    enum container_type type;
    struct buf body;
    size_t n_sigs; /* valid ones, each key once */
    struct signature sigs[SIGS_MAX];
    char passed_over[300]; /* the first key of this machine that could not be used, and why */
};
#define auto_draft CLEANUP(draft_free)

void draft_free(struct draft *d);
/* *ret_there false: no such file. */
MUST_CHECK int draft_load(const char *path, enum container_type type, struct draft *ret,
                          bool *ret_there, struct err *err);
/* The container, as it is now. */
MUST_CHECK int draft_pack(const struct draft *d, struct buf *ret, struct err *err);
MUST_CHECK int draft_save(const struct draft *d, const char *path, struct err *err);
/* Of the same bytes? */
bool draft_same(const struct draft *a, const struct draft *b);
/* The signatures of another copy of the same draft. */
void draft_merge(struct draft *d, const struct draft *other);
/* The container's part of it, for who counts signatures; it lives as long as d. */
struct container draft_container(const struct draft *d);

/* May a key that is here sign? */
typedef bool draft_wants(const void *ctx, const struct pubkey *key, enum role purpose);
/* Signs with every key that is here and wanted, as long as there is room. ERR_LIMIT: there was
 * none. A key whose files cannot be used does not sign: passed_over names it. */
MUST_CHECK int draft_sign(const struct coord_conf *c, struct draft *d, enum role purpose,
                          draft_wants *wants, const void *ctx, size_t *ret_added, struct err *err);

#endif
