/*
 * advice.h - what to do about a host whose turn has failed. Pure.
 */
#ifndef ADVICE_H
#define ADVICE_H

#include "situation.h"

/* One sentence or more for plan->hosts[i]: by what it failed for, and by who said so. What its
 * agent names by the id of a row ("[api-silent] ...") has that row's advice; what the cluster's
 * gates concluded has one of its own, for what an agent's failure of that name asks for does not
 * help. */
const char *advice_after(const struct situation *s, size_t i);

/* What to do where an agent would not obey an order, by what it said. */
const char *advice_refused(enum refusal refusal);
/* What to do about a client that was left out, for this. */
const char *advice_skipped(enum skip_why why);

#endif
