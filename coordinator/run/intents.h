/*
 * intents.h - carries out one decision, and records the answers to its orders.
 *
 * intents_carry_out() applies the intents to the ledger in their order, plans the next step of each
 * side effect (effect_calls.h), and commits all changes at once. Only then it sends the orders and
 * does the effects. The loop calls intents_take_receipt() for every answer to an order, and when no
 * answer came in time. An answer to an order that the run has given up changes nothing. Both
 * functions change the run's ledger and mark the changed rows for the next commit.
 */
#ifndef INTENTS_H
#define INTENTS_H

#include "run.h"

/* -1: an order could not be signed, or the ledger could not be written. Begin nothing more. */
MUST_CHECK int intents_carry_out(struct run *r, const struct decision *d, struct err *err);
/* ev: EV_RECEIPT or EV_NO_ANSWER of a stage, swap, revert or service order. */
void intents_take_receipt(struct run *r, const struct event *ev);

#endif
