/*
 * plan_replace.h - the hosts of a plan that replaces servers. Pure.
 *
 * The order is: first the new servers as the operator named them, then the servers that leave
 * (first the dead ones, then the others by name, the leader last). The operator names the servers
 * that leave: each name must fit exactly one server of the observation.
 */
#ifndef PLAN_REPLACE_H
#define PLAN_REPLACE_H

#include "plan.h"

struct replaced_voters {
    const char *region;
    uint32_t before; /* voters now */
    uint32_t dead;   /* of these: failed, and the operator accepted their removal */
    uint32_t joins;
    uint32_t leaves; /* of the voters now, including the dead ones */
    uint32_t after;
};

bool policy_replaces(const struct policy *y);
/* Finds the hosts that the policy names, and writes them into ret[REPLACED_MAX * 2], new servers
 * first. ERR_USAGE: a name fits no server or several servers, or was given twice. */
MUST_CHECK int replace_choose(const struct world *w, const struct policy *y,
                              const struct host **ret, size_t *ret_n, struct err *err);
/* Sets the roles of p->hosts and sorts them. On entry the hosts are filled except for their roles,
 * and are in the order of replace_choose. */
void replace_order(const struct world *w, struct plan *p);
/* True if its agent is silent, at least one other server answers, and every answering server lists
 * it as failed or left. */
bool replace_is_dead(const struct world *w, const struct host *h);
/* Counts the voters of the region that servers leave. False: the voters could not be read. */
bool replace_voters(const struct world *w, const struct plan *p, struct replaced_voters *ret);

#endif
