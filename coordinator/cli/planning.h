/*
 * planning.h - makes a plan for a command: a look at the fleet, a survey of Nomad, the plan.
 *
 * plan and upgrade both use it, so upgrade checks again everything that plan showed. If builds of
 * the release have no place, this machine listens before the plan is made (serving.h): the plan
 * then says at which address, and asks whether hosts may fetch from there. Changes nothing on any
 * host.
 */
#ifndef PLANNING_H
#define PLANNING_H

#include "plan.h"
#include "serving.h"

/* May refuse after the look, before Nomad is surveyed. May be NULL. */
typedef int planning_check(const struct world *w, struct err *err);

struct planning {
    struct stored_release *release; /* gets a place for what this machine serves */
    struct serving *serving;        /* begun here, unless it was begun before; the caller ends it */
    const struct policy *policy;    /* must outlive the plan */
    int64_t patience_ms;
    bool only; /* only a plan: another program may listen at the serving address now */
    planning_check *check;
};

MUST_CHECK int planning_make(struct command_context *c, const struct planning *how,
                             struct plan *ret, struct err *err);

#endif
