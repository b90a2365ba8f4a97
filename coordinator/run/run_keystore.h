/*
 * run_keystore.h - orders that have servers' keystores copied, and their answers.
 *
 * What is asked and why says decide_keystore.h. That an order is outstanding is not committed: an
 * agent makes one copy a run, and after a crash is simply asked again. In every tick keystore_plan
 * before the commit, which keeps the signed orders, and keystore_do after it; keystore_answer for
 * EV_RECEIPT and EV_NO_ANSWER of an order to preserve.
 */
#ifndef RUN_KEYSTORE_H
#define RUN_KEYSTORE_H

#include "run.h"

/* Signs what INTENT_PRESERVE wants; it is sent after the commit. */
MUST_CHECK int keystore_plan(struct run *r, struct err *err);
void keystore_do(struct run *r);
void keystore_answer(struct run *r, const struct event *ev);

#endif
