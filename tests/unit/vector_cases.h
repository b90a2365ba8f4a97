/*
 * vector_cases.h - what the golden vectors of the wire in its present version hold.
 *
 * Each case makes its bytes from fixed keys and fixed values, so that a change of the
 * code that changes bytes shows as a changed file (tests/vectors/README.md).
 */
#ifndef VECTOR_CASES_H
#define VECTOR_CASES_H

#include "envelope.h"
#include "trust.h"

enum vector_key {
    KEY_OPERATOR,
    KEY_HOST,
    KEY_RELEASE1,
    KEY_RELEASE2,
    KEY_ROOT1,
    KEY_ROOT2,
    KEY_OBSERVER,
    KEY_STRANGER,
    KEY_COUNT
};

struct vector_keys {
    struct keypair *k[KEY_COUNT]; /* seeds: 32 bytes of 1, 2, 3, ... */
};

struct vector_case {
    char name[64];     /* the name of the file, without .hex */
    const char *stage; /* "frame", "inner", "manifest", "anchor", "trust": its reader */
    const char *what;  /* one line */
    enum err_kind expect;
    const char *reason; /* of a refused case: a part of the error's text */
    bool sealed;        /* made again each time: it is not compared, only opened */
    struct buf bytes;
};

struct vector_set {
    size_t n;
    struct vector_case cases[160];
};

void vector_keys_init(struct vector_keys *keys);
void vector_keys_free(struct vector_keys *keys);
/* The trust in force for the vectors: version 1, 2 of 2 release keys, 2 of 2 root keys. */
void vector_trust(const struct vector_keys *keys, struct trust *ret);
/* The same in body format 2. */
void vector_named_trust(const struct vector_keys *keys, struct trust *ret);
void vector_trust_body(const struct trust *t, struct buf *ret);

struct vector_case *vector_add(struct vector_set *set, const char *stage, const char *name,
                               const char *what);
void vector_valid(const struct vector_keys *keys, struct vector_set *set);
void vector_invalid(const struct vector_keys *keys, struct vector_set *set);
void vector_set_free(struct vector_set *set);

/* Plain values; every field is set. */
void vector_order(const struct vector_keys *keys, enum message_kind kind, struct order *o);
void vector_receipt(const struct vector_keys *keys, enum message_kind kind, struct receipt *r);
void vector_manifest(struct manifest *m);
/* A container signed by two keys. */
void vector_container(const struct vector_keys *keys, enum container_type type,
                      const struct buf *body, enum vector_key a, enum vector_key b,
                      struct buf *ret);

#endif
