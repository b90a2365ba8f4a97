/*
 * keys.h - the keys of a cluster's operators: makes, opens and lists keys, changes passphrases.
 *
 * The configuration's directory contains keys/ (0700) with NAME.key (0600; key_file.h and crypto.h
 * have the formats) and NAME.pub for each key. It also contains `trust`, the signed file that names
 * the public keys and the cluster. `caravan init` writes `trust` last; hosts get the same file as
 * /etc/caravan/trust. Solo: one person has the root, release, operator and observer keys, so that
 * no role protects from another. The trust file says whether the cluster is solo.
 *
 * [keys] names the key of each role. The observer key is never encrypted: it signs questions, which
 * change nothing. A root or release key of which only NAME.pub is on this machine signs through
 * [keys] signer. An encrypted key is opened with the passphrase of the run (conf.passphrase). If
 * this passphrase does not open the key, the person at the terminal is asked for another one.
 * Existing key files are never replaced, except by keys_change, which keeps the key and changes its
 * passphrase.
 */
#ifndef KEYS_H
#define KEYS_H

#include "coord_conf.h"
#include "key_file.h"
#include "trust_files.h"

#define KEYS_LISTED 1000

/* The name that [keys] gives to the key of this role. */
const char *key_name(const struct coord_conf *c, enum role role);
/* Is this a valid name of a key? Reads nothing. ERR_USAGE: it is not. */
MUST_CHECK int key_name_check(const char *name, struct err *err);
/* The path of keys/NAME and the suffix, ".key" or ".pub". ERR_USAGE: no key can have this name. */
MUST_CHECK int key_place(const struct coord_conf *c, const char *name, const char *suffix,
                         char dst[static 300], struct err *err);
/* The path of the NAME.key file for this role. */
MUST_CHECK int key_path(const struct coord_conf *c, enum role role, char dst[static 300],
                        struct err *err);
/* Makes all four keys and the trust file. All keys but the observer key are encrypted with the same
 * passphrase. ERR_REFUSED: a file exists already; the text names it, and nothing was changed. */
MUST_CHECK int keys_make_solo(const struct coord_conf *c, const char *name, struct trust *ret,
                              struct err *err);
/* Opens the key of this role; the caller frees *ret. ERR_NOTFOUND: there is no such key; the text
 * has advice. */
MUST_CHECK int keys_load(const struct coord_conf *c, enum role role, struct keypair **ret,
                         struct err *err);
/* Opens the release key of this machine; the caller frees *ret. *ret NULL: this machine has no
 * release key, and the trust is not solo, so that other machines sign (release_draft.h). */
MUST_CHECK int keys_load_release(const struct coord_conf *c, const struct trust *t,
                                 struct keypair **ret, struct err *err);
/* Opens the key of this name; the caller frees *ret. ERR_CONFIG: the key's files say that the key
 * is for another purpose. */
MUST_CHECK int keys_load_named(const struct coord_conf *c, const char *name, enum role purpose,
                               struct keypair **ret, struct err *err);
/* The version in force: the last version of the trust file. */
MUST_CHECK int keys_trust(const struct coord_conf *c, struct trust *ret, struct err *err);
/* The public part of the key of this role. Needs no passphrase. ERR_NOTFOUND: there is no such key.
 */
MUST_CHECK int keys_public(const struct coord_conf *c, enum role role, struct key_public *ret,
                           struct err *err);
/* Reads a NAME.pub file at any path. */
MUST_CHECK int key_public_load(const char *path, struct key_public *ret, struct err *err);

/* Makes a key: NAME.key and NAME.pub. ERR_REFUSED: one of them exists already; the text names it.
 */
MUST_CHECK int keys_make(const struct coord_conf *c, const char *name, enum role purpose,
                         struct key_public *ret, struct err *err);
/* Gives an existing key another passphrase, or its first one. */
MUST_CHECK int keys_change(const struct coord_conf *c, const char *name, struct err *err);

enum key_where {
    KEY_OPEN,      /* NAME.key, not encrypted */
    KEY_LOCKED,    /* NAME.key, encrypted */
    KEY_ELSEWHERE, /* only NAME.pub; the secret part is not on this machine */
    KEY_WRONG,     /* its files cannot be read, or contradict each other: see `why` */
};
struct key_listed {
    struct key_public about; /* purpose ROLE_NONE: no file names a purpose */
    enum key_where where;
    char path[300];
    char why[200];
};
/* Lists all keys by name. Needs no passphrase. The caller frees *ret. */
MUST_CHECK int keys_list(const struct coord_conf *c, struct key_listed **ret, size_t *ret_n,
                         struct err *err);

#endif
