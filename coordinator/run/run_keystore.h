/*
 * run_keystore.h - sends the orders that copy a server's keystore, and takes their answers.
 *
 * decide_keystore.h says which servers are ordered, and why. The ledger does not say that an order
 * is outstanding: an agent makes one copy for each run, so after a crash the run orders again. In
 * every tick call keystore_plan before the commit, which writes the signed orders into the record,
 * and keystore_do after it. Call keystore_answer for EV_RECEIPT and EV_NO_ANSWER of a preserve
 * order.
 */
#ifndef RUN_KEYSTORE_H
#define RUN_KEYSTORE_H

#include "run.h"

/* Signs the orders that INTENT_PRESERVE asked for. -1: an order could not be signed. */
MUST_CHECK int keystore_plan(struct run *r, struct err *err);
void keystore_do(struct run *r);
void keystore_answer(struct run *r, const struct event *ev);

#endif
