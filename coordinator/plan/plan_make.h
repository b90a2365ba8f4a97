/*
 * plan_make.h - making a plan, before anything is touched. Pure.
 *
 * Compares one observation with the target and the policy: which hosts, in which
 * groups, with which limits, in which forecast order; plus the findings of the rows of
 * hazards, which outlive the plan. It touches nothing.
 */
#ifndef PLAN_MAKE_H
#define PLAN_MAKE_H

#include "plan.h"

/* Always makes a plan when the observation allows any (ERR_STATE else); whether it
 * may be carried out is plan_refused. survey NULL: nothing was asked beside the
 * observation, and what hazards it would tell of cannot be told. */
MUST_CHECK int plan_make(const struct world *w, const struct survey *survey,
                         const struct release *target, const struct policy *policy,
                         const struct hazards *hazards, struct plan *ret, struct err *err);
/* What is for the system that its agent tells; NULL: the release has nothing for it. */
const struct manifest_build_ref *plan_build(const struct release *r, const struct host *h);
/* A client whose agent says that it runs on a system there is none of: it is left out, the others
 * are not. Of a system that exists the release may yet get a build. */
bool plan_client_without_build(const struct host *h, const struct release *target);

#endif
