/*
 * peer_check.h - do Nomad servers serve at these addresses?
 *
 * A connection alone does not show that. Nomad first binds its RPC port, then restores its state,
 * which may take half an hour, and only then accepts connections (NewServer in nomad/server.go
 * from 1.2 to 2.0: setupRPC, setupRaft, startRPCListener). Meanwhile the kernel completes
 * handshakes for Nomad and takes in the bytes that are sent. So each server is asked for an
 * answer: first the TLS question; if the server closes that connection, the yamux question on a
 * new connection (peer_answer.h).
 *
 *   PEER_SERVES    Nomad answered
 *   PEER_MUTE      connected, then silence until the deadline: a waiting connection is not closed,
 *                  so the server's process runs and does not accept yet
 *   PEER_CLOSES    connected, then closed after both questions, or an answer that is not Nomad's
 *   PEER_NOBODY    refused, unreachable, or no connection until the deadline
 *   PEER_UNKNOWN   the host is not a numeric IPv4 or IPv6 address (Nomad's raft peers are numeric;
 *                  a name would have to wait for a resolver, without a deadline); or no socket
 *
 * All servers are asked at the same time, with one deadline. At most PEER_ANSWER_MAX bytes of an
 * answer are read. Nomad logs one line at level WARN for a question that does not fit its
 * configuration, or after a handshake that ended early.
 */
#ifndef PEER_CHECK_H
#define PEER_CHECK_H

#include <stdint.h>
#include "fetch_job.h"

#define PEER_CHECK_DEADLINE_MAX_MS 10000

struct checked_peer {
    char host[FETCH_PEER_MAX];
    char port[8];
};

/* Makes one connection and asks nothing. PEER_SERVES: connected. PEER_MUTE: no reaction until the
 * deadline, as if the packets were lost. PEER_NOBODY: refused, or no route. */
enum peer_check peer_check_reach(const struct checked_peer *peer, int64_t deadline_ms);
/* n <= FETCH_PEERS_MAX; fills ret[0..n). */
void peer_check_all(const struct checked_peer *peers, uint32_t n, int64_t deadline_ms,
                    enum peer_check *ret);

#endif
