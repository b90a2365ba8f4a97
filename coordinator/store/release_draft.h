/*
 * release_draft.h - the manifest of a release that still lacks signatures.
 *
 * If the trust file demands more release keys than this machine has, the file `manifest` in the
 * folder of the release (release_store.h) is a draft (draft.h). People carry the draft to the
 * machines that have the other release keys, sign it there, and bring it back. Then the signatures
 * are added to the release whose manifest has the same bytes. A release that lacks signatures is
 * not staged, planned or served.
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
/* Signs with the release keys of this machine, until enough keys have signed. t: the trust in
 * force; only its release keys sign. NULL: the trust file is not on this machine; every key made
 * for the purpose release signs. */
MUST_CHECK int release_draft_sign(const struct coord_conf *c, const struct trust *t, int64_t wall_s,
                                  struct release_draft *r, size_t *ret_added, struct err *err);
/* Do enough release keys of t sign the draft at wall_s (seconds since 1970)? The text of ERR_CRYPTO
 * says how many keys signed, and names the keys that did not. */
MUST_CHECK int release_draft_check(const struct trust *t, const struct release_draft *r,
                                   int64_t wall_s, struct err *err);
/* If the release is stored on this machine with the same bytes, merges the signatures of the stored
 * draft and of r into both. *ret_kept false: the release is not stored here, and nothing changed.
 */
MUST_CHECK int release_draft_keep(const struct coord_conf *c, struct release_draft *r,
                                  bool *ret_kept, struct err *err);

#endif
