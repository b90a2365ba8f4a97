/*
 * run_keystore.h - orders that have servers' keystores copied, and their answers.
 *
 * What is asked and why says decide_keystore.h. The orders are not committed: an agent makes one
 * copy a run, and after a crash is simply asked again. keystore_do in every tick, after the
 * commit; keystore_answer for EV_RECEIPT and EV_NO_ANSWER of an order to preserve.
 */
#ifndef RUN_KEYSTORE_H
#define RUN_KEYSTORE_H

#include "run.h"

/* Orders what INTENT_PRESERVE wants, after the commit. */
MUST_CHECK int keystore_do(struct run *r, struct err *err);
void keystore_answer(struct run *r, const struct event *ev);

#endif
