/*
 * crypto.h - keys, signatures, sealed boxes, digests: libsodium, and only here.
 *
 * crypto_init() once in main, before threads; refuse to run when it fails.
 * Signatures are detached Ed25519 (RFC 8032) over domain || 0x00 || bytes: the
 * domain ("caravan/swap/v1") is part of what is signed, so that a signature made
 * for one purpose means nothing for another. Boxes are libsodium's sealed boxes
 * to the X25519 key derived from the receiver's Ed25519 key. Digests are SHA-256,
 * as HashiCorp publishes them. Secret keys live in sodium_malloc memory, are
 * zeroed when freed, and on disk in a file of mode 0600 (format below).
 *
 * Key file without a passphrase: two lines, a comment and 64 hexadecimal digits of the seed:
 *     caravan secret key v1 <name>
 *     <64 hex digits>
 * Public keys are written as 64 hexadecimal digits. Fingerprints shown to
 * people are the first 16 bytes of the key's SHA-256, "SHA256:" and hex.
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
struct keypair; /* opaque: secret part in guarded memory */

MUST_CHECK int crypto_init(struct err *err);
/* This process leaves no core dump, and nobody but root reads its memory: for whoever holds a
 * passphrase or a secret key that is encrypted on disk. What it starts leaves none either. */
void crypto_forbid_dumps(void);

struct keypair *keypair_generate(void);
/* From a 32-byte seed: tests and golden vectors only. */
struct keypair *keypair_from_seed(const unsigned char seed[static 32]);
MUST_CHECK int keypair_load(const char *path, struct keypair **ret, struct err *err);
/* The same with file.h's flags: who else may read the file than its owner. */
MUST_CHECK int keypair_load_as(const char *path, unsigned flags, struct keypair **ret,
                               struct err *err);
/* Creates the file (never overwrites: ERR_BUSY), 0600 or the mode given. */
MUST_CHECK int keypair_save(const struct keypair *k, const char *path, const char *name,
                            unsigned mode, struct err *err);
void keypair_free(struct keypair *k); /* NULL is fine */
const struct pubkey *keypair_public(const struct keypair *k);

/* A seed under a passphrase: Argon2id makes a key of the passphrase and the salt, and
 * XChaCha20-Poly1305 encrypts the seed with that key, with `about` as authenticated data. */
#define LOCK_OPS         4
#define LOCK_OPS_MAX     16
#define LOCK_MEM_KIB     32768
#define LOCK_MEM_KIB_MAX 131072
struct locked_seed {
    uint32_t ops, mem_kib; /* of Argon2id; what is above the maximum is refused before it is used */
    unsigned char salt[16], nonce[24], box[48];
};
/* With LOCK_OPS and LOCK_MEM_KIB. ERR_NOSPACE: no such memory is free. */
MUST_CHECK int keypair_lock(const struct keypair *k, const char *passphrase, const void *about,
                            size_t n, struct locked_seed *ret, struct err *err);
/* ERR_CRYPTO: another passphrase, or changed bytes; ERR_LIMIT; ERR_NOSPACE. */
MUST_CHECK int keypair_unlock(const struct locked_seed *l, const char *passphrase,
                              const void *about, size_t n, struct keypair **ret, struct err *err);

/* A key whose secret part somebody else holds: sign makes the signature over all n bytes, the
 * domain among them. Such a key signs containers (keypair_sign), opens no box and is not saved. */
typedef int key_signer(void *ctx, const char *name, const void *p, size_t n,
                       unsigned char ret_sig[static SIG_LEN], struct err *err);
/* name: by which the holder knows the key, at most 31 bytes. */
struct keypair *keypair_elsewhere(const struct pubkey *k, const char *name, key_signer *sign,
                                  void *ctx);
AUTO_DEFINE(keypair, struct keypair, keypair_free)
#define auto_keypair CLEANUP(cleanup_keypair)

bool pubkey_eq(const struct pubkey *a, const struct pubkey *b);
bool pubkey_is_zero(const struct pubkey *k);
MUST_CHECK int pubkey_from_hex(const char *s, struct pubkey *ret);
void pubkey_hex(char dst[static 65], const struct pubkey *k);
void pubkey_fingerprint(char dst[static FINGERPRINT_LEN], const struct pubkey *k);

/* Signs domain, NUL, then the n bytes. (libsodium exports this very name for
 * something else, and the program's symbol would take its place inside the library.) */
#define crypto_sign_bytes caravan_sign_bytes
void crypto_sign_bytes(const struct keypair *k, const char *domain, const void *p, size_t n,
                       unsigned char ret_sig[static SIG_LEN]);
/* The same for every key, also one that is held elsewhere, whose signature is verified before it
 * counts (ERR_CRYPTO). */
MUST_CHECK int keypair_sign(const struct keypair *k, const char *domain, const void *p, size_t n,
                            unsigned char ret_sig[static SIG_LEN], struct err *err);
MUST_CHECK bool crypto_verify_bytes(const struct pubkey *k, const char *domain, const void *p,
                                    size_t n, const unsigned char sig[static SIG_LEN]);

/* The X25519 key derived from a receiver's: no secret. Deriving costs as much as a signature's
 * check, most of it for the check that the key is usable; who seals often keeps the result. */
struct boxkey {
    unsigned char bytes[KEY_LEN];
};
/* ERR_CRYPTO on an unusable key. */
MUST_CHECK int boxkey_of(const struct pubkey *k, struct boxkey *ret, struct err *err);

/* Appends the sealed box (n + SEAL_OVERHEAD bytes). ERR_CRYPTO on an unusable key. */
MUST_CHECK int crypto_seal_boxed(const struct boxkey *to, const void *p, size_t n, struct buf *ret,
                                 struct err *err);
/* Appends the opened bytes; ERR_CRYPTO when it is not for us or was changed. */
MUST_CHECK int crypto_open(const struct keypair *k, const void *p, size_t n, struct buf *ret,
                           struct err *err);

void crypto_digest(const void *p, size_t n, struct digest *ret);
bool digest_eq(const struct digest *a, const struct digest *b);
bool digest_is_zero(const struct digest *d);
void digest_hex(char dst[static 65], const struct digest *d);
MUST_CHECK int digest_from_hex(const char *s, struct digest *ret);

/* Digest of a stream: init, add, final; reads of a file go through digest_fd,
 * which reads from the descriptor's start (pread) up to max bytes, 64 KiB at a
 * time; more than max is ERR_LIMIT. ret_size may be NULL. */
struct digest_state {
    _Alignas(16) unsigned char opaque[128];
};
void digest_init(struct digest_state *s);
void digest_add(struct digest_state *s, const void *p, size_t n);
void digest_final(struct digest_state *s, struct digest *ret);
MUST_CHECK int digest_fd(int fd, uint64_t max, struct digest *ret, uint64_t *ret_size,
                         struct err *err);

/* Standard base64 with its padding, n characters; -1: it is none, or more than max bytes. */
MUST_CHECK int base64_decode(const char *s, size_t n, void *dst, size_t max, size_t *ret_n);

void crypto_random(void *p, size_t n);
void crypto_wipe(void *p, size_t n);
/* Memory for a secret: zeroed, locked where that is allowed, wiped when it is freed. */
void *secret_new(size_t n);
void secret_free(void *p); /* NULL is fine */

#endif
