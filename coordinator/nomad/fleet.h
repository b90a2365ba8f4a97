/*
 * fleet.h - makes a world: servers, nodes and agents become hosts.
 *
 * observer.c calls fleet_build at the end of a round. A member and a node are one host if the
 * caravan-agent of the server reports both ids. As long as this agent has not answered, they are
 * one host if they have the same address and [agents] does not map two different agents to them.
 * Hosts that are to join also have rows, behind all others until Nomad lists them
 * (joining_server.h). Texts are in the arena of the world, in the two node lists that struct nodes
 * keeps, or in the agents. They are valid until the world after the next one is made.
 */
#ifndef FLEET_H
#define FLEET_H

#include "agents.h"
#include "joining_server.h"
#include "nomad_nodes.h"
#include "nomad_servers.h"

struct fleet {
    const struct coord_conf *conf;
    struct servers *servers;
    struct nodes *nodes;
    struct agents *agents; /* NULL: ask no agents */
    struct joining_server *joining;
    size_t n_joiners; /* 0 if there are no agents */
};

/* Fills hosts, regions and problem of a world; the world's arena is the arena of the round. */
void fleet_build(const struct fleet *f, struct world *w);

#endif
