/*
 * trust_store.h - the trust in force on this host, and the anchor it came from.
 *
 * The trust in force is the file <state_dir>/trust. The file contains one whole container.
 * caravan-swap alone writes the file; caravan-agent reads it.
 *
 * At the first start caravan-swap adopts the anchor (/etc/caravan/trust). Later caravan-swap adopts
 * only those versions of the anchor that follow the trust in force, one version after the other
 * (trust_sequence.h). caravan-swap ignores an older anchor and logs a warning. To return to the
 * anchor, root removes <state_dir>/trust and restarts caravan-swap.
 *
 * A version whose date is ahead of this host's clock (trust_is_ahead) names operators whom the host
 * would not obey. caravan-swap does not adopt such a version from the anchor, and logs a warning at
 * each start, until the clock reaches the date or the anchor contains a later version with a good
 * date. A host without any trust adopts the version all the same, and logs that its clock is wrong:
 * the clock of a new host may be years behind. A trust order is not judged by the clock.
 */
#ifndef TRUST_STORE_H
#define TRUST_STORE_H

#include "log.h"
#include "trust.h"

/* Reads the trust in force from path, adopts what the anchor adds, and fills *ret. ERR_CONFIG:
 * neither file exists. */
MUST_CHECK int trust_store_open(const char *path, const char *anchor, int64_t wall_s,
                                const struct log *log, struct trust *ret, struct err *err);
/* Adopts the file of a trust order, which contains one version. ERR_STATE: this version does not
 * follow *now. ERR_CRYPTO: the signatures do not suffice. The function writes the file durably
 * before it replaces *now. */
MUST_CHECK int trust_store_adopt(const char *path, struct trust *now, const void *file, size_t n,
                                 struct err *err);

#endif
