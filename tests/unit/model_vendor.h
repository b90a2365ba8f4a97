/*
 * model_vendor.h - HashiCorp's signature on the model host, and a manifest that contains it.
 *
 * A zip is one more kind of binary (model_binary "zip"). Its content is model_host.offer, or
 * model_vendor.unzips. gpgv prints model_vendor.status; NULL: a good signature.
 */
#ifndef MODEL_VENDOR_H
#define MODEL_VENDOR_H

#include "manifest.h"
#include "model_host.h"
#include "order_desk.h"
#include "vendor.h"

#define MODEL_KEYS "/share/keys" /* a keyring */
/* gpgv's lines for a good signature. */
#define MODEL_GOOD                                                                                 \
    "[GNUPG:] NEWSIG\n"                                                                            \
    "[GNUPG:] GOODSIG 0000000000000001 HashiCorp\n"                                                \
    "[GNUPG:] VALIDSIG 0000000000000000000000000000000000000001 2026-01-01 1767225600 0 4 0 1 8 "  \
    "00 0000000000000000000000000000000000000001\n"

extern const struct vendor_keys model_vendor_keys;

void model_vendor_ports(struct host *h);
/* Makes the keyring; from now on a fetch brings the zip. */
void model_vendor_open(struct model_host *m);
/* Makes the first build a zip, and adds SHA256SUMS with its digest. */
void model_vendor_manifest(struct manifest *m);

/* Puts a signed manifest into a stage order: version 1.1.0 as a zip. digest: of the binary in it.
 */
void model_vendor_stage(struct order_stage *st, const struct keypair *by, const char *arch,
                        const struct digest *digest);

#endif
