/*
 * plan_make.h - makes a plan, before anything is touched. Pure.
 *
 * Compares one observation with the target and the policy: which hosts, in which groups, with which
 * limits, in which forecast order; and the findings of the rows of hazards. `hazards` must outlive
 * the plan. The caller frees the plan with plan_free.
 */
#ifndef PLAN_MAKE_H
#define PLAN_MAKE_H

#include "plan.h"

/* Makes a plan. plan_refused says whether the plan may be carried out. ERR_STATE: the observation
 * does not allow a plan. survey NULL: there was no survey, and rows that need it cannot tell. */
MUST_CHECK int plan_make(const struct world *w, const struct survey *survey,
                         const struct release *target, const struct policy *policy,
                         const struct hazards *hazards, struct plan *ret, struct err *err);
/* Returns the build for the system that the agent reports; NULL: the release has no such build. */
const struct manifest_build_ref *plan_build(const struct release *r, const struct host *h);
/* Does the agent of this client report a system that does not exist? Such a client is left out of
 * the plan. A system that exists may still get a build. */
bool plan_client_without_build(const struct host *h, const struct release *target);

#endif
