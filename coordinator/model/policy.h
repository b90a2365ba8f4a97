/*
 * policy.h - what the operator asked for: limits, filters, overrides. Pure values.
 *
 * Defaults are the design's (section 9); policy_default sets them. Percentages
 * are rounded up and are at least 1 (policy_parallel).
 */
#ifndef POLICY_H
#define POLICY_H

#include "message.h"
#include "str.h"

#define FILTER_VALUES 64

struct filter {
    bool servers, clients; /* only these; both false: everything */
    size_t n_regions, n_dcs, n_classes, n_pools, n_nodes;
    const char *regions[FILTER_VALUES], *dcs[FILTER_VALUES], *classes[FILTER_VALUES],
        *pools[FILTER_VALUES], *nodes[FILTER_VALUES]; /* nodes: name, id or id prefix (>= 4) */
    const char *running;                              /* only hosts on this version; NULL: any */
};

#define REPLACED_MAX 15 /* of either kind, in one run */

/* Servers that are replaced; none of either kind: an upgrade. */
struct replacement {
    size_t n_joins, n_leaves;
    const char *joins[REPLACED_MAX];  /* keys of their rows in a world (joiner.h) */
    const char *leaves[REPLACED_MAX]; /* name, id, id prefix (>= 4), or address */
    bool voters;                      /* it may end with fewer voters, or an even number */
    int64_t watch_ms; /* afterwards: no server that was removed comes back for so long */
};

struct policy {
    struct filter filter;
    struct replacement replace;
    uint32_t parallel;         /* clients in flight: a number, or */
    uint32_t parallel_percent; /* when > 0, percent of the planned clients */
    uint32_t canary;
    int64_t soak_ms;                                /* after the canaries settled */
    int64_t settle_ms;                              /* gate must pass this long without a break */
    uint32_t settle_answers;                        /* in at least so many observations */
    int64_t server_deadline_ms, client_deadline_ms; /* ready deadline */
    int64_t hold_ms; /* agent's probe; at least 1: 0 in an order is the agent's own 5 s */
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
    uint32_t unproven_days;  /* a target released less long ago is told; 0: never */
};

void policy_default(struct policy *p);
/* "3" or "25%" ; ERR_USAGE. */
MUST_CHECK int policy_parse_parallel(const char *s, struct policy *p, struct err *err);
/* The number --max-parallel means for so many clients; at least 1. */
uint32_t policy_parallel(const struct policy *p, size_t n_clients);
bool policy_accepts(const struct policy *p, const char *hazard);

#endif
