/*
 * model_vendor.h - HashiCorp's signature on the model host, and a manifest that carries it.
 *
 * A zip is one more kind of text (model_binary "zip"); what comes out of it is what the host is
 * offered, or model_vendor.unzips. gpgv says what model_vendor.status has; NULL: a good signature.
 */
#ifndef MODEL_VENDOR_H
#define MODEL_VENDOR_H

#include "manifest.h"
#include "model_host.h"
#include "order_desk.h"
#include "vendor.h"

#define MODEL_KEYS "/share/keys" /* a keyring */
/* gpgv's lines of a good signature. */
#define MODEL_GOOD                                                                                 \
    "[GNUPG:] NEWSIG\n"                                                                            \
    "[GNUPG:] GOODSIG 0000000000000001 HashiCorp\n"                                                \
    "[GNUPG:] VALIDSIG 0000000000000000000000000000000000000001 2026-01-01 1767225600 0 4 0 1 8 "  \
    "00 0000000000000000000000000000000000000001\n"

extern const struct vendor_keys model_vendor_keys;

void model_vendor_ports(struct host *h);
/* The keyring is there, and a fetch brings the zip. */
void model_vendor_open(struct model_host *m);
/* The first build becomes the zip, named by sums of its digest. */
void model_vendor_manifest(struct manifest *m);

/* Into a stage order: 1.1.0 in the zip, of which this is the binary's digest. */
void model_vendor_stage(struct order_stage *st, const struct keypair *by, const char *arch,
                        const struct digest *digest);

#endif
