/*
 * manifest.h - one release, signed: a version and its binaries.
 *
 * Container (shared with trust.h): "CRVC" | type u8 | body length u32 | body |
 * n u8 | n x { key 32, signature 64 }, the signature over the domain
 * "caravan/manifest/v1" or "caravan/trust/v1" and the body. Body: a msgpack array
 * in fixed order, read with the same bounded cursor as payloads.
 *
 * A build names what is fetched (the zip or the bare binary) and what is run
 * (the member's size and digest after unpacking); for a bare binary they are the
 * same. sums and sums_sig carry HashiCorp's SHA256SUMS and its OpenPGP signature
 * when law is to demand them (empty now). created_s is wall time, unix seconds;
 * a manifest has no expiry: releases stay valid until trust says otherwise.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "message.h"

enum packing { PACKING_BARE = 1, PACKING_ZIP = 2 };

struct build {
    char os[16], arch[16]; /* Go's words */
    enum packing packing;
    uint64_t fetch_size; /* of what is downloaded */
    struct digest fetch_digest;
    uint64_t size; /* of the binary */
    struct digest digest;
};

struct manifest {
    char version[NAME_MAX_LEN]; /* "1.11.3", "2.0.5+ent" */
    int64_t created_s;
    uint32_t n_builds;
    struct build builds[BUILDS_MAX];
    size_t sums_len; /* 0: none */
    unsigned char sums[SUMS_MAX];
    size_t sums_sig_len;
    unsigned char sums_sig[SUMS_SIG_MAX];
};

struct signature {
    struct pubkey key;
    unsigned char sig[SIG_LEN];
};

MUST_CHECK int manifest_pack(const struct manifest *m, struct buf *ret_body, struct err *err);
MUST_CHECK int manifest_read(const void *body, size_t n, struct manifest *ret, struct err *err);
const struct build *manifest_build(const struct manifest *m, const char *os, const char *arch);

enum container_type { CONTAINER_MANIFEST = 1, CONTAINER_TRUST = 2 };

struct container {
    const unsigned char *body; /* into the bytes given */
    size_t body_len;
    uint32_t n_sigs;
    struct signature sigs[SIGS_MAX];
};

/* What is signed before a body of this type (envelope_domain has the other signed things). */
const char *container_domain(enum container_type type);
MUST_CHECK int container_pack(enum container_type type, const void *body, size_t n,
                              const struct keypair *const *keys, size_t n_keys, struct buf *ret,
                              struct err *err);
/* Splits and checks lengths only; signatures are checked by container_count. */
MUST_CHECK int container_split(enum container_type type, const void *p, size_t n,
                               struct container *ret, struct err *err);
/* The same for one that may lack signatures, or have none yet: a draft, carried from one who signs
 * to the next. */
MUST_CHECK int container_split_draft(enum container_type type, const void *p, size_t n,
                                     struct container *ret, struct err *err);
/* The container again, with these n signatures (0: a draft). */
MUST_CHECK int container_join(enum container_type type, const void *body, size_t n,
                              const struct signature *sigs, size_t n_sigs, struct buf *ret,
                              struct err *err);
/* How long the container is that begins at p, by its header; 0: none does, or it is cut short. */
size_t container_length(const void *p, size_t n);
/* How many different keys of the list signed the body validly. */
size_t container_count(enum container_type type, const struct container *c,
                       const struct pubkey *keys, size_t n_keys);

#endif
