/*
 * release_check.h - checks a release of this machine again, without the network.
 *
 * The function checks the signature and the version of the manifest, and the vendor's signature of
 * its SHA256SUMS with the keys of today. For each build of the vendor it checks the stored zip: the
 * digest of the zip in the manifest, the same digest under the exact name in SHA256SUMS, and the
 * member in the zip. A build that SHA256SUMS does not name is the operator's own (`caravan release
 * add`): only the release key vouches for it. The file of such a build is checked against the
 * manifest if the file is on this machine, or if no place was named for the build.
 */
#ifndef RELEASE_CHECK_H
#define RELEASE_CHECK_H

#include "clock.h"
#include "gpgv_status.h"
#include "release_store.h"

enum check_result {
    CHECK_GOOD, /* the vendor signed the build */
    CHECK_OWN,  /* the operator's own build; nothing is wrong with it */
    CHECK_BAD,
};

struct build_check {
    char os[16], arch[16];
    enum check_result result;
    char why[TEXT_MAX]; /* CHECK_BAD: what is wrong */
};

struct release_check {
    bool of_vendor; /* the manifest has a SHA256SUMS; false: all builds are the operator's own */
    struct gpgv_verdict signer;
    size_t n_builds;
    struct build_check builds[BUILDS_MAX];
};

/* -1: the manifest or the vendor's signature is wrong, so that no build can be used. */
MUST_CHECK int release_check(const struct coord_conf *c, const struct trust *t, const char *version,
                             const struct clock *clock, struct release_check *ret, struct err *err);

#endif
