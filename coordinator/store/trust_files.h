/*
 * trust_files.h - the trust file of this cluster, and the draft of its next version.
 *
 * The configuration's directory contains two files:
 *
 *     trust          all versions, one behind the other (trust_sequence.h). Hosts get this file,
 *                    as a file or in a package (trust_package.h).
 *     trust.draft    the next version, with the signatures made so far. It is not in force yet.
 *
 * People carry the draft from one signer to the next (`caravan trust sign FILE`), and back. When
 * the draft has the signatures that the version in force demands and those that the draft itself
 * demands, it is appended to `trust`. Both files are replaced whole and durably, `trust` first. A
 * command that was killed in between leaves a draft of a version that is already in force; such a
 * draft has no effect. The caller holds trust_files_lock while it changes these files.
 */
#ifndef TRUST_FILES_H
#define TRUST_FILES_H

#include "draft.h"
#include "trust_sequence.h"

#define TRUST_NAME       "trust"
#define TRUST_DRAFT_NAME "trust.draft"
#define TRUST_BEFORE     ".trust" /* how files of clusters that are past end */
#define TRUST_BEFORE_MAX 32

struct trust_kept {
    struct buf sequence;
    struct trust now;     /* the last version of the sequence: the version in force */
    struct trust_at last; /* where the container of that version is in `sequence` */
};
#define auto_trust_kept CLEANUP(trust_kept_free)

struct trust_draft {
    struct trust t;
    struct draft d;
};
#define auto_trust_draft CLEANUP(trust_draft_free)

/* The caller closes *ret_fd to release the lock. The text of ERR_BUSY names the process id of the
 * process that holds the lock. */
MUST_CHECK int trust_files_lock(const struct coord_conf *c, int *ret_fd, struct err *err);
/* ERR_NOTFOUND: there is no trust file, because `caravan init` was not run on this machine. */
MUST_CHECK int trust_kept_load(const struct coord_conf *c, struct trust_kept *ret, struct err *err);
/* Like trust_kept_load, but a missing trust file is no error: *ret_there is then false. */
MUST_CHECK int trust_kept_load_if(const struct coord_conf *c, struct trust_kept *ret,
                                  bool *ret_there, struct err *err);
/* Of a cluster that was before this one, whose root keys were lost: the file of the configuration's
 * directory that ends in TRUST_BEFORE and is of this cluster. *ret_there false: there is none. */
MUST_CHECK int trust_kept_load_before(const struct coord_conf *c,
                                      const unsigned char cluster[static CLUSTER_ID_LEN],
                                      struct trust_kept *ret, bool *ret_there, struct err *err);
void trust_kept_free(struct trust_kept *k);

MUST_CHECK int trust_draft_new(const struct trust *t, struct trust_draft *ret, struct err *err);
/* *ret_there false: there is no such file. */
MUST_CHECK int trust_draft_load(const char *path, struct trust_draft *ret, bool *ret_there,
                                struct err *err);
void trust_draft_free(struct trust_draft *d);
/* Signs with the root keys of this machine that `now` or the draft names. now: the version in
 * force; NULL: this machine does not have it. *ret_added: how many signatures were added. */
MUST_CHECK int trust_draft_sign(const struct coord_conf *c, const struct trust *now,
                                struct trust_draft *d, size_t *ret_added, struct err *err);
/* Does the draft have all signatures that it needs? The text of ERR_CRYPTO names the keys that did
 * not sign. now: the version in force; NULL: this machine does not have it. Without `now` only a
 * first version can be checked; any other version is ERR_NOTFOUND. */
MUST_CHECK int trust_draft_check(const struct trust_draft *d, const struct trust *now,
                                 struct err *err);
/* Puts the draft into force on this machine: checks the draft, appends it to the versions in `kept`
 * (NULL: it becomes the first version), and removes trust.draft. */
MUST_CHECK int trust_draft_settle(const struct coord_conf *c, const struct trust_draft *d,
                                  struct trust_kept *kept, struct err *err);
/* Makes the package for hosts, which contains all versions; ret gets its path. only_missing: keep a
 * package of the version in force that is there already. A command that was killed before it made
 * the package is thus completed by the next command. */
MUST_CHECK int trust_files_package(const struct coord_conf *c, int64_t now_s, bool only_missing,
                                   char ret[static 300], struct err *err);

#endif
