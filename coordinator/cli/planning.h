/*
 * planning.h - from the command line to a plan: a look, what only a plan needs, the plan.
 *
 * Used by plan and upgrade alike, so that what the one shows the other checks again. Where the
 * release has builds without a place, this machine listens before the plan is made (serving.h), so
 * that the plan tells where, and asks whether hosts may fetch from there. Changes nothing anywhere.
 */
#ifndef PLANNING_H
#define PLANNING_H

#include "plan.h"
#include "serving.h"

/* check, unless NULL, may refuse by what the look shows, before anything else is asked. */
typedef int planning_check(const struct world *w, struct err *err);

struct planning {
    struct stored_release *release; /* gets a place for what this machine serves */
    struct serving *serving;        /* begun, unless it was before; the caller ends it */
    const struct policy *policy;    /* must outlive the plan */
    int64_t patience_ms;
    bool only; /* nothing follows: the place where this machine would serve may be taken now */
    planning_check *check;
};

MUST_CHECK int planning_make(struct command_context *c, const struct planning *how,
                             struct plan *ret, struct err *err);

#endif
