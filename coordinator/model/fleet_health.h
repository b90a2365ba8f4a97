/*
 * fleet_health.h - is all well, and equal? What `caravan status` judges. Pure.
 *
 * A look from outside any run: no plan, no baseline, one observation. Whether a server or a region
 * is well, and what is not, the gate says (gate.h), by the answers of that observation; what could
 * not be asked is not well.
 */
#ifndef FLEET_HEALTH_H
#define FLEET_HEALTH_H

#include "world.h"

struct host_health {
    bool well;      /* Nomad on it */
    bool left;      /* a server that nobody lists but as left: it counts for nothing */
    char text[160]; /* "leader", "follower", "ready", or what is wrong */
    bool agent_well;
    char agent[160]; /* "settled", "idle", or what is wrong */
    char drift[120]; /* "" none: disk and process differ, ... */
};

void host_health(const struct world *w, const struct host *h, struct host_health *ret);

struct fleet_health {
    size_t hosts, servers, clients, unwell, agents_unwell, drifting;
    bool equal;                       /* one version everywhere */
    char version[NAME_MAX_LEN];       /* then: which */
    size_t leases;                    /* held by a run */
    unsigned char run_id[RUN_ID_LEN]; /* of one of them */
    char regions[400];                /* what is wrong with a region; "" nothing */
};

void fleet_health(const struct world *w, struct fleet_health *ret);

#endif
