/*
 * facts_joins.h - does a Nomad server answer at the addresses that a new server would join? The
 * fact joins-reach (facts_survey.h).
 *
 * The question is asked only where a swap may start Nomad ([law] start_stopped) and Nomad does not
 * run. Of the entries of `joins`, caravan-swap asks those that are a numeric address with serf's
 * usual port or without a port. The question goes to the usual RPC port of the same address
 * (peer_check.h in agent/fetch says what counts as an answer). A name is not asked, because it
 * would have to wait for a resolver.
 */
#ifndef FACTS_JOINS_H
#define FACTS_JOINS_H

#include "surveying.h"

#define JOINS_KNOCK_MS 2000

struct joins_asked {
    char addresses[FETCH_PEERS_MAX][FETCH_PEER_MAX]; /* "10.0.0.1:4647" */
    uint32_t n;
    bool unsure; /* the list contains entries that are not asked */
};

/* Splits the list into addresses to ask. Pure. */
void joins_ask(const char *joins, struct joins_asked *ret);
/* joins: the text of the fact of this name. */
void facts_of_reach(struct surveying *s, const char *joins);

#endif
