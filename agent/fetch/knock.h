/*
 * knock.h - do Nomad servers serve there?
 *
 * A connection alone does not tell: Nomad binds its RPC port first, then restores its state, which
 * may take half an hour, and only then accepts (NewServer in nomad/server.go from 1.2 to 2.0:
 * setupRPC, setupRaft, startRPCListener). Meanwhile the kernel completes handshakes for it, and
 * takes in what is sent. So each peer is asked for an answer: the TLS question first, and where
 * that was closed, on a new connection, the yamux question (knock_answer.h).
 *
 *   KNOCK_SERVES   it gave an answer of Nomad's
 *   KNOCK_MUTE     connected, then nothing until the deadline: the backlog never closes, so its
 *                  process is there and does not accept yet
 *   KNOCK_CLOSES   connected, and closed after either question, or answered otherwise
 *   KNOCK_NOBODY   refused, unreachable, or no connection until the deadline
 *   KNOCK_UNKNOWN  host is not a numeric IPv4 or IPv6 address (as Nomad's raft peers are told):
 *                  a name would wait for a resolver, outside of the deadline; or no socket
 *
 * All are asked side by side; the deadline holds for each and so for all. At most
 * KNOCK_ANSWER_MAX bytes are read of an answer. Nomad logs one line at WARN for a question that it
 * was not configured for, or whose handshake ended there.
 */
#ifndef KNOCK_H
#define KNOCK_H

#include <stdint.h>
#include "fetch_job.h"

#define KNOCK_DEADLINE_MAX_MS 10000

struct knock_peer {
    char host[FETCH_PEER_MAX];
    char port[8];
};

/* One connection and no question. SERVES: it was made; MUTE: no word of it came, not even that
 * nobody is there, as where a packet goes astray; NOBODY: refused, or no way there. */
enum knock knock_reach(const struct knock_peer *peer, int64_t deadline_ms);
/* n <= FETCH_KNOCKS_MAX; fills ret[0..n). */
void knock_all(const struct knock_peer *peers, uint32_t n, int64_t deadline_ms, enum knock *ret);

#endif
