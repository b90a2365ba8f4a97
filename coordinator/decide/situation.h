/*
 * situation.h - what the decide_*.c share: making intents, stating waits, the
 * guards that stand before everything Caravan begins. Pure. Not for others.
 */
#ifndef SITUATION_H
#define SITUATION_H

#include "decide.h"

#define SWAP_TRIES 4

/* A fresh intent, zeroed; when the decision is full a scratch one that nobody carries out:
 * what did not fit is decided again in the next tick. */
struct intent *intend(struct decision *d, enum intent_kind kind, const char *key);
void waiting_for(struct decision *d, enum reason reason, const char *key, const char *fmt, ...)
    PRINTF(4, 5);
void intend_mark(struct decision *d, const char *key, enum host_state state, const char *fmt, ...)
    PRINTF(4, 5);
void intend_run(struct decision *d, enum run_state run);
/* Nothing when the run is ending already. host: name for people, "" none. */
void intend_stop(const struct situation *s, struct decision *d, const char *host,
                 const char *advice, const char *fmt, ...) PRINTF(5, 6);
/* A host's turn is over: its effects are undone first, when there are any. */
struct intent *intend_conclude(const struct situation *s, struct decision *d, size_t i,
                               enum outcome outcome, enum failure failure, const char *fmt, ...)
    PRINTF(6, 7);

/* May anything be begun: not ending, leases, not paused, a fresh observation? States why not. */
bool may_begin(const struct situation *s, struct decision *d);
/* Nomad's record and the agent that answers are about the same host, asked just now
 * (invariant 12). NULL: yes; else why not. */
const char *host_disagrees(const struct host *h, int64_t now);
/* A server that was done and whose Nomad has ended or was started again since, by its agent, where
 * too few of its region are left for a quorum. NULL: none. */
const struct plan_host *fallen_server(const struct situation *s);
/* Stops the run because of one: waiting for a leader would be in vain. */
void check_fallen(const struct situation *s, struct decision *d);
/* Its agent answers, but so many times in a row no order came through to caravan-swap, nor an
 * answer back, also when it had taken the order before: then the run stops, and names it. True: it
 * stops. */
bool swap_is_dead(const struct situation *s, struct decision *d, size_t i);
/* The newest version rule: runs something newer than the target. */
bool host_newer(const struct situation *s, const struct host *h);
/* By Nomad and by its agent, which rests, it runs what it is to run: somebody else saw to it, or an
 * order of ours that was given up. Then its gates are asked, and nothing is ordered. */
bool host_runs_target(const struct situation *s, size_t i, const struct host *h);
/* How long a client's swap that begins at `at` waits for Nomad's next heartbeat; 0: not at all,
 * there is time enough or nothing is known. */
int64_t heartbeat_wait(const struct situation *s, const struct host *h, int64_t at);
/* States that `name` passes its gates, for how long, and how long it must. */
void waiting_to_settle(const struct situation *s, struct decision *d, const char *key,
                       const char *name, const struct streak *e);
/* The region's gate passes now; states the wait (of the host `key`, "" none). */
bool region_well(const struct situation *s, struct decision *d, const char *key, const char *name);
/* Region streaks of all regions, begun after `since`; states the wait for the first that lacks. */
bool regions_settled(const struct situation *s, struct decision *d, int64_t since);
/* What ails a region by the newest look, for people: ": region r1: ..." or "". */
const char *region_ails(const struct situation *s, const char *region, char dst[static 200]);
/* A complete list of its kind, asked just now, does not have the host. */
bool host_is_gone(const struct situation *s, size_t i);
/* All effects are finished; else those of hosts whose turn is over are to be undone, and the wait
 * is stated. */
bool effects_undone(const struct situation *s, struct decision *d);
/* The region whose servers are next: where others upgraded one, it is proven before any is changed;
 * else the first, in the plan's order, with a server that is not finished; NULL: none. */
const char *region_at_work(const struct situation *s);
/* Orders the stage of pending hosts, as many at once as the policy says. */
void decide_staging(const struct situation *s, struct decision *d);
/* Stops a run that has waited in vain, when the whole of the tick is decided. */
void check_patience(const struct situation *s, struct decision *d);
/* A host in flight. */
void decide_flight(const struct situation *s, struct decision *d, size_t i);
void decide_verifying(const struct situation *s, struct decision *d);
/* Is this host still to be read back? For what run asks in detail. */
bool verify_wants(const struct situation *s, size_t i);

#endif
