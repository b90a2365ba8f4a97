/*
 * gate.h - questions asked of the cluster; answers pass, fail or unknown. Pure.
 *
 * Unknown never passes. Facts: Nomad upgrade guide and source, 1.0 to 2.0.5
 * (facts of section 3: gates that also work where autopilot answers 500, that is
 * with raft protocol 2, from agent/self, members and raft configuration).
 *
 * Here: what an answer is, and the gates of a region. gate_host.h has those of a host that was
 * just changed, raft_view.h what the region's gates stand on, evidence.h for how long a gate has
 * passed. A gate borrows what it is given and keeps nothing.
 */
#ifndef GATE_H
#define GATE_H

#include "ledger.h"

enum verdict_kind { GATE_UNKNOWN, GATE_FAIL, GATE_PASS };

#define FRESH_MS 5000 /* older answers prove nothing about now */

struct gate_result {
    enum verdict_kind kind;
    char text[TEXT_MAX]; /* which condition, with its numbers; "" when it passes */
};

/* One region's servers: one leader by every server's answer, all planned voters
 * healthy voters, members agree, indexes close, tolerance. */
struct gate_result gate_region(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *region, int64_t now);
/* May the voters without this server go on? (Quorum of healthy voters.) */
struct gate_result gate_quorum(const struct world *w, const struct plan *p, const char *key,
                               int64_t now);
/* Does this server refuse what the gates must ask of it? text says so. */
bool server_denies(const struct host *h, char *text, size_t size);
bool fresh(int64_t at, int64_t now); /* asked at most FRESH_MS ago */

#endif
