/*
 * key_file.h - a key's name, the file of its public part, and the file of its secret part under a
 * passphrase.
 *
 * NAME is 1 to 31 of a-z, 0-9, '.', '_' and '-', and begins with a letter or a digit. The purpose
 * is observer, operator, release or root.
 *
 * NAME.pub, one line:
 *     caravan-key 1 NAME <64 hex digits> PURPOSE
 *
 * NAME.key under a passphrase, five lines (crypto.h has the one without):
 *     caravan secret key v2 NAME PURPOSE
 *     public <64 hex digits>
 *     argon2id ROUNDS KIB <salt, 32 hex digits>
 *     xchacha20poly1305 <nonce, 48 hex digits> <encrypted seed, 96 hex digits>
 *     check <SHA-256 of the lines above, 64 hex digits>
 *
 * The first two lines are authenticated with the seed. The last line is no secret's proof: it tells
 * a damaged file from a wrong passphrase. A key has one file: other spellings are refused. Nothing
 * here reads or writes files, or asks anybody.
 */
#ifndef KEY_FILE_H
#define KEY_FILE_H

#include "coord_conf.h"
#include "crypto.h"
#include "trust.h"

#define KEY_FILE_MAX 1024

struct key_public {
    char name[KEY_NAME_MAX];
    enum role purpose;
    struct pubkey key;
};

struct key_file {
    struct key_public about;
    struct locked_seed seed;
};

/* ROLE_NONE: no such purpose. */
enum role key_purpose(const char *word);

/* ERR_FORMAT. n bytes of text. */
MUST_CHECK int key_public_parse(const char *text, size_t n, struct key_public *ret,
                                struct err *err);
void key_public_pack(const struct key_public *k, struct buf *ret);

/* Is this the file of a key under a passphrase, whole or not? */
bool key_file_is_locked(const char *text, size_t n);
/* ERR_FORMAT: damaged, or of a later version of Caravan. */
MUST_CHECK int key_file_parse(const char *text, size_t n, struct key_file *ret, struct err *err);
void key_file_pack(const struct key_file *f, struct buf *ret);

MUST_CHECK int key_file_lock(const struct keypair *k, const struct key_public *about,
                             const char *passphrase, struct key_file *ret, struct err *err);
/* ERR_CRYPTO: another passphrase. */
MUST_CHECK int key_file_open(const struct key_file *f, const char *passphrase, struct keypair **ret,
                             struct err *err);

#endif
