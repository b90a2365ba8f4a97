/*
 * planning.h - from the command line to a plan: a look, what only a plan needs, the plan.
 *
 * Used by plan and upgrade alike, so that what the one shows the other checks again.
 * Changes nothing anywhere.
 */
#ifndef PLANNING_H
#define PLANNING_H

#include "console.h"
#include "plan.h"

/* check, unless NULL, may refuse by what the look shows, before anything else is asked.
 * policy must outlive the plan. */
typedef int planning_check(const struct world *w, struct err *err);
MUST_CHECK int planning_make(struct console *c, const struct release *release,
                             const struct policy *policy, int64_t patience_ms,
                             planning_check *check, struct plan *ret, struct err *err);

#endif
