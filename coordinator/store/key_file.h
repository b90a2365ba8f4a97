/*
 * key_file.h - names of keys, and the formats of the files of their public and encrypted parts.
 *
 * NAME has 1 to 31 of a-z, 0-9, '.', '_' and '-', and begins with a letter or a digit. The purpose
 * is observer, operator, release or root.
 *
 * NAME.pub, one line:
 *     caravan-key 1 NAME <64 hex digits> PURPOSE
 *
 * NAME.key encrypted with a passphrase, five lines (crypto.h has the unencrypted format):
 *     caravan secret key v2 NAME PURPOSE
 *     public <64 hex digits>
 *     argon2id ROUNDS KIB <salt, 32 hex digits>
 *     xchacha20poly1305 <nonce, 48 hex digits> <encrypted seed, 96 hex digits>
 *     check <SHA-256 of the lines above, 64 hex digits>
 *
 * The first two lines are authenticated with the seed. The last line proves no secret: it only
 * distinguishes a damaged file from a wrong passphrase. The bytes of a file are unique for its
 * values: any other spelling is refused. These functions read and write no files, and ask nobody.
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

/* The role that this word names. ROLE_NONE: there is no such purpose. */
enum role key_purpose(const char *word);

/* Reads n bytes of text. ERR_FORMAT: the text is not a NAME.pub file. */
MUST_CHECK int key_public_parse(const char *text, size_t n, struct key_public *ret,
                                struct err *err);
void key_public_pack(const struct key_public *k, struct buf *ret);

/* Is this the file of an encrypted key? Also true for a damaged file. */
bool key_file_is_locked(const char *text, size_t n);
/* ERR_FORMAT: the file is damaged, or a later version of Caravan wrote it. */
MUST_CHECK int key_file_parse(const char *text, size_t n, struct key_file *ret, struct err *err);
void key_file_pack(const struct key_file *f, struct buf *ret);

/* Encrypts k with the passphrase. */
MUST_CHECK int key_file_lock(const struct keypair *k, const struct key_public *about,
                             const char *passphrase, struct key_file *ret, struct err *err);
/* Decrypts the key; the caller frees *ret. ERR_CRYPTO: the passphrase is wrong. */
MUST_CHECK int key_file_open(const struct key_file *f, const char *passphrase, struct keypair **ret,
                             struct err *err);

#endif
