/*
 * release_fetch.h - fetches one version from the vendor, verifies it, and adds it as a release.
 *
 * The steps are:
 *   1. Fetch SHA256SUMS, at most SUMS_MAX bytes.
 *   2. Fetch its signature; those of [vendor] key_ids first. Unless gpgv calls the signature good,
 *      nothing more is fetched.
 *   3. Find each target in SHA256SUMS by its exact name. If one is missing, the error lists those
 *      that SHA256SUMS has.
 *   4. Fetch each zip. Check its digest first, then the member in it.
 *   5. Move the zips, sign the manifest, make the release visible (release_add_vendor).
 *
 * Nothing below <state_dir>/releases changes before the last step. Until then the files are in
 * <state_dir>/fetching/VERSION: NAME.part, and NAME.from with the address that the part comes from.
 * Only that address continues a part. A part with a wrong digest, or from another address, begins
 * again at 0. A zip that was fetched before is checked, and not fetched again.
 *
 * Only one fetch runs at a time (release_lock). The fetch ends as soon as stop_fd is readable; then
 * the parts stay, and everything else is removed.
 */
#ifndef RELEASE_FETCH_H
#define RELEASE_FETCH_H

#include "gpgv_status.h"
#include "release_store.h"
#include "vendor_names.h"

#define FETCH_DEADLINE_MS    (4 * 3600 * 1000LL) /* for one file */
#define FETCH_SPEED_WINDOW_S 30

struct release_fetch {
    const struct coord_conf *conf;
    const struct trust *trust;
    const struct keypair *key; /* the release key; NULL: others sign (release_draft.h) */
    const struct clock *clock;
    const char *version;
    const char *from; /* NULL: [vendor] from, or the vendor's own site */
    const struct build_target *targets;
    size_t n_targets;
    uint64_t max;            /* bytes of a zip; 0: RELEASE_FILE_MAX */
    int64_t deadline_ms;     /* for one file; 0: FETCH_DEADLINE_MS */
    uint32_t speed_window_s; /* 0: FETCH_SPEED_WINDOW_S */
    int stop_fd;             /* -1: none */
    /* Called with the bytes of a file so far; total 0: not known. NULL: no calls. */
    void (*progress)(void *ctx, const char *name, uint64_t done, uint64_t total);
    void *ctx;
};

/* *ret_signer: who signed SHA256SUMS. ERR_CRYPTO: a signature or digest is wrong. ERR_NOTFOUND: the
 * place has no such version, or the version has no such target. ERR_BUSY: another command fetches
 * or changes releases. ERR_STATE: the fetch was interrupted, or gpgv is missing. download.h has the
 * other errors. */
MUST_CHECK int release_fetch(const struct release_fetch *f, struct stored_release *ret,
                             struct gpgv_verdict *ret_signer, struct err *err);

#endif
