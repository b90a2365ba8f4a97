/*
 * joiner.h - a host that is to join: from a given address to the server that Nomad lists there.
 *
 *     joiner_of(known, address, &j, &err)   by what enrolment remembers
 *     joiner_bind(&j, told, &w)     which of the servers' rows it is, if any
 *     joiner_row(&j, &w)            else a row of its own, behind all others
 *     joiner_mark(&j)               what speaks against it, once its agent's word is filled in
 *
 * It is the server whose id its agent tells, when Nomad lists that id at the address given; from
 * then on it stays that server, whatever is told. Another id at that address, or the id at another
 * address, makes it misplaced (invariant 12). Who left counts for nobody: an address may be used
 * again. Pure, but for the world's arena; the last three are called by fleet.c in each round, in
 * this order.
 */
#ifndef JOINER_H
#define JOINER_H

#include "agent_place.h"
#include "known_hosts.h"
#include "world.h"

struct joiner {
    char key[UUID_MAX]; /* of its row, all along: joiner_key (known_hosts.h) */
    struct agent_place at;
    char server_id[UUID_MAX]; /* since Nomad listed it; "" before */
    /* Of the world that is being made. */
    struct host *row;
    const char *problem; /* NULL: none */
};

/* The one that was enrolled by this address (for a run of before: by the name of its line in
 * known_hosts). ERR_USAGE: no address; ERR_REFUSED: none was, and what to do. */
MUST_CHECK int joiner_of(const struct known_hosts *known, const char *address, struct joiner *ret,
                         struct err *err);
/* w has the servers' rows, and no others; told: the server id that its agent tells, "" none. */
void joiner_bind(struct joiner *j, const char *told, struct world *w);
/* Nothing when it is bound. w->hosts has room for one more. */
void joiner_row(struct joiner *j, struct world *w);
void joiner_mark(const struct joiner *j);

#endif
