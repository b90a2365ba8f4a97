/*
 * trust_files.h - the trust file of this cluster, and the next version while it is signed.
 *
 * In the configuration's directory:
 *     trust          all versions, one behind the other (trust_sequence.h): what hosts get, as it
 * is or in a package (trust_package.h) trust.draft    the next version, which nobody obeys yet: a
 * container with the signatures so far
 *
 * A draft is carried from one who signs to the next (caravan trust sign FILE), and back. When it is
 * signed as the version in force demands and as it demands itself it is put behind `trust`. Both
 * are replaced whole and durably, `trust` first: a command that was killed in between leaves a
 * draft of a version that is in force, which counts for nothing. Who changes them holds
 * trust_files_lock.
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
    struct trust now;     /* its last version */
    struct trust_at last; /* and that version's container, in sequence */
};
#define auto_trust_kept CLEANUP(trust_kept_free)

struct trust_draft {
    struct trust t;
    struct draft d;
};
#define auto_trust_draft CLEANUP(trust_draft_free)

/* ERR_BUSY names the pid of who has it. */
MUST_CHECK int trust_files_lock(const struct coord_conf *c, int *ret_fd, struct err *err);
/* ERR_NOTFOUND when there is none: `caravan init` was not run here. */
MUST_CHECK int trust_kept_load(const struct coord_conf *c, struct trust_kept *ret, struct err *err);
/* *ret_there false: there is none. */
MUST_CHECK int trust_kept_load_if(const struct coord_conf *c, struct trust_kept *ret,
                                  bool *ret_there, struct err *err);
/* Of a cluster that was before this one, whose root keys were lost: the file of the configuration's
 * directory that ends in TRUST_BEFORE and is of this cluster. *ret_there false: there is none. */
MUST_CHECK int trust_kept_load_before(const struct coord_conf *c,
                                      const unsigned char cluster[static CLUSTER_ID_LEN],
                                      struct trust_kept *ret, bool *ret_there, struct err *err);
void trust_kept_free(struct trust_kept *k);

MUST_CHECK int trust_draft_new(const struct trust *t, struct trust_draft *ret, struct err *err);
/* *ret_there false: no such file. */
MUST_CHECK int trust_draft_load(const char *path, struct trust_draft *ret, bool *ret_there,
                                struct err *err);
void trust_draft_free(struct trust_draft *d);
/* Signs with the root keys that are here and that now (NULL: unknown here) or the draft names. */
MUST_CHECK int trust_draft_sign(const struct coord_conf *c, const struct trust *now,
                                struct trust_draft *d, size_t *ret_added, struct err *err);
/* Signed by all that must? ERR_CRYPTO tells who did not. now NULL: unknown here,
 * which is enough for a first version alone (ERR_NOTFOUND). */
MUST_CHECK int trust_draft_check(const struct trust_draft *d, const struct trust *now,
                                 struct err *err);
/* Puts it into force here: behind the versions that are kept (NULL: as the first), and the draft in
 * the configuration's directory goes. */
MUST_CHECK int trust_draft_settle(const struct coord_conf *c, const struct trust_draft *d,
                                  struct trust_kept *kept, struct err *err);
/* The package for hosts, of all versions; its path. only_missing: what is there of this version
 * stays, so that a command that was killed before it made one is made good. */
MUST_CHECK int trust_files_package(const struct coord_conf *c, int64_t now_s, bool only_missing,
                                   char ret[static 300], struct err *err);

#endif
