/*
 * law_facts.h - the facts for the law, gathered from the host.
 *
 * The question for the quorum goes through caravan-fetch to the local Nomad, and then to all
 * servers at once. The question takes at most LAW_FACTS_MS in all. It is asked only on a server
 * whose service runs, and only if the law needs the answer. Without an answer the fact stays
 * unknown.
 */
#ifndef LAW_FACTS_H
#define LAW_FACTS_H

#include "law.h"
#include "phases.h"

#define LAW_FACTS_MS  6000
#define LAW_PEERS_MAX FETCH_PEERS_MAX

/* server: the order says so, or the host has a server id. */
struct law_facts law_facts_gather(const struct phases *p, const struct law *law,
                                  enum law_question question, bool server);

/* The minute of the week at a moment, in UTC or in this host's local time; 0: Monday 00:00. -1: the
 * moment cannot be converted. */
int law_minute(int64_t wall_s, bool utc);

/* Reads the addresses in the answer of /v1/status/peers: a JSON array of texts without escapes. -1:
 * the text is no such array, or contains more than LAW_PEERS_MAX addresses. */
MUST_CHECK int law_facts_peers(const char *text, char ret[static LAW_PEERS_MAX][FETCH_PEER_MAX],
                               uint32_t *ret_n);

#endif
