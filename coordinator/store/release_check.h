/*
 * release_check.h - a release that is on this machine, checked again: without the network.
 *
 * The manifest's signature and version; the vendor's signature of its SHA256SUMS, by the keys of
 * today; of each build the zip that is kept here: its digest, in the manifest and under its exact
 * name in SHA256SUMS, and the member in it. A build that SHA256SUMS does not name is one's own
 * (release add): nobody but the release key speaks for it. Where no place was named for it, or its
 * file is here, that file has to be the one in the manifest as well.
 */
#ifndef RELEASE_CHECK_H
#define RELEASE_CHECK_H

#include "clock.h"
#include "gpgv_status.h"
#include "release_store.h"

enum check_result { CHECK_GOOD, CHECK_OWN, CHECK_BAD };

struct build_check {
    char os[16], arch[16];
    enum check_result result;
    char why[TEXT_MAX]; /* CHECK_BAD */
};

struct release_check {
    bool of_vendor; /* it has a SHA256SUMS; else all builds are one's own */
    struct gpgv_verdict signer;
    size_t n_builds;
    struct build_check builds[BUILDS_MAX];
};

/* -1: the release cannot be used at all: its manifest, or the vendor's signature of it. */
MUST_CHECK int release_check(const struct coord_conf *c, const struct trust *t, const char *version,
                             const struct clock *clock, struct release_check *ret, struct err *err);

#endif
