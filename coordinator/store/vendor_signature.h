/*
 * vendor_signature.h - did HashiCorp sign this SHA256SUMS?
 *
 * gpgv is asked, with the keys that the package ships and those of [vendor] keyring, and
 * judged by its status lines (gpgv_status.h). A key that either of the two knows as revoked
 * does not count. A keyring that anybody may change is not read. Nothing of a user's GnuPG is read.
 * What gpgv needs as files lies in a directory <state_dir>/vendor.XXXXXX for as long as it runs;
 * what a kill left there is removed by vendor_sweep, which only who holds the releases' lock may
 * call (release_store.h).
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

/* ERR_CRYPTO: no good signature, *ret says why. ERR_STATE: gpgv is missing or fails; ERR_CONFIG:
 * a keyring cannot be read, or there is none at all. */
MUST_CHECK int vendor_check(const struct coord_conf *c, const struct vendor_signed *s,
                            const struct clock *clock, struct gpgv_verdict *ret, struct err *err);
MUST_CHECK int vendor_sweep(const struct coord_conf *c, struct err *err);

#endif
