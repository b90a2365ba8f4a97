/*
 * keys.h - the keys of a cluster's operators.
 *
 * In the configuration's directory, keys/ (0700) with NAME.key (0600; key_file.h and crypto.h have
 * its formats) and NAME.pub for each key, and `trust`, the signed file that names their public
 * parts and the cluster; `caravan init` writes it last, and it is what hosts get as
 * /etc/caravan/trust. Solo: one person holds root, release, operator and observer, so that no role
 * protects from another; the trust file says so.
 *
 * [keys] names the key of each role. The observer's is never encrypted: it signs questions, which
 * change nothing. A root or release key of which only NAME.pub is here signs through [keys] signer.
 * An encrypted key is opened with the passphrase of the run (conf.passphrase), and a person is
 * asked again for a key that it does not open. Keys that are there are never replaced, but by
 * keys_change, which keeps the key and changes its passphrase.
 */
#ifndef KEYS_H
#define KEYS_H

#include "coord_conf.h"
#include "key_file.h"
#include "trust_files.h"

#define KEYS_LISTED 1000

/* The key of a role, by [keys]. */
const char *key_name(const struct coord_conf *c, enum role role);
/* Can a key have this name? ERR_USAGE. Reads nothing. */
MUST_CHECK int key_name_check(const char *name, struct err *err);
/* keys/NAME and the suffix, ".key" or ".pub". */
MUST_CHECK int key_place(const struct coord_conf *c, const char *name, const char *suffix,
                         char dst[static 300], struct err *err);
/* Where the key of a role is. */
MUST_CHECK int key_path(const struct coord_conf *c, enum role role, char dst[static 300],
                        struct err *err);
/* Makes all four and the trust file, encrypted with one passphrase but for the observer's. Never
 * overwrites: ERR_REFUSED names the file. */
MUST_CHECK int keys_make_solo(const struct coord_conf *c, const char *name, struct trust *ret,
                              struct err *err);
/* ERR_NOTFOUND when there is no such key, with advice. */
MUST_CHECK int keys_load(const struct coord_conf *c, enum role role, struct keypair **ret,
                         struct err *err);
/* The release key that signs here. *ret NULL: there is none here, and the trust is split: others
 * sign (release_draft.h). */
MUST_CHECK int keys_load_release(const struct coord_conf *c, const struct trust *t,
                                 struct keypair **ret, struct err *err);
/* The key of this name, which must be for this purpose where its file tells one. */
MUST_CHECK int keys_load_named(const struct coord_conf *c, const char *name, enum role purpose,
                               struct keypair **ret, struct err *err);
/* The version in force: the last one of the trust file. */
MUST_CHECK int keys_trust(const struct coord_conf *c, struct trust *ret, struct err *err);
/* The public part of the key of a role; no passphrase is asked for. ERR_NOTFOUND. */
MUST_CHECK int keys_public(const struct coord_conf *c, enum role role, struct key_public *ret,
                           struct err *err);
/* The file of a public part, wherever it is. */
MUST_CHECK int key_public_load(const char *path, struct key_public *ret, struct err *err);

/* Makes a key: NAME.key and NAME.pub. Never overwrites: ERR_REFUSED names the file. */
MUST_CHECK int keys_make(const struct coord_conf *c, const char *name, enum role purpose,
                         struct key_public *ret, struct err *err);
/* Another passphrase, or the first one, for a key that is there. */
MUST_CHECK int keys_change(const struct coord_conf *c, const char *name, struct err *err);

enum key_where {
    KEY_OPEN,      /* NAME.key, not encrypted */
    KEY_LOCKED,    /* NAME.key, encrypted */
    KEY_ELSEWHERE, /* NAME.pub alone */
    KEY_WRONG,     /* its files cannot be read, or contradict each other: why */
};
struct key_listed {
    struct key_public about; /* purpose ROLE_NONE: no file tells it */
    enum key_where where;
    char path[300];
    char why[200];
};
/* All of them by name; no passphrase is asked for. The caller frees *ret. */
MUST_CHECK int keys_list(const struct coord_conf *c, struct key_listed **ret, size_t *ret_n,
                         struct err *err);

#endif
