/*
 * policy.h - what the operator asked for: limits, filters, overrides. Pure values.
 *
 * policy_default sets the defaults of the design (section 9). policy_parallel rounds a percentage
 * up, to at least 1.
 */
#ifndef POLICY_H
#define POLICY_H

#include "message.h"
#include "str.h"

#define FILTER_VALUES 64

struct filter {
    bool servers, clients; /* only these kinds of hosts; both false: all hosts */
    size_t n_regions, n_dcs, n_classes, n_pools, n_nodes;
    const char *regions[FILTER_VALUES], *dcs[FILTER_VALUES], *classes[FILTER_VALUES],
        *pools[FILTER_VALUES], *nodes[FILTER_VALUES]; /* nodes: name, id or id prefix (>= 4) */
    const char *running;                              /* only hosts on this version; NULL: any */
};

#define REPLACED_MAX 15 /* new servers, or old servers, in one run */

/* The servers to replace. Without any server the run is an upgrade. */
struct replacement {
    size_t n_joins, n_leaves;
    const char *joins[REPLACED_MAX];  /* keys of their rows in a world (joining_server.h) */
    const char *leaves[REPLACED_MAX]; /* name, id, id prefix (>= 4), or address */
    bool voters;                      /* the run may end with fewer voters, or an even number */
    int64_t watch_ms; /* so long after the last removal, no removed server may come back */
};

struct policy {
    struct filter filter;
    struct replacement replace;
    uint32_t parallel;         /* clients in flight at once: a number, or */
    uint32_t parallel_percent; /* if > 0, a percentage of the planned clients */
    uint32_t canary;
    int64_t soak_ms;         /* after the canaries settled */
    int64_t settle_ms;       /* a gate must pass for so long without a break */
    uint32_t settle_answers; /* and in at least so many observations */
    int64_t server_deadline_ms, client_deadline_ms; /* how long a host may take to be ready */
    int64_t hold_ms; /* length of the agent's probe; at least 1, because 0 in an order means the
                        agent's own 5 s */
    uint32_t max_failures, max_skipped;
    bool drain;
    int64_t drain_deadline_ms;
    bool accept_outage;
    size_t n_accepted;
    const char *accepted[FILTER_VALUES]; /* hazard ids */
    int64_t lease_ms, renew_ms;
    int64_t stage_deadline_ms;
    uint32_t stage_parallel; /* hosts staging at once */
    bool stage_only;         /* the run ends before the first restart */
    uint32_t
        unproven_days; /* the plan reports a target that was released fewer days ago; 0: never */
};

void policy_default(struct policy *p);
/* "3" or "25%" ; ERR_USAGE. */
MUST_CHECK int policy_parse_parallel(const char *s, struct policy *p, struct err *err);
/* Returns the number that --max-parallel means for so many clients; at least 1. */
uint32_t policy_parallel(const struct policy *p, size_t n_clients);
bool policy_accepts(const struct policy *p, const char *hazard);

#endif
