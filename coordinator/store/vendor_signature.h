/*
 * vendor_signature.h - checks with gpgv whether HashiCorp signed a SHA256SUMS.
 *
 * gpgv gets the keys that the package ships and those of [vendor] keyring. Its status lines decide
 * (gpgv_status.h). A key that either keyring knows as revoked does not count. A keyring that others
 * may write to is not read, and nothing of a user's GnuPG is read. While gpgv runs, its files are
 * in the directory <state_dir>/vendor.XXXXXX. A killed command may leave such a directory;
 * vendor_sweep removes it. Only a caller that holds release_lock (release_store.h) may call
 * vendor_sweep.
 */
#ifndef VENDOR_SIGNATURE_H
#define VENDOR_SIGNATURE_H

#include "clock.h"
#include "coord_conf.h"
#include "gpgv_status.h"

struct vendor_signed {
    const void *sums;
    size_t sums_len;
    const void *sig; /* binary or armoured */
    size_t sig_len;
};

/* ERR_CRYPTO: there is no good signature; *ret says why. ERR_STATE: gpgv is missing or failed.
 * ERR_CONFIG: a keyring cannot be read, or there is no keyring. */
MUST_CHECK int vendor_check(const struct coord_conf *c, const struct vendor_signed *s,
                            const struct clock *clock, struct gpgv_verdict *ret, struct err *err);
/* Removes the directories that killed commands left. */
MUST_CHECK int vendor_sweep(const struct coord_conf *c, struct err *err);

#endif
