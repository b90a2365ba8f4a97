/*
 * lease_book.h - the leases of a run: those of all server agents, and those of clients at work.
 *
 * Call lease_init once, and lease_tick in every tick before decide(). lease_tick takes, renews and
 * gives back leases, and refreshes r->lease, which decide() reads. lease_receipt and
 * lease_no_answer take the answers. At the end of a run call lease_give_back until all leases are
 * given back, then lease_free. r->leases is the book; r->lease.claims points into it.
 *
 * The run holds the lease of every server agent of the planned regions, all the time. It also asks
 * the agent of a server that has left; that agent may be silent. The run claims a client before its
 * stage order, gives the lease back after it, and claims the client again for its swap. An agent
 * refuses a take when another run holds the lease; it accepts a take of a lease that is free, has
 * expired, or belongs to this run (after a resume). The newest answer counts, whatever the order
 * asked for, so the next receipt makes up for a lost one. The book is not in the ledger: a
 * coordinator that loses it asks again.
 */
#ifndef LEASE_BOOK_H
#define LEASE_BOOK_H

#include "run.h"

void lease_init(struct run *r);
void lease_free(struct run *r);
/* -1: a lease order could not be signed. */
MUST_CHECK int lease_tick(struct run *r, struct err *err);
void lease_receipt(struct run *r, const struct event *ev);
void lease_no_answer(struct run *r, const struct event *ev);
/* Returns the keys of the servers of this region whose leases the run wants, one with each call;
 * NULL after the last one. Set *io to 0 before the first call. */
const char *lease_server(const struct run *r, const char *region, size_t *io);
/* The epoch of this host's lease; 0: the run does not hold the lease. */
uint64_t lease_epoch(const struct run *r, const char *key);
/* Asks for the lease of a client: INTENT_CLAIM. */
void lease_want(struct run *r, const char *key);
/* The host refused an order. If the lease was the reason, the next tick asks for the lease again.
 */
void lease_refused_by(struct run *r, const char *key, enum refusal why);
/* Gives all leases back. *ret_all is false while the run waits for answers. */
MUST_CHECK int lease_give_back(struct run *r, bool *ret_all, struct err *err);

#endif
