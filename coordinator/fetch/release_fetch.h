/*
 * release_fetch.h - one version from the vendor: fetched, verified, published on this machine.
 *
 *     SHA256SUMS                               SUMS_MAX bytes
 *     its signature, KEYID's first             good by gpgv, or nothing more is fetched
 *     each target is in it by its exact name   or what there is, is told
 *     each zip                                 its digest first, then the member in it
 *     the release                              moved, signed, visible: release_add_vendor
 *
 * Until the last step nothing below <state_dir>/releases changes. Parts and zips lie in
 * <state_dir>/fetching/VERSION meanwhile: NAME.part with NAME.from, the address it comes from.
 * A part is gone on with from that address alone; when its digest is wrong, or it came from
 * elsewhere, it begins at 0. A zip that was fetched before is checked, and not fetched again.
 *
 * One at a time (release_lock). What stop_fd has to read ends it: parts stay, all else goes.
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
    const struct keypair *key; /* of the release role */
    const struct clock *clock;
    const char *version;
    const char *from; /* NULL: [vendor] from, else the vendor's own site */
    const struct build_target *targets;
    size_t n_targets;
    uint64_t max;            /* of a zip; 0: RELEASE_FILE_MAX */
    int64_t deadline_ms;     /* 0: FETCH_DEADLINE_MS */
    uint32_t speed_window_s; /* 0: FETCH_SPEED_WINDOW_S */
    int stop_fd;             /* -1: none */
    /* NULL, or told of one file: how far it is (total 0: not known). */
    void (*progress)(void *ctx, const char *name, uint64_t done, uint64_t total);
    void *ctx;
};

/* ERR_CRYPTO: a signature or digest; ERR_NOTFOUND: no such version there, or no such target;
 * ERR_BUSY: somebody fetches already; ERR_NOSPACE; ERR_STATE: interrupted, or no gpgv; and what
 * download.h has. */
MUST_CHECK int release_fetch(const struct release_fetch *f, struct stored_release *ret,
                             struct gpgv_verdict *ret_signer, struct err *err);

#endif
