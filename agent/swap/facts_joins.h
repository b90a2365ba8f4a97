/*
 * facts_joins.h - does a Nomad server answer where a new one would join? The fact joins-reach
 * (facts_survey.h).
 *
 * Asked only where it matters: a swap may start Nomad here ([law] start_stopped), and it does not
 * run. Of the entries of `joins` those are asked that are an address with serf's usual port or
 * none, at the usual RPC port of the same host (knock.h in agent/fetch says what counts as an
 * answer); a name would wait for a resolver.
 */
#ifndef FACTS_JOINS_H
#define FACTS_JOINS_H

#include "surveying.h"

#define JOINS_KNOCK_MS 2000

struct joins_asked {
    char addresses[FETCH_KNOCKS_MAX][FETCH_PEER_MAX]; /* "10.0.0.1:4647" */
    uint32_t n;
    bool unsure; /* the list has entries that are not asked */
};

/* Pure. */
void joins_ask(const char *joins, struct joins_asked *ret);
/* joins: as the fact of that name tells them. */
void facts_of_reach(struct surveying *s, const char *joins);

#endif
