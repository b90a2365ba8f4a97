/*
 * gpgv_status.h - the arguments for gpgv, and the meaning of its status lines.
 *
 * The exit status of gpgv is not used: it is 0 for keys that have expired or were revoked, and 2
 * when one of two signatures is by an unknown key. Caravan judges the status lines instead. They
 * form blocks; each NEWSIG begins a block for one signature. A block is good when it has exactly
 * one VALIDSIG over a binary document with SHA-256 or better, and one of these:
 *     GOODSIG;
 *     EXPKEYSIG, if the signature was made before every KEYEXPIRED of the block.
 * A block with REVKEYSIG, KEYREVOKED, BADSIG, NO_PUBKEY, ERRSIG or EXPSIG is never good. One good
 * block is enough: a second signature by an unknown key does no harm.
 *
 * If two copies of a key exist, gpgv uses the first copy only, even when just one of them is
 * revoked. So when there are two keyrings, the caller runs gpgv once with each keyring first, and
 * joins the verdicts (gpgv_join). A signature time in the future is accepted, because the clock of
 * a host may be behind (--ignore-time-conflict).
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
    const char *home;      /* an empty directory, so that gpgv reads no user's configuration */
    const char *keyring;   /* binary (see openpgp_armor.h) */
    const char *signature; /* detached, binary or armoured */
    const char *signed_file;
};

/* Fills in the arguments for spawn.h; NULL follows the last one. They point into *c. gpgv then
 * writes its status lines, and nothing else, to standard output. ERR_USAGE: a path is not absolute;
 * gpgv would look for a relative path in its home directory. */
MUST_CHECK int gpgv_args(const struct gpgv_call *c, const char *ret[static GPGV_ARGS],
                         struct err *err);

struct gpgv_verdict {
    bool good;
    bool revoked;             /* not good: a key that signed was revoked */
    char key[OPENPGP_FPR];    /* good: fingerprint of the primary key, upper-case digits */
    char signer[OPENPGP_FPR]; /* good: the key that signed: the primary key or a subkey of it */
    int64_t made_s;           /* good: time of the signature, by its own words */
    char why[128];            /* not good: why the last block is not good, or that there is none */
};

/* Judges the output of gpgv. Never fails: output that does not parse is not good. */
void gpgv_judge(const char *status, size_t n, struct gpgv_verdict *ret);
/* Joins the verdict of the second run (the keyrings in the other order) into *v. The result is good
 * if one of the two is good, unless the other says that the key was revoked. */
void gpgv_join(struct gpgv_verdict *v, const struct gpgv_verdict *other);

#endif
