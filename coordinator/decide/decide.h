/*
 * decide.h - decide, which says what may be done next, and its parts, one file each. Pure.
 *
 * decide compares what is with what should be (situation.h). It dispatches by the state of the run
 * and fills a decision (decision.h). decide never looks at a clock: `now` is in the situation. It
 * keeps nothing from one call to the next. Both structs belong to the caller.
 *
 * decide calls its parts, and the parts call each other. Each part adds to the decision that it is
 * given.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include "situation.h"

/* Decides one tick. */
void decide(const struct situation *s, struct decision *ret);

/* Servers: one at a time, followers first, the leader last. */
void decide_servers(const struct situation *s, struct decision *d);
/* Returns the region whose servers are next. If somebody else upgraded a server, its region
 * comes first, so that it is proven healthy before any server is changed. Otherwise the first
 * region, in the plan's order, with an unfinished server. NULL: no region is left. */
const char *region_at_work(const struct situation *s);
/* Returns a server that was done and whose Nomad, by its agent, has ended or was started again
 * since, while its region has too few servers left for a quorum. NULL: there is none. */
const struct plan_host *fallen_server(const struct situation *s);
/* Stops the run if fallen_server finds a server, because waiting for a leader would be in vain. */
void check_fallen(const struct situation *s, struct decision *d);

/* True if the plan's pair of versions is known to crash old followers, and a server on the
 * target leads while others run the old version. The function then stops the run. */
bool early_leader(const struct situation *s, struct decision *d, const char *region,
                  const struct host *leader);
/* For a plan that replaces servers: new servers join one at a time, then old servers leave one
 * at a time, the leader last. */
void decide_replace(const struct situation *s, struct decision *d);
/* For an abort: an old server that runs and whose unit was disabled is enabled again. If no
 * server has left yet, the new servers are taken out again, the last one first, except servers
 * that the quorum needs. True: each new server is out of the cluster or stays for good. */
bool joined_undone(const struct situation *s, struct decision *d);
/* True if a host that the operator accepted as dead is alive by some server's list, or runs by
 * its agent. */
bool dead_server_lives(const struct situation *s, size_t i);
/* Stops the run if dead_server_lives finds a host. If a server that is to leave dies before its
 * turn, and was not accepted as dead, the function names the server in a wait (REASON_DIED). */
void check_dead(const struct situation *s, struct decision *d);
/* Lets a server fail that had left and is back. The run then stops, and a resume takes the
 * server out once more. */
void check_returned(const struct situation *s, struct decision *d);
/* True if all servers that left have stayed away for as long as the policy says. Otherwise the
 * function states the wait. */
bool stayed_away(const struct situation *s, struct decision *d);
/* Decides the turn of a host that joins or leaves, in a state of host_served. */
void decide_service(const struct situation *s, struct decision *d, size_t i);
/* True if a new server ran and does not run now, by an agent's answer after the last order
 * there, and no server lists it as alive. */
bool join_has_ended(const struct situation *s, size_t i);
/* True if the region would have too few voters for a quorum without this server, even if all
 * others were well. Such a server must not be stopped. ret_why: the numbers. */
bool server_is_needed(const struct situation *s, size_t i, char ret_why[static 120]);
/* If the decision d lets a new server fail, this function takes the server out of the cluster
 * again instead, unless the quorum needs it. */
void undo_failed_join(const struct situation *s, struct decision *d, size_t i);
/* True while a transfer of leadership is asked for and has not ended. The function states the
 * wait. */
bool transfer_asked(const struct situation *s, struct decision *d);
/* True if the objects are counted and none is lost. The caller asks this last, right before it
 * begins something, because a count is only asked for when nothing else is missing. */
bool all_counted(const struct situation *s, struct decision *d, const struct host *leader);
/* How often the leader is asked to hand leadership over. After that it has its turn while it
 * leads. */
#define TRANSFERS_MAX 2

/* Clients: canaries, then the soak, then a window. */
void decide_clients(const struct situation *s, struct decision *d);
/* Returns how many milliseconds a client's swap that begins at `at` must wait for Nomad's next
 * heartbeat. 0: it need not wait, because there is time enough or nothing is known. */
int64_t heartbeat_wait(const struct situation *s, const struct host *h, int64_t at);

/* Orders pending hosts to stage, as many at once as the policy says. */
void decide_staging(const struct situation *s, struct decision *d);

/* Decides the turn of a host in flight. */
void decide_flight(const struct situation *s, struct decision *d, size_t i);

/* Reads back what was upgraded. */
void decide_verifying(const struct situation *s, struct decision *d);
/* True if the host is still to be read back. The run uses this to choose the hosts that it asks
 * in detail. */
bool verify_wants(const struct situation *s, size_t i);

/* Stops a run that has waited in vain. decide calls it after all other parts of a tick. The stop
 * names what the run has waited for longest, and not what it waits for just now. */
void check_patience(const struct situation *s, struct decision *d);
/* Counts, after each decision, how long the run waited for each thing. The counts are in the
 * evidence, which the run keeps. */
void note_waits(struct evidence *e, const struct decision *d, int64_t now);

#endif
