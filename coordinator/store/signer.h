/*
 * signer.h - [keys] signer: an external program that signs with a key that is not in a file.
 *
 * The key may be in a token, an HSM or a cloud's key service. Caravan starts the program once for
 * each signature, without a shell; the configured command line is split at blanks. The program
 * reads one line from standard input:
 *
 *     sign NAME <hex digits of the bytes to be signed>
 *
 * and prints the Ed25519 signature (RFC 8032) of these bytes as a line of 128 hex digits. This line
 * must be the last line of its output, and the exit code must be 0. The program must finish within
 * [keys] signer_deadline, and may print SIGNER_OUT bytes, standard error included. It has no
 * terminal. Of the environment of Caravan it gets PATH, HOME, USER, LOGNAME, LANG, LC_ALL, TZ,
 * XDG_RUNTIME_DIR, SSH_AUTH_SOCK, and the variables whose names begin with SIGNER_. The caller
 * verifies the signature (keypair_sign).
 */
#ifndef SIGNER_H
#define SIGNER_H

#include "coord_conf.h"
#include "crypto.h"

#define SIGNER_OUT 8192

/* ERR_CONFIG: the first word of [keys] signer is not an absolute path. */
MUST_CHECK int signer_check(const struct coord_conf *c, struct err *err);
/* A key_signer (crypto.h); ctx is a const struct coord_conf. On failure ERR_REFUSED; the text names
 * the key. */
int signer_sign(void *ctx, const char *name, const void *p, size_t n,
                unsigned char ret_sig[static SIG_LEN], struct err *err);
/* Reads the signature from the output of such a program. -1: the output has no signature. */
MUST_CHECK int signer_answer(const char *out, size_t n, unsigned char ret_sig[static SIG_LEN]);

#endif
