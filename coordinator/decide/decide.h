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

/* On a pair known to crash old followers one on the target leads, while others run the old version:
 * the run stops. */
bool early_leader(const struct situation *s, struct decision *d, const char *region,
                  const struct host *leader);
/* Of a plan that replaces: new servers join one at a time, then old ones leave one at a time, the
 * leader last. */
void decide_replace(const struct situation *s, struct decision *d);
/* At an abort: whose unit was disabled, and who runs on, is enabled again. Before the first has
 * left: what has joined is taken out again, the last one first, but what is needed. True: nothing
 * is left of it, or it stays. */
bool joined_undone(const struct situation *s, struct decision *d);
/* One that was accepted as dead is an alive member by somebody's list, or runs by its agent. */
bool dead_lives(const struct situation *s, size_t i);
/* Then the run stops. One that is to leave and died before its turn, not accepted, is named in what
 * is waited for, and with that what to do. */
void check_dead(const struct situation *s, struct decision *d);
/* One that had left and is back has failed: the run stops, and to resume takes it out once more. */
void check_returned(const struct situation *s, struct decision *d);
/* All that left have stayed away for as long as the policy says; states the wait. */
bool stayed_away(const struct situation *s, struct decision *d);
/* A host that joins or leaves, in a state that host_served. */
void decide_service(const struct situation *s, struct decision *d, size_t i);
/* One that was to join ran, and does not by its agent, asked after whatever was last done there;
 * nobody lists it as alive. */
bool join_has_ended(const struct situation *s, size_t i);
/* Without this server too few voters would be left for a quorum, were all others well: it cannot
 * be stopped. ret_why: the numbers. */
bool is_needed(const struct situation *s, size_t i, char ret_why[static 120]);
/* One that was to join and has failed is taken out again, unless it is needed: instead of its end
 * that d has. */
void undo_failed_join(const struct situation *s, struct decision *d, size_t i);
/* One of the region's other servers leads while this is done; states the wait. */
bool transfer_asked(const struct situation *s, struct decision *d);
/* Right before something begins: a count is asked for when nothing else is missing. */
bool all_counted(const struct situation *s, struct decision *d, const struct host *leader);
/* How often the one that leads is asked to hand over; then it is restarted, or ended, where it
 * leads. */
#define TRANSFERS_MAX 2

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
