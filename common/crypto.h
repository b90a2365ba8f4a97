/*
 * crypto.h - keys, signatures, sealed boxes and digests. Only this file uses libsodium.
 *
 * main calls crypto_init() once, before it starts threads; a program must not run when that fails.
 * Signatures are detached Ed25519 signatures (RFC 8032) over domain || 0x00 || bytes. The domain
 * ("caravan/swap/v1") is part of the signed bytes, so that a signature for one purpose is not valid
 * for another purpose. Boxes are libsodium's sealed boxes to the X25519 key that is derived from
 * the receiver's Ed25519 key. Digests are SHA-256, as HashiCorp publishes them. In memory, secret
 * keys are in sodium_malloc memory, which is zeroed when it is freed. On disk, they are in a file
 * of mode 0600.
 *
 * A key file without a passphrase has two lines, a comment and the seed as 64 hexadecimal digits:
 *     caravan secret key v1 <name>
 *     <64 hex digits>
 * Public keys are written as 64 hexadecimal digits. A fingerprint for people is "SHA256:" and the
 * first 16 bytes of the SHA-256 of the key, in hexadecimal digits.
 */
#ifndef CRYPTO_H
#define CRYPTO_H

#include <stdbool.h>
#include "buf.h"

#define KEY_LEN         32
#define SIG_LEN         64
#define DIGEST_LEN      32
#define SEAL_OVERHEAD   48
#define FINGERPRINT_LEN 40 /* text with NUL: "SHA256:" + 32 digits + NUL */

struct pubkey {
    unsigned char bytes[KEY_LEN];
};
struct digest {
    unsigned char bytes[DIGEST_LEN];
};
struct keypair; /* opaque; in guarded memory */

MUST_CHECK int crypto_init(struct err *err);
/* This process leaves no core dump, and nobody but root reads its memory: for whoever holds a
 * passphrase or a secret key that is encrypted on disk. What it starts leaves none either. */
void crypto_forbid_dumps(void);

struct keypair *keypair_generate(void);
/* From a 32-byte seed; for tests and golden vectors only. */
struct keypair *keypair_from_seed(const unsigned char seed[static 32]);
/* Reads a key file without a passphrase. Only the owner of the file may be able to read it. */
MUST_CHECK int keypair_load(const char *path, struct keypair **ret, struct err *err);
/* Like keypair_load, with other flags of file.h. The flags say who else may be able to read the
 * file. */
MUST_CHECK int keypair_load_as(const char *path, unsigned flags, struct keypair **ret,
                               struct err *err);
/* Creates the file with this mode. ERR_BUSY: the file exists; it is not overwritten. */
MUST_CHECK int keypair_save(const struct keypair *k, const char *path, const char *name,
                            unsigned mode, struct err *err);
void keypair_free(struct keypair *k); /* NULL is fine */
const struct pubkey *keypair_public(const struct keypair *k);

/* A seed that is encrypted with a passphrase: Argon2id derives a key from the passphrase and the
 * salt, and XChaCha20-Poly1305 encrypts the seed with that key, with `about` as authenticated
 * data. */
#define LOCK_OPS         4
#define LOCK_OPS_MAX     16
#define LOCK_MEM_KIB     32768
#define LOCK_MEM_KIB_MAX 131072
struct locked_seed {
    uint32_t ops, mem_kib; /* of Argon2id; values above the maximum are refused before use */
    unsigned char salt[16], nonce[24], box[48];
};
/* Encrypts the seed, with LOCK_OPS and LOCK_MEM_KIB. ERR_NOSPACE: not enough memory is free.
 * ERR_STATE: the secret part of the key is not here. */
MUST_CHECK int keypair_lock(const struct keypair *k, const char *passphrase, const void *about,
                            size_t n, struct locked_seed *ret, struct err *err);
/* Decrypts the seed. ERR_CRYPTO: the passphrase is another one, or the bytes were changed.
 * ERR_LIMIT: ops or mem_kib are out of range. ERR_NOSPACE: not enough memory is free. */
MUST_CHECK int keypair_unlock(const struct locked_seed *l, const char *passphrase,
                              const void *about, size_t n, struct keypair **ret, struct err *err);

/* Makes a signature with a key whose secret part is elsewhere, for example in a token. The n bytes
 * already begin with the domain. Such a key can sign containers (keypair_sign); it cannot open
 * boxes and cannot be saved. */
