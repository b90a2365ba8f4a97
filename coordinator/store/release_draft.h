/*
 * release_draft.h - the manifest of a release while it is signed, on machines of their own.
 *
 * Where the trust demands more release keys than are here, `manifest` in the folder of a release
 * (release_store.h) is a draft (draft.h): carried to where a release key is, signed there, and
 * brought back, where the signatures are put into the release that has the same bytes. A release
 * that lacks signatures is not staged, planned or served.
 */
#ifndef RELEASE_DRAFT_H
#define RELEASE_DRAFT_H

#include "draft.h"
#include "release_store.h"

struct release_draft {
    struct manifest manifest;
    struct draft d;
};
#define auto_release_draft CLEANUP(release_draft_free)

void release_draft_free(struct release_draft *r);
MUST_CHECK int release_draft_load(const char *path, struct release_draft *ret, struct err *err);
/* Signs with the release keys that are here, until as many have signed as must; t, where it is
 * known here, says which these keys are. t NULL: every release key of this machine signs. */
MUST_CHECK int release_draft_sign(const struct coord_conf *c, const struct trust *t, int64_t wall_s,
                                  struct release_draft *r, size_t *ret_added, struct err *err);
/* ERR_CRYPTO tells how many signed, and the names of who did not. */
MUST_CHECK int release_draft_check(const struct trust *t, const struct release_draft *r,
                                   int64_t wall_s, struct err *err);
/* Where this release is here, with the same bytes: both get the signatures of both. *ret_kept
 * false: it is not here. */
MUST_CHECK int release_draft_keep(const struct coord_conf *c, struct release_draft *r,
                                  bool *ret_kept, struct err *err);

#endif
