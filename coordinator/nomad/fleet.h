/*
 * fleet.h - puts one world together: servers, nodes and agents become hosts.
 *
 * Called at the end of a round. A member and a node are one host when the server's
 * agent names both ids, or, as long as it has not answered, when they are at one
 * address and no two agents are mapped for them. Hosts that are to join are rows, too, behind all
 * others until Nomad lists them (joiner.h). Texts are in the world's arena, in
 * the two node lists that nodes keeps, or in the agents: valid until the next world
 * but one is made.
 */
#ifndef FLEET_H
#define FLEET_H

#include "agents.h"
#include "joiner.h"
#include "nomad_nodes.h"
#include "nomad_servers.h"

struct fleet {
    const struct coord_conf *conf;
    struct servers *servers;
    struct nodes *nodes;
    struct agents *agents; /* NULL: without */
    struct joiner *joiners;
    size_t n_joiners; /* 0 without agents */
};

/* Fills hosts, regions and problem of a world whose arena is the round's. */
void fleet_build(const struct fleet *f, struct world *w);

#endif
