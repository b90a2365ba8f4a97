/*
 * trust_package.h - the fleet's trust file as a Debian package, so that a host gets it
 * from the operator's repository like everything else.
 *
 * caravan-trust_<n>_all.deb, n the trust's version, holds one file: /etc/caravan/trust.
 * It is no conffile, on purpose: nobody edits a signed file, and a question about it
 * would keep an unattended upgrade waiting. dpkg replaces it by a rename; hosts notice
 * (caravan-trust.path) and adopt what is newer and signed as the trust in force demands,
 * so that a package of the wrong fleet, or an older one, changes nothing but the file.
 * Removing the package leaves the trust in force where it is. There are no maintainer
 * scripts.
 *
 * Made with libarchive (ar, tar, gzip), not with dpkg: an operator's machine need not be
 * a Debian one. The same trust and time give the same bytes.
 */
#ifndef TRUST_PACKAGE_H
#define TRUST_PACKAGE_H

#include "trust.h"

#define TRUST_PACKAGE_NAME_MAX 64

/* "caravan-trust_3_all.deb" */
void trust_package_name(const struct trust *t, char dst[static TRUST_PACKAGE_NAME_MAX]);
/* file: the signed container, as it lies on hosts; t: what it says. at_s: wall clock in
 * seconds, for the times in the package. */
MUST_CHECK int trust_package_pack(const struct trust *t, const struct buf *file, int64_t at_s,
                                  struct buf *ret, struct err *err);

#endif
