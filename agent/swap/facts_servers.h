/*
 * facts_servers.h - the fact `knows-servers`: the servers that this client of Nomad knows.
 *
 * The list comes from the local Nomad (/v1/agent/servers): RPC addresses, commas between them. The
 * list shows, after the removal of a server, which clients still know this server. Where ACLs are
 * on, Nomad answers only for a token with agent:read. If root has given this host a token
 * (facts_heartbeat.h), caravan-swap sends it after Nomad has answered 403 without the token.
 *
 * YES: the text is the list. NO: the client knows no server. UNKNOWN: the text says why. The
 * questions take up to twice SERVERS_ASK_MS. If the API is known to be silent, caravan-swap does
 * not ask.
 */
#ifndef FACTS_SERVERS_H
#define FACTS_SERVERS_H

#include "nomad_on_host.h"

#define SERVERS_FACT   "knows-servers"
#define SERVERS_ASK_MS 1000

/* False: this host is no client, and there is no fact. token_file: "": none. */
bool facts_servers(const struct phases *p, const struct nomad_on_host *f, const char *token_file,
                   struct fact *ret);

#endif
