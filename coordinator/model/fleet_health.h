/*
 * fleet_health.h - is the fleet well, and on one version? `caravan status` uses it. Pure.
 *
 * It looks from outside any run: no plan, no earlier values, one observation. The gate (gate.h)
 * says by the answers of that observation whether a server or a region is well, and what is wrong.
 * A server or region that could not be asked is not well.
 */
#ifndef FLEET_HEALTH_H
#define FLEET_HEALTH_H

#include "world.h"

struct host_health {
    bool well;      /* Nomad on the host is well */
    bool left;      /* every list calls the server left, so it counts for nothing */
    char text[160]; /* "leader", "follower", "ready", or what is wrong */
    bool agent_well;
    char agent[160]; /* "settled", "idle", or what is wrong */
    char drift[120]; /* how binary on disk and process differ; "": they do not */
};

void host_health(const struct world *w, const struct host *h, struct host_health *ret);

struct fleet_health {
    size_t hosts, servers, clients, unwell, agents_unwell, drifting;
    bool equal;                       /* all hosts run one version */
    char version[NAME_MAX_LEN];       /* that version */
    size_t leases;                    /* held by a run */
    unsigned char run_id[RUN_ID_LEN]; /* of one of these runs */
    char regions[400];                /* what is wrong with a region; "" nothing */
};

void fleet_health(const struct world *w, struct fleet_health *ret);

#endif
