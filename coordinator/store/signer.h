/*
 * signer.h - [keys] signer: a program that signs with a key that is not in a file, for a token, an
 * HSM or a cloud's key service.
 *
 * The program is started without a shell, its words split at blanks, for each signature anew. It
 * gets one line on standard input:
 *     sign NAME <hex digits of the bytes to be signed>
 * and prints the Ed25519 signature (RFC 8032) over these bytes as a line of 128 hex digits, the
 * last line of its output, and exits with 0. It has [keys] signer_deadline for that, and SIGNER_OUT
 * bytes of output, errors among them; no terminal. Of our environment it gets PATH, HOME, USER,
 * LOGNAME, LANG, LC_ALL, TZ, XDG_RUNTIME_DIR, SSH_AUTH_SOCK, and what begins with SIGNER_. Whoever
 * calls verifies the signature (keypair_sign).
 */
#ifndef SIGNER_H
#define SIGNER_H

#include "coord_conf.h"
#include "crypto.h"

#define SIGNER_OUT 8192

/* ERR_CONFIG: the first word is no absolute path. */
MUST_CHECK int signer_check(const struct coord_conf *c, struct err *err);
/* A key_signer; ctx is a const struct coord_conf. ERR_REFUSED, in words that name the key. */
int signer_sign(void *ctx, const char *name, const void *p, size_t n,
                unsigned char ret_sig[static SIG_LEN], struct err *err);
/* The signature in the output of such a program; -1: there is none. */
MUST_CHECK int signer_answer(const char *out, size_t n, unsigned char ret_sig[static SIG_LEN]);

#endif
