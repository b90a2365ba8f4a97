/*
 * vendor.h - is a zip HashiCorp's own? Where root demands that (require_vendor_signature), nothing
 * else is installed, whoever signed the manifest and whoever orders.
 *
 * The manifest carries SHA256SUMS and its OpenPGP signature; both are read only after the manifest
 * was found signed as trust demands, within the manifest's limits. Then, in this order, before
 * anything is downloaded: the keyrings, which are root's files (one shipped with the package, one
 * that root names), are decoded here; gpgv judges the signature over the bytes of SHA256SUMS, once
 * with either keyring in front, so that a revocation in one of them counts; only
 * then SHA256SUMS is parsed; it must have the digest that the manifest names, under the zip's exact
 * name.
 *
 * What is believed. gpgv runs behind the trial's wall (agent/fetch/try.h: no network, no rights,
 * nothing to write), for it parses what came from the network, and its status lines are judged here
 * (gpgv_status.h). They are believed as what gpgv said: so they come from a process that nobody
 * else can touch. Its user, caravan-verify, runs nothing but gpgv and the unpacking of zips that
 * gpgv vouched for; caravan-fetch and caravan-ask, which read the network, and caravan-try, which
 * runs new binaries, are other users, and can neither trace it, write its memory nor answer on its
 * socket. The zip's digest is taken by root of root's own copy; the unpacked bytes come over a
 * stream (the sandbox never holds what root hashes) and are hashed against the manifest. A fault of
 * gpgv itself that lets a signature take it over is beyond this.
 */
#ifndef VENDOR_H
#define VENDOR_H

#include "gpgv_status.h"
#include "host.h"
#include "vendor_names.h"

struct vendor_keys {
    const char *vendor, *own; /* paths; own "": none */
};

/* Of the manifest, copied. */
struct vendor_job {
    bool asked;
    size_t sums_len, sig_len;
    unsigned char sums[SUMS_MAX], sig[SUMS_SIG_MAX];
    char zip[VENDOR_NAME_MAX];
};

/* Does the vendor's signature cover a zip with this digest? ret_key: whose it is. Else err says why
 * not, or why that cannot be told. */
MUST_CHECK int vendor_check(const struct host *h, const struct vendor_keys *keys,
                            const struct vendor_job *job, const struct digest *zip,
                            char ret_key[static OPENPGP_FPR], struct err *err);
/* Could it be asked at all: is gpgv here, are the keyrings? err says what is missing. */
MUST_CHECK int vendor_ready(const struct host *h, const struct vendor_keys *keys, struct err *err);

#endif
