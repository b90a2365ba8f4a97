/*
 * advice.h - what to do about a host whose turn has failed. Pure.
 */
#ifndef ADVICE_H
#define ADVICE_H

#include "situation.h"

/* Returns one or more sentences for plan->hosts[i], by the failure of its turn and by the
 * program that reported the failure. If the ledger's text names a row of the hazard table
 * ("[api-silent] ..."), the function returns the advice of that row. A failure that the
 * coordinator's gates found has an advice of its own, because the advice for an agent's failure
 * of the same name does not help there. */
const char *advice_after(const struct situation *s, size_t i);

/* Returns the advice for an order that an agent refused for this reason. */
const char *advice_refused(enum refusal refusal);
/* Returns the advice for a client that was skipped for this reason. */
const char *advice_skipped(enum skip_why why);

#endif
