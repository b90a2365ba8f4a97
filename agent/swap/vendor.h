/*
 * vendor.h - did HashiCorp itself sign this zip? If root demands that (require_vendor_signature),
 * nothing else is installed, whoever signed the manifest and whoever gives the order.
 *
 * The manifest contains SHA256SUMS and its OpenPGP signature, within the manifest's limits.
 * caravan-swap reads both only after the signatures of the manifest satisfied the trust file. Then,
 * before anything is downloaded, in this order:
 * - caravan-swap decodes the keyrings. They are root's files: one comes with the package, root may
 *   name another one.
 * - gpgv checks the signature over the bytes of SHA256SUMS. With two keyrings gpgv runs twice, each
 *   time with another keyring first, so that a revocation in either of them counts.
 * - Only then caravan-swap parses SHA256SUMS. It must contain the digest that the manifest names,
 *   under the zip's exact name.
 *
 * What this relies on. gpgv parses bytes from the network. Therefore gpgv runs behind the trial's
 * wall (agent/fetch/trial.h: no network, no rights, nothing to write). caravan-swap judges its
 * status lines (gpgv_status.h), and relies on them being gpgv's own. Therefore no other process may
 * touch the process of gpgv. Its user, caravan-verify, runs only gpgv and the unpacking of zips
 * that gpgv has accepted. The other users (caravan-fetch and caravan-ask, which read the network,
 * and caravan-try, which runs new binaries) cannot trace it, write its memory, or answer on its
 * socket. root hashes root's own copy of the zip. The unpacked bytes come over a stream, and root
 * hashes them against the manifest, so the sandbox never holds the bytes that count. This does not
 * protect from a fault of gpgv itself by which a signature takes gpgv over.
 */
#ifndef VENDOR_H
#define VENDOR_H

#include "gpgv_status.h"
#include "host.h"
#include "vendor_names.h"

struct vendor_keys {
    const char *vendor, *own; /* paths of the keyrings; own "": none */
};

/* Copied from the manifest. */
struct vendor_job {
    bool asked;
    size_t sums_len, sig_len;
    unsigned char sums[SUMS_MAX], sig[SUMS_SIG_MAX];
    char zip[VENDOR_NAME_MAX];
};

/* Does the vendor's signature cover a zip with this digest? ret_key: the key that signed. -1: err
 * says why not, or why this is not known. */
MUST_CHECK int vendor_check(const struct host *h, const struct vendor_keys *keys,
                            const struct vendor_job *job, const struct digest *zip,
                            char ret_key[static OPENPGP_FPR], struct err *err);
/* Can this host check the signature: are gpgv and the keyrings here? -1: err says what is missing.
 */
MUST_CHECK int vendor_ready(const struct host *h, const struct vendor_keys *keys, struct err *err);

#endif
