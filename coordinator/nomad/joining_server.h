/*
 * joining_server.h - a host that is to join: finds the server that Nomad lists for a given address.
 *
 *     joining_find(known, address, &j, &err)   makes a joiner from its line in known_hosts
 *     joining_bind(&j, told, &w)             finds the server's row that is this host, if any
 *     joining_add_row(&j, &w)                    otherwise adds a row, behind all others
 *     joining_mark(&j)                      marks the row as misplaced if something is wrong
 *
 * The joiner is the server whose id its agent reports, if Nomad lists that id at the given address.
 * From then on the joiner stays that server, whatever the agent reports. If the agent reports
 * another id than Nomad lists at that address, or Nomad lists the id at another address, the joiner
 * is misplaced (invariant 12). Members that have left do not count: their addresses may be used
 * again. Pure, except for the arena of the world. fleet.c calls the last three functions in each
 * round, in this order; joining_mark after the answers of the agents were filled in.
 */
#ifndef JOINING_SERVER_H
#define JOINING_SERVER_H

#include "agent_place.h"
#include "known_hosts.h"
#include "world.h"

struct joining_server {
    char key[UUID_MAX]; /* key of its row, which never changes: joining_key (known_hosts.h) */
    struct agent_place at;
    char server_id[UUID_MAX]; /* ""; set when Nomad lists the server */
    /* In the world that is being made. */
    struct host *row;
    const char *problem; /* NULL: none */
};

/* Fills *ret for the new server that was enrolled by this address (the name of its line in
 * known_hosts).
 * ERR_USAGE: `address` is no address. ERR_REFUSED: no host was enrolled by this address; the text
 * says what to do. */
MUST_CHECK int joining_find(const struct known_hosts *known, const char *address,
                            struct joining_server *ret, struct err *err);
/* w has the rows of the servers, and no others. told: the server id that the joiner's agent
 * reports;
 * "": none. */
void joining_bind(struct joining_server *j, const char *told, struct world *w);
/* Does nothing if the joiner is bound. w->hosts must have room for one more row. */
void joining_add_row(struct joining_server *j, struct world *w);
void joining_mark(const struct joining_server *j);

#endif
