/*
 * vendor_names.h - the names that HashiCorp gives to the files of a release.
 *
 *     nomad/2.0.5+ent/nomad_2.0.5+ent_linux_amd64.zip
 *                     nomad_2.0.5+ent_SHA256SUMS
 *                     nomad_2.0.5+ent_SHA256SUMS.72D7468F.sig   signature by key 72D7468F
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
    char os[16], arch[16]; /* in Go's words: linux, amd64 */
};

void vendor_zip_name(char dst[static VENDOR_NAME_MAX], const char *version, const char *os,
                     const char *arch);
void vendor_sums_name(char dst[static VENDOR_NAME_MAX], const char *version);
/* key_id: "72D7468F"; NULL: the file name without a key. */
void vendor_sig_name(char dst[static VENDOR_NAME_MAX], const char *version, const char *key_id);

/* Lists the systems and architectures for which SHA256SUMS names a zip of this version, in the
 * order of the file; skips other lines. Returns their number, at most max. 0: none, or the file
 * does not parse. */
size_t vendor_targets(const char *sums, size_t n, const char *version, struct build_target *ret,
                      size_t max);
/* Is this build a zip whose name and digest are in the vendor's SHA256SUMS? */
bool vendor_names_build(const char *sums, size_t n, const char *version, const struct build *b);

#endif
