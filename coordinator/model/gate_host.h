/*
 * gate_host.h - the gates of one host that was just changed. Pure.
 *
 * They come in addition to the gates of the host's region (gate.h). An answer counts only if it was
 * asked for after the last thing that was done to the host (effect_ms in the ledger) and at most
 * FRESH_MS ago; otherwise the result is unknown. The gates borrow everything and keep nothing. A
 * host that is not in the world or the ledger is unknown.
 */
#ifndef GATE_HOST_H
#define GATE_HOST_H

#include "gate.h"

/* The gate of a server that was just changed: it runs the target by its own answer, it has
 * caught up with the leader's index that was noted after it started, and it is the same node as
 * before (same_node.h). A server that joins also votes. */
struct gate_result gate_server(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);
/* The gate of a client that was just changed. Its agent reports that the planned binary runs as
 * this node. The servers' record has the new version, a newer index than before, and the status
 * ready. The client's own API reports that it is healthy. It is the same node as before
 * (same_node.h). If ACLs are off, all else that the client answers about itself must agree. */
struct gate_result gate_client(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);
/* The allocations that were noted before the swap still run, and were not restarted. An
 * allocation that was stopped as complete was stopped by others. A failure does not heal by
 * waiting. */
struct gate_result gate_allocs(const struct world *w, const struct ledger *l, const char *key,
                               int64_t now);

#endif
