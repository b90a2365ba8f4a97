/*
 * fuzz_keys.h - the keys of the fuzz targets, which are those of the golden vectors.
 *
 * The targets sign changed inputs with these keys, so that the inputs pass the check of the
 * signature and reach the parser. The keys are made once, for the first input, and kept.
 */
#ifndef FUZZ_KEYS_H
#define FUZZ_KEYS_H

#include <stdint.h>
#include "crypto.h"
#include "fuzz_target.h"

/* The seed is 32 times this byte: 1 operator, 2 host, 3 release, 5 root. */
UNUSED static const struct keypair *fuzz_key(unsigned char seed_byte)
{
    static struct keypair *keys[16];
    unsigned char seed[32];
    struct err err = ERR_INIT;

    if (keys[seed_byte] == NULL) {
        FUZZ_CHECK(crypto_init(&err) == 0);
        memset(seed, seed_byte, sizeof(seed));
        keys[seed_byte] = keypair_from_seed(seed);
    }
    return keys[seed_byte];
}

UNUSED static void fuzz_same(const struct buf *again, const void *p, size_t n)
{
    FUZZ_CHECK(again->len == n && (n == 0 || memcmp(again->data, p, n) == 0));
}

#endif
