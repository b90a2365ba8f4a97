/*
 * trust_sequence.h - several versions of a trust file in one file, the oldest first. Pure.
 *
 * /etc/caravan/trust on hosts, and the coordinator's own `trust`: containers one behind the other,
 * versions k, k + 1, and so on. A host that slept through three rotations follows them all, each
 * step verified by the one before it (trust_next_check). One container is a sequence as well. At
 * most TRUST_SEQUENCE_MAX bytes: where that is not enough the oldest versions are left out.
 */
#ifndef TRUST_SEQUENCE_H
#define TRUST_SEQUENCE_H

#include "trust.h"

#define TRUST_SEQUENCE_MAX (64 * 1024)

/* One container of it; len 0: none. */
struct trust_at {
    const unsigned char *p;
    size_t len;
};

/* The first container at p, whole. ERR_FORMAT when there is none. */
MUST_CHECK int trust_sequence_first(const void *p, size_t n, struct trust_at *ret, struct err *err);
/* Walks over n bytes at *io: 1: the next container is *ret, and what it says *ret_t; 0: there is
 * none any more; -1: what is left is none. Signatures are not checked here. */
MUST_CHECK int trust_sequence_next(const unsigned char **io, size_t *io_n, struct trust_at *ret,
                                   struct trust *ret_t, struct err *err);
/* From the first, which its own roots signed, to the last: as a host begins. *ret: the last one
 * that follows, *ret_at its container. -1: not even the first counts. What comes behind *ret and
 * does not follow is told in rest, whose kind is ERR_NONE else. */
MUST_CHECK int trust_sequence_begin(const void *p, size_t n, struct trust *ret,
                                    struct trust_at *ret_at, struct err *rest, struct err *err);
/* From the trust in force onward; versions that are not newer are passed over. ret_at->len 0:
 * nothing of it follows. ret_last: the highest version that is there, also when it was passed over.
 * -1: something in it does not follow, and why; *now and *ret_at are what does. wall_s: a version
 * that is ahead of this clock (trust_is_ahead) is a step to later ones and no more, ERR_STATE where
 * it is the last; TRUST_ANY_DAY: it counts. */
#define TRUST_ANY_DAY INT64_MAX
MUST_CHECK int trust_sequence_follow(const void *p, size_t n, int64_t wall_s, struct trust *now,
                                     struct trust_at *ret_at, uint32_t *ret_last, struct err *err);

#endif
