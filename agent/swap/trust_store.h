/*
 * trust_store.h - the trust in force on this host, and the anchor it came from.
 *
 * The trust in force is <state_dir>/trust, a whole container, written by
 * caravan-swap alone and read by caravan-agent. At first start the anchor is
 * adopted; later it counts only as far as it follows the trust in force, version by version
 * (trust_sequence.h); an older one is ignored (and said so). Root goes back to the anchor
 * by removing the file.
 *
 * A version that was made on a day which this host's clock has not reached (trust_is_ahead) would
 * leave the host with operators that it does not obey. It is not adopted from the anchor, which is
 * said at every start until the clock has reached that day or a later version is there. At first
 * start, when the clock may be of another year, it is adopted all the same and the clock is said to
 * be wrong; so is one that a trust order brings.
 */
#ifndef TRUST_STORE_H
#define TRUST_STORE_H

#include "log.h"
#include "trust.h"

MUST_CHECK int trust_store_open(const char *path, const char *anchor, int64_t wall_s,
                                const struct log *log, struct trust *ret, struct err *err);
/* A trust order's file, one version. ERR_STATE: it does not follow; ERR_CRYPTO: not signed so.
 * *now is replaced when it is in force, durably. */
MUST_CHECK int trust_store_adopt(const char *path, struct trust *now, const void *file, size_t n,
                                 struct err *err);

#endif
