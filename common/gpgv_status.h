/*
 * gpgv_status.h - how gpgv is asked, and what its answer means.
 *
 * gpgv's exit status says nothing: it is 0 for keys that expired or were revoked and 2
 * when one of two signatures is by an unknown key. Its status lines are judged instead,
 * block by block, one for each signature (NEWSIG). A block is good when it has one
 * VALIDSIG over a binary document by SHA-256 or better, and
 *     GOODSIG, or
 *     EXPKEYSIG, when the signature was made before every KEYEXPIRED of its block.
 * Never with REVKEYSIG, BADSIG, ERRSIG or EXPSIG. One good block suffices: a second
 * signature by a key that nobody knows does no harm. Of two copies of one key gpgv knows the
 * first alone, revoked or not: where there are two keyrings it is asked with either in front. A
 * time in the future is no fault, for the clock of a host may be behind (--ignore-time-conflict).
 */
#ifndef GPGV_STATUS_H
#define GPGV_STATUS_H

#include <stdbool.h>
#include "buf.h"

#define GPGV_PROGRAM     "/usr/bin/gpgv"
#define GPGV_OUT_MAX     (64 * 1024)
#define GPGV_DEADLINE_MS 30000
#define GPGV_ARGS        14
#define OPENPGP_FPR      41 /* 40 hexadecimal digits and NUL */
#define OPENPGP_SIG_MAX  (16 * 1024)
#define KEYRING_FILE_MAX (1024 * 1024)

struct gpgv_call {
    const char *program;   /* NULL: GPGV_PROGRAM */
    const char *home;      /* an empty directory: no configuration of a user's is read */
    const char *keyring;   /* binary: openpgp_armor.h */
    const char *signature; /* detached, binary or armoured */
    const char *signed_file;
};

/* The arguments for spawn.h, NULL behind the last; they point into *c. Status lines and nothing
 * else come on standard output. ERR_USAGE unless every path is absolute: gpgv looks for others in
 * its home. */
MUST_CHECK int gpgv_args(const struct gpgv_call *c, const char *ret[static GPGV_ARGS],
                         struct err *err);

struct gpgv_verdict {
    bool good;
    bool revoked;             /* not good, and a key that signed was revoked */
    char key[OPENPGP_FPR];    /* good: the key, upper-case digits; */
    char signer[OPENPGP_FPR]; /* its subkey that signed, or the same */
    int64_t made_s;           /* good: when the signature says it was made */
    char why[128];            /* not good: of the last block, or that there is none */
};

/* Never fails: what does not parse is not good. */
void gpgv_judge(const char *status, size_t n, struct gpgv_verdict *ret);
/* Into *v what both orders of the keyrings say: good by one of them suffices, unless the other
 * knows that the key was revoked. */
void gpgv_join(struct gpgv_verdict *v, const struct gpgv_verdict *other);

#endif
