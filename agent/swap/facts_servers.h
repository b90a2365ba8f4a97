/*
 * facts_servers.h - the fact `knows-servers`: the servers that this client of Nomad would turn to.
 *
 * As its own Nomad tells them (/v1/agent/servers): the addresses of RPC, commas between. After a
 * server was removed that is how it can be seen who still names it. Where ACLs are on, Nomad tells
 * them only to a token with agent:read; root may have given this host one (facts_heartbeat.h), and
 * it is sent when Nomad has answered 403 without.
 *
 * YES: the text is the list. NO: it knows none. UNKNOWN: the text says why. Takes up to twice
 * SERVERS_ASK_MS; nothing, while the API is known to be silent.
 */
#ifndef FACTS_SERVERS_H
#define FACTS_SERVERS_H

#include "facts.h"

#define SERVERS_FACT   "knows-servers"
#define SERVERS_ASK_MS 1000

/* false: this host is no client, and nothing is to be told. token_file: "" none. */
bool facts_servers(const struct phases *p, const struct facts *f, const char *token_file,
                   struct fact *ret);

#endif
