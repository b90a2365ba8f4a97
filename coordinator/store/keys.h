/*
 * keys.h - the keys of a cluster's operators, as `caravan init` makes them.
 *
 * In the configuration's directory, keys/ (0700) with root.key, release.key,
 * operator.key and observer.key (0600 each, crypto.h's format), beside each its public part
 * (NAME.pub, key_file.h), and `trust`, the signed file that names their public parts and the
 * cluster; it is written last, and is what hosts get as /etc/caravan/trust. Solo: one person holds
 * all of them, so that no role protects from another; the trust file says so.
 */
#ifndef KEYS_H
#define KEYS_H

#include "coord_conf.h"
#include "key_file.h"
#include "trust_files.h"

#define KEYS_LISTED 1000

/* Where the key of a role is. */
MUST_CHECK int key_path(const struct coord_conf *c, enum role role, char dst[static 300],
                        struct err *err);
/* Makes all four and the trust file. Never overwrites: ERR_REFUSED names the file. */
MUST_CHECK int keys_make_solo(const struct coord_conf *c, const char *name, struct trust *ret,
                              struct err *err);
/* ERR_NOTFOUND when `caravan init` was not run here, with that advice. */
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

/* The file of a public part, wherever it is. */
MUST_CHECK int key_public_load(const char *path, struct key_public *ret, struct err *err);

enum key_where {
    KEY_OPEN,      /* NAME.key */
    KEY_ELSEWHERE, /* NAME.pub alone */
    KEY_WRONG,     /* its files cannot be read: why */
};
struct key_listed {
    struct key_public about; /* purpose ROLE_NONE: no file tells it */
    enum key_where where;
    char why[200];
};
/* All of them by name. The caller frees *ret. */
MUST_CHECK int keys_list(const struct coord_conf *c, struct key_listed **ret, size_t *ret_n,
                         struct err *err);

#endif
