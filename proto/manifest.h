/*
 * manifest.h - one signed release: a version and its binaries.
 *
 * The container (trust.h uses the same): "CRVC" | type u8 | body length u32 | body | n u8 |
 * n x { key 32, signature 64 }. Each signature is over the domain "caravan/manifest/v1" or
 * "caravan/trust/v1" and the body. The body is a msgpack array in fixed order, read with the same
 * bounded cursor as payloads.
 *
 * A build names the file that hosts fetch (the zip or the bare binary) and the binary that runs
 * (size and digest of the member after unpacking). For a bare binary both are the same. sums and
 * sums_sig are HashiCorp's SHA256SUMS and its OpenPGP signature, for hosts whose law demands the
 * vendor's signature; they may be empty. created_s is wall time in unix seconds. A manifest has no
 * expiry: a release stays valid until the trust changes.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include "message.h"

enum packing { PACKING_BARE = 1, PACKING_ZIP = 2 };

struct build {
    char os[16], arch[16]; /* in Go's words: linux, amd64 */
    enum packing packing;
    uint64_t fetch_size; /* bytes of the file that hosts fetch */
    struct digest fetch_digest;
    uint64_t size; /* bytes of the binary */
    struct digest digest;
};

struct manifest {
    char version[NAME_MAX_LEN]; /* "1.11.3", "2.0.5+ent" */
    int64_t created_s;
    uint32_t n_builds;
    struct build builds[BUILDS_MAX];
    size_t sums_len; /* 0: the manifest has no SHA256SUMS */
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
/* The build for this system and architecture; NULL: there is none. */
const struct build *manifest_build(const struct manifest *m, const char *os, const char *arch);

enum container_type { CONTAINER_MANIFEST = 1, CONTAINER_TRUST = 2 };

struct container {
    const unsigned char *body; /* points into the given bytes */
    size_t body_len;
    uint32_t n_sigs;
    struct signature sigs[SIGS_MAX];
};

/* The domain that is signed together with a body of this type (for messages: envelope_domain). */
const char *container_domain(enum container_type type);
/* Signs the body with these keys and appends the container. */
MUST_CHECK int container_pack(enum container_type type, const void *body, size_t n,
                              const struct keypair *const *keys, size_t n_keys, struct buf *ret,
                              struct err *err);
/* Splits a container. Checks the lengths only; container_count checks the signatures. */
MUST_CHECK int container_split(enum container_type type, const void *p, size_t n,
                               struct container *ret, struct err *err);
/* Like container_split, for a draft: a container that may have no signatures yet. People carry a
 * draft from one signer to the next. */
MUST_CHECK int container_split_draft(enum container_type type, const void *p, size_t n,
                                     struct container *ret, struct err *err);
/* Appends a container with this body and these signatures (none: a draft). */
MUST_CHECK int container_join(enum container_type type, const void *body, size_t n,
                              const struct signature *sigs, size_t n_sigs, struct buf *ret,
                              struct err *err);
/* The length of the container that begins at p, by its header. 0: no container begins there, or it
 * is cut short. */
size_t container_length(const void *p, size_t n);
/* How many different keys of the list have a valid signature of the body in the container. */
size_t container_count(enum container_type type, const struct container *c,
                       const struct pubkey *keys, size_t n_keys);

#endif
