/*
 * hazard_host.h - rows about single hosts, from the facts their agents tell. Pure.
 *
 * hazard_host_check adds their findings to a plan under construction, from what the agents
 * told for it. Once a host has staged, its agent tells more (and perhaps other) things:
 * hazard_host_refuses judges that host again, before the first swap anywhere.
 *
 * A fact that cannot be told has a severity of its own; facts of systemd where Nomad is
 * started by configured commands are nothing to tell (fact "no-unit").
 */
#ifndef HAZARD_HOST_H
#define HAZARD_HOST_H

#include "hazards.h"

struct host_refusal {
    const char *id;
    bool hard;     /* --accept does not help */
    bool may_pass; /* by itself, in a while: quorum, a gap */
    char text[TEXT_MAX];
    const char *advice;
};

/* Called by hazards_check after the rows of the table. */
void hazard_host_check(struct hazard_check *c);
/* Does a fact of this host speak against going on, and was not accepted? True: ret says which. A
 * host that told no facts: false, and it must not pass for one that was asked. */
bool hazard_host_refuses(const struct plan *p, const struct plan_host *ph, const struct host *h,
                         struct host_refusal *ret);
/* The advice of the row that a text names, "[api-silent] ..."; NULL: it names none. */
const char *hazard_host_advice(const char *text);
/* Root holds it: no swap will be obeyed there. */
bool hazard_host_held(const struct host *h);

/* Ids of the rows, by number; NULL: no more. */
const char *hazard_host_id(size_t i);

#endif
