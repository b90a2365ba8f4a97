/*
 * plan_replace.h - the hosts of a plan that replaces servers. Pure.
 *
 * New ones in the order in which they were named, then those that leave: the dead ones, the others
 * by name, the leader last. Who leaves was named by people: exactly one server of the observation
 * must answer to each name.
 */
#ifndef PLAN_REPLACE_H
#define PLAN_REPLACE_H

#include "plan.h"

struct replaced_voters {
    const char *region;
    uint32_t before; /* voters now */
    uint32_t dead;   /* of these: failed, and accepted to be taken out */
    uint32_t joins;
    uint32_t leaves; /* of the voters now, the dead ones too */
    uint32_t after;
};

bool policy_replaces(const struct policy *y);
/* The rows of the world that the policy names, into ret[REPLACED_MAX * 2]: new ones first.
 * ERR_USAGE: a name that is no server's, is several servers', or was given twice. */
MUST_CHECK int replace_choose(const struct world *w, const struct policy *y,
                              const struct host **ret, size_t *ret_n, struct err *err);
/* p->hosts, filled but for their roles, which stand in the order of replace_choose: roles and
 * order. */
void replace_order(const struct world *w, struct plan *p);
/* Every server that answers lists it as failed or left, one at least does; and its agent is
 * silent. */
bool replace_is_dead(const struct world *w, const struct host *h);
/* Of the region whose servers leave. False: who votes could not be read. */
bool replace_voters(const struct world *w, const struct plan *p, struct replaced_voters *ret);

#endif
