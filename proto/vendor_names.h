/*
 * vendor_names.h - how HashiCorp names the files of a release: the one place that knows.
 *
 *     nomad/2.0.5+ent/nomad_2.0.5+ent_linux_amd64.zip
 *                     nomad_2.0.5+ent_SHA256SUMS
 *                     nomad_2.0.5+ent_SHA256SUMS.72D7468F.sig   by this key
 *                     nomad_2.0.5+ent_SHA256SUMS.sig
 *
 * Editions (+ent, +ent.fips1402) are part of the version in every name.
 */
#ifndef VENDOR_NAMES_H
#define VENDOR_NAMES_H

#include "manifest.h"

#define VENDOR_NAME_MAX 160
#define VENDOR_SITE     "https://releases.hashicorp.com"

struct build_target {
    char os[16], arch[16]; /* Go's words */
};

void vendor_zip_name(char dst[static VENDOR_NAME_MAX], const char *version, const char *os,
                     const char *arch);
void vendor_sums_name(char dst[static VENDOR_NAME_MAX], const char *version);
/* key_id: "72D7468F"; NULL: the signature that names no key. */
void vendor_sig_name(char dst[static VENDOR_NAME_MAX], const char *version, const char *key_id);

/* What SHA256SUMS names of this version, in its order; what else is in it is passed over. Returns
 * how many, at most max; 0 also when it does not parse. */
size_t vendor_targets(const char *sums, size_t n, const char *version, struct build_target *ret,
                      size_t max);
/* Is this build the zip that the vendor's SHA256SUMS names? */
bool vendor_names_build(const char *sums, size_t n, const char *version, const struct build *b);

#endif
