/*
 * law_facts.h - what the law is asked about, gathered from the host.
 *
 * The quorum question goes through caravan-fetch to the local Nomad, then to all
 * servers at once, and takes at most LAW_FACTS_MS in all; it is asked only on a
 * server whose service runs, and only when the law needs the answer. What does not
 * answer stays unknown.
 */
#ifndef LAW_FACTS_H
#define LAW_FACTS_H

#include "law.h"
#include "phases.h"

#define LAW_FACTS_MS  6000
#define LAW_PEERS_MAX FETCH_KNOCKS_MAX

struct law_facts law_facts_gather(const struct phases *p, const struct law *law,
                                  enum law_question question, bool server);

/* The minute of the week that this host's clock shows at a moment, 0 is Monday 00:00: in UTC, or in
 * the host's own time. -1: the moment is none. */
int law_minute(int64_t wall_s, bool utc);

/* The addresses in the answer of /v1/status/peers, a JSON array of texts without
 * escapes. -1: it is something else, or more than LAW_PEERS_MAX. */
MUST_CHECK int law_facts_peers(const char *text, char ret[static LAW_PEERS_MAX][FETCH_PEER_MAX],
                               uint32_t *ret_n);

#endif
