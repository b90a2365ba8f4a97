/*
 * trust_package.h - packs the fleet's trust file into a Debian package for hosts.
 *
 * Hosts can then get the trust file from the operator's repository. caravan-trust_<n>_all.deb,
 * where n is the version of the trust file, contains one file: /etc/caravan/trust. The file is not
 * a conffile, on purpose: nobody edits a signed file, and dpkg's question about a conffile would
 * stop an unattended upgrade. dpkg replaces the file by a rename. Hosts notice the change
 * (caravan-trust.path) and adopt a version that is newer and signed as the trust in force demands.
 * A package of the wrong fleet, or an older package, therefore changes nothing but the file.
 * Removing the package does not change the trust in force. The package has no maintainer scripts.
 *
 * The package is made with libarchive (ar, tar, gzip), not with dpkg, because the operator's
 * machine need not be a Debian machine. The same trust file and time give the same bytes.
 */
#ifndef TRUST_PACKAGE_H
#define TRUST_PACKAGE_H

#include "trust.h"

#define TRUST_PACKAGE_NAME_MAX 64

/* "caravan-trust_3_all.deb" */
void trust_package_name(const struct trust *t, char dst[static TRUST_PACKAGE_NAME_MAX]);
/* file: the trust file, as hosts get it; t: its last version, parsed. at_s: wall clock in seconds,
 * for the times in the package. Appends the package to *ret. */
MUST_CHECK int trust_package_pack(const struct trust *t, const struct buf *file, int64_t at_s,
                                  struct buf *ret, struct err *err);

#endif