typedef int key_signer(void *ctx, const char *name, const void *p, size_t n,
                       unsigned char ret_sig[static SIG_LEN], struct err *err);
/* name: the signer's name for the key, at most 31 bytes. */
struct keypair *keypair_elsewhere(const struct pubkey *k, const char *name, key_signer *sign,
                                  void *ctx);
AUTO_DEFINE(keypair, struct keypair, keypair_free)
#define auto_keypair CLEANUP(cleanup_keypair)

bool pubkey_eq(const struct pubkey *a, const struct pubkey *b);
bool pubkey_is_zero(const struct pubkey *k);
MUST_CHECK int pubkey_from_hex(const char *s, struct pubkey *ret);
void pubkey_hex(char dst[static 65], const struct pubkey *k);
void pubkey_fingerprint(char dst[static FINGERPRINT_LEN], const struct pubkey *k);

/* Signs the domain, a NUL byte, then the n bytes. Aborts for a key whose secret part is elsewhere.
 * The macro gives the function another symbol: libsodium has a function of the same name and would
 * call ours instead of its own. */
#define crypto_sign_bytes caravan_sign_bytes
void crypto_sign_bytes(const struct keypair *k, const char *domain, const void *p, size_t n,
                       unsigned char ret_sig[static SIG_LEN]);
/* Like crypto_sign_bytes, for every key. If the secret part is elsewhere, the function verifies the
 * signature before it returns the signature. ERR_CRYPTO: that signature is not valid. */
MUST_CHECK int keypair_sign(const struct keypair *k, const char *domain, const void *p, size_t n,
                            unsigned char ret_sig[static SIG_LEN], struct err *err);
MUST_CHECK bool crypto_verify_bytes(const struct pubkey *k, const char *domain, const void *p,
                                    size_t n, const unsigned char sig[static SIG_LEN]);

/* The X25519 key that is derived from the public key of a receiver. It is not secret. Deriving
 * costs as much time as checking a signature, most of it to check that the key is usable. A caller
 * that seals often keeps the result. */
struct boxkey {
    unsigned char bytes[KEY_LEN];
};
/* ERR_CRYPTO: the key is not usable. */
MUST_CHECK int boxkey_of(const struct pubkey *k, struct boxkey *ret, struct err *err);

/* Appends the sealed box (n + SEAL_OVERHEAD bytes). ERR_CRYPTO: the key is not usable. ERR_LIMIT:
 * the box does not fit into the buffer. */
MUST_CHECK int crypto_seal_boxed(const struct boxkey *to, const void *p, size_t n, struct buf *ret,
                                 struct err *err);
/* Appends the opened bytes. ERR_CRYPTO: the box is sealed to another key, or was changed. */
MUST_CHECK int crypto_open(const struct keypair *k, const void *p, size_t n, struct buf *ret,
                           struct err *err);

void crypto_digest(const void *p, size_t n, struct digest *ret);
bool digest_eq(const struct digest *a, const struct digest *b);
bool digest_is_zero(const struct digest *d);
void digest_hex(char dst[static 65], const struct digest *d);
MUST_CHECK int digest_from_hex(const char *s, struct digest *ret);

/* Digest of a stream: digest_init, digest_add any number of times, digest_final. digest_fd computes
 * the digest of a file: it reads from the start of the file (pread), 64 KiB at a time. ERR_LIMIT:
 * the file is larger than max bytes. ret_size may be NULL. */
struct digest_state {
    _Alignas(16) unsigned char opaque[128];
};
void digest_init(struct digest_state *s);
void digest_add(struct digest_state *s, const void *p, size_t n);
void digest_final(struct digest_state *s, struct digest *ret);
MUST_CHECK int digest_fd(int fd, uint64_t max, struct digest *ret, uint64_t *ret_size,
                         struct err *err);

/* Decodes n characters of standard base64 with padding. -1: the text is not base64, or the result
 * is longer than max bytes. */
MUST_CHECK int base64_decode(const char *s, size_t n, void *dst, size_t max, size_t *ret_n);

void crypto_random(void *p, size_t n);
void crypto_wipe(void *p, size_t n);
/* Memory for a secret: zeroed, locked in RAM where the system allows that, wiped when freed. */
void *secret_new(size_t n);
void secret_free(void *p); /* NULL is fine */

#endif
