/*
 * lease_book.h - the leases of a run: every server agent's, and those of clients at work.
 *
 * lease_init once, then lease_tick in every tick, before decide: it takes, renews and gives back
 * what is due, and refreshes r->lease, which decide reads. Answers to its orders come through
 * lease_receipt and lease_no_answer. At the end of a run lease_give_back until all are back, then
 * lease_free. The book is r->leases, and r->lease.claims points into it.
 *
 * Every server agent of the planned regions, always (one that has left is asked on, and may be
 * silent); a client's before its stage, given back after,
 * again for its swap. A take is answered by "held by another run" or it is ours: free, expired, or
 * our own run's (resume). What the newest answer says counts, whatever was asked: a lost receipt
 * is made up by the next one. The book is not in the ledger: losing it only
 * delays.
 */
#ifndef LEASE_BOOK_H
#define LEASE_BOOK_H

#include "run.h"

void lease_init(struct run *r);
void lease_free(struct run *r);
/* Takes, renews, gives back what is due; refreshes r->lease. */
MUST_CHECK int lease_tick(struct run *r, struct err *err);
void lease_receipt(struct run *r, const struct event *ev);
void lease_no_answer(struct run *r, const struct event *ev);
/* The servers of this region whose leases the run is to hold, one after the other; *io: 0 at
 * first. NULL: no more. */
const char *lease_server(const struct run *r, const char *region, size_t *io);
/* The epoch of this host's lease; 0: not held. */
uint64_t lease_epoch(const struct run *r, const char *key);
void lease_want(struct run *r, const char *key); /* INTENT_CLAIM */
/* An order was refused; for its lease: ask again. */
void lease_refused_by(struct run *r, const char *key, enum refusal why);
/* At the end of a run: gives everything back; false while answers are awaited. */
MUST_CHECK int lease_give_back(struct run *r, bool *ret_all, struct err *err);

#endif
