/*
 * act.h - carries out one decision, and folds what came of its orders.
 *
 * act applies every intent to the ledger, in their order, has effects planned (effect_calls.h),
 * commits all of it at once, and only then sends orders and does effects. act_receipt is called for
 * every answer, or the lack of one, to an order of that kind: an answer to an order that was given
 * up changes nothing. Both change the run's ledger and mark what is to be committed.
 */
#ifndef ACT_H
#define ACT_H

#include "run.h"

/* -1: an order could not be signed, or the ledger not be written: begin nothing more. */
MUST_CHECK int act(struct run *r, const struct decision *d, struct err *err);
/* EV_RECEIPT or EV_NO_ANSWER of an order to stage, swap or revert. */
void act_receipt(struct run *r, const struct event *ev);

#endif
