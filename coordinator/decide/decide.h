/*
 * decide.h - what may be done next: the whole of it, and its parts, one file each. Pure.
 *
 * decide compares what is with what should be (situation.h), dispatches by the state of the run,
 * and fills a decision (decision.h). It never looks at a clock: `now` is in the situation. Nothing
 * is kept from one call to the next; both structs are the caller's.
 *
 * decide calls its parts, and they ask each other. Each part adds to the decision it is given.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include "situation.h"

/* The whole of it: dispatches by run state. */
void decide(const struct situation *s, struct decision *ret);

/* Servers: one at a time, followers first, the leader last. */
void decide_servers(const struct situation *s, struct decision *d);
/* The region whose servers are next: where others upgraded one, it is proven before any is changed;
 * else the first, in the plan's order, with a server that is not finished; NULL: none. */
const char *region_at_work(const struct situation *s);
/* A server that was done and whose Nomad has ended or was started again since, by its agent, where
 * too few of its region are left for a quorum. NULL: none. */
const struct plan_host *fallen_server(const struct situation *s);
/* Stops the run because of one: waiting for a leader would be in vain. */
void check_fallen(const struct situation *s, struct decision *d);

/* Clients: canaries, soak, then a window. */
void decide_clients(const struct situation *s, struct decision *d);
/* How long a client's swap that begins at `at` waits for Nomad's next heartbeat; 0: not at all,
 * there is time enough or nothing is known. */
int64_t heartbeat_wait(const struct situation *s, const struct host *h, int64_t at);

/* Orders the stage of pending hosts, as many at once as the policy says. */
void decide_staging(const struct situation *s, struct decision *d);

/* A host in flight. */
void decide_flight(const struct situation *s, struct decision *d, size_t i);

/* What was upgraded is read back. */
void decide_verifying(const struct situation *s, struct decision *d);
/* Is this host still to be read back? For what run asks in detail. */
bool verify_wants(const struct situation *s, size_t i);

/* Stops a run that has waited in vain, when the whole of the tick is decided; for what it has
 * waited longest, it says, whatever it is that stands in the way just now. */
void check_patience(const struct situation *s, struct decision *d);
/* Counts, after each decision, how long each thing was waited for: in the evidence, which run
 * keeps. */
void note_waits(struct evidence *e, const struct decision *d, int64_t now);

#endif
