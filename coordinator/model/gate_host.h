/*
 * gate_host.h - the gates of one host that was just changed. Pure.
 *
 * Beside the gates of its region (gate.h). What they ask about was asked after the last thing that
 * was done to the host (its ledger's effect_ms) and at most FRESH_MS ago, or is unknown. They
 * borrow everything and keep nothing; a host that is not in the world or the ledger is unknown.
 */
#ifndef GATE_HOST_H
#define GATE_HOST_H

#include "gate.h"

/* The server just changed: runs the target by its own answer and everyone's members,
 * voter, caught up with the leader's index noted after it started, the same as before
 * (same_node.h). One that joins also votes. */
struct gate_result gate_server(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);
/* The client just changed: its agent says that the planned bytes run as this node, the servers'
 * record of it the version, an index above the one before and its status, its own API that it is
 * healthy, and it is the same node as before (same_node.h). What it tells of itself beyond that,
 * where ACLs are off, must agree. */
struct gate_result gate_client(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now);
/* The allocations that were noted before its swap run on, not restarted. What was stopped as
 * complete was others' doing. A failure does not heal by waiting. */
struct gate_result gate_allocs(const struct world *w, const struct ledger *l, const char *key,
                               int64_t now);

#endif
