/*
 * trust_sequence.h - several versions of a trust file in one file, the oldest first. Pure.
 *
 * /etc/caravan/trust on hosts and the coordinator's own file `trust` are sequences: containers one
 * after the other, with versions k, k + 1, and so on. A host that missed three rotations adopts all
 * of them, one after the other; each version is verified with the one before it (trust_next_check).
 * A single container is a sequence, too. A sequence has at most TRUST_SEQUENCE_MAX bytes; if that
 * is not enough, the oldest versions are left out.
 */
#ifndef TRUST_SEQUENCE_H
#define TRUST_SEQUENCE_H

#include "trust.h"

#define TRUST_SEQUENCE_MAX (64 * 1024)

/* One container of a sequence; len 0: none. */
struct trust_at {
    const unsigned char *p;
    size_t len;
};

/* Finds the first container at p. ERR_FORMAT: there is no whole container. ERR_LIMIT: n is above
 * TRUST_SEQUENCE_MAX. */
MUST_CHECK int trust_sequence_first(const void *p, size_t n, struct trust_at *ret, struct err *err);
/* Reads the next container of the *io_n bytes at *io and moves both. 1: *ret is the container and
 * *ret_t its content; 0: the sequence has ended; -1: the remaining bytes are not a container.
 * Signatures are not checked here. */
MUST_CHECK int trust_sequence_next(const unsigned char **io, size_t *io_n, struct trust_at *ret,
                                   struct trust *ret_t, struct err *err);
/* Begins with the first version, which its own root keys must have signed, and adopts the following
 * ones, as a host does that has no trust yet. *ret is the last version that could be adopted,
 * *ret_at its container. -1: the first version is not valid. If a later version could not be
 * adopted, rest says why; otherwise the kind of rest is ERR_NONE. */
MUST_CHECK int trust_sequence_begin(const void *p, size_t n, struct trust *ret,
                                    struct trust_at *ret_at, struct err *rest, struct err *err);
/* Begins with the trust in force (*now) and adopts the newer versions of the sequence; skips the
 * others. *now becomes the last version that could be adopted, *ret_at its container; len 0: no
 * version was adopted. *ret_last: the highest version in the sequence, even if it was skipped. -1:
 * a version could not be adopted, and err says why; *now and *ret_at are valid all the same.
 * wall_s: the clock. A version that is ahead of this clock (trust_is_ahead) only leads to later
 * versions; if it is the last one, that is ERR_STATE. TRUST_ANY_DAY: every version counts. */
#define TRUST_ANY_DAY INT64_MAX
MUST_CHECK int trust_sequence_follow(const void *p, size_t n, int64_t wall_s, struct trust *now,
                                     struct trust_at *ret_at, uint32_t *ret_last, struct err *err);

#endif
