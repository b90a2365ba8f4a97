/*
 * run_parts.h - what run.c, act.c, run_lease.c and run_effects.c share. Not for others.
 *
 * Order of things in one tick: an event is folded (receipts, observations), leases
 * and effects say what they want, decide says what is next, all of it is
 * committed, and only then done. After a commit that failed nothing is begun.
 */
#ifndef RUN_PARTS_H
#define RUN_PARTS_H

#include "effects.h"
#include "run.h"

#define ANSWER_MS 15000 /* an order without any event about it is sent again after this */

/* The signed order of an intent in the ledger, not yet committed or sent. */
int act_order(struct run *r, struct ledger_host *lh, const struct plan_host *p,
              const struct intent *in, enum message_kind kind, struct err *err);
/* What the host is before its turn: allocations, drivers, stamp. */
void act_baseline(struct ledger_host *lh, const struct host *h);
/* How far a server that settles must catch up: its leader's index, by the first look after the
 * restart that shows a leader. There may be none yet when it begins to settle. */
void act_measure(struct ledger *l, const struct plan *p, const struct world *w, int64_t now);
/* A header for an order to this host, with what its agent's hello told; false: no hello yet. */
bool order_head(const struct run *r, const char *key, enum message_kind kind, struct order *ret);
/* The ledger's row of a planned host; NULL. */
struct ledger_host *run_host(struct run *r, const char *key);
int run_commit(struct run *r, struct err *err);
/* Something moved: patience begins anew. */
void run_moved(struct run *r);

/* ---- run_lease.c ---- */
void lease_init(struct run *r);
void lease_free(struct run *r);
/* Takes, renews, gives back what is due; refreshes r->lease. */
MUST_CHECK int lease_tick(struct run *r, struct err *err);
void lease_receipt(struct run *r, const struct event *ev);
void lease_no_answer(struct run *r, const struct event *ev);
/* The servers of this region whose leases the run is to hold, one after the other; *io: 0 at
 * first. NULL: no more. */
const char *lease_server(const struct run *r, const char *region, size_t *io);
/* The epoch of this host's lease; 0: not held. */
uint64_t lease_epoch(const struct run *r, const char *key);
void lease_want(struct run *r, const char *key);    /* INTENT_CLAIM */
void lease_refused(struct run *r, const char *key); /* an order was: ask again */
/* At the end of a run: gives everything back; false while answers are awaited. */
MUST_CHECK int lease_give_back(struct run *r, bool *ret_all, struct err *err);

/* The next sequence for an order of caravan-swap's, and the agent's uptime now. */
uint64_t order_sequence(const struct ledger_host *lh, const struct agent_view *a);
uint64_t order_uptime(const struct agent_view *a, int64_t now);

/* ---- run_keystore.c ---- */
/* Orders what INTENT_PRESERVE wants, after the commit. */
MUST_CHECK int keystore_do(struct run *r, struct err *err);
void keystore_answer(struct run *r, const struct event *ev);

/* ---- run_watch.c ---- */
void watch_ask(struct run *r, const struct intent *in);     /* INTENT_SNAPSHOT */
void watch_snapshot(struct run *r, const struct event *ev); /* its answer */
/* The state's counts, before a server's swap and when it has settled. */
void watch_before(struct run *r, struct ledger_host *lh, const struct plan_host *p);
void watch_settled(struct run *r, const struct plan_host *p);
void watch_alarm(struct run *r, const struct event *ev);
/* Tells the ports whom to count and whom to listen to. */
void watch_tell(struct run *r, const struct situation *s);

/* ---- run_effects.c ---- */
void effects_init(struct run *r);
void effects_free(struct run *r);
/* The run does not end and is not paused, as far as is known. decide says so with its intents, but
 * not before the first look: until then what is to be begun waits. */
bool effects_may_begin(const struct run *r);
void effects_transfer(struct run *r, struct ledger_host *lh, const struct intent *in);
/* Steps whose effect is on the outside are done after the commit: effects_plan before it
 * (attempts and ends are part of what is committed), effects_do after it. */
void effects_plan(struct run *r);
MUST_CHECK int effects_do(struct run *r, struct err *err);
void effects_event(struct run *r, const struct event *ev); /* notes' receipts, operations */

/* ---- run_autopilot.c: the same for effects on a region; called by run_effects.c ---- */
void autopilot_init(struct run *r);
void autopilot_free(struct run *r);
void autopilot_add(struct run *r, const struct intent *in); /* INTENT_AUTOPILOT */
void autopilot_plan(struct run *r);
MUST_CHECK int autopilot_do(struct run *r, struct err *err);
void autopilot_event(struct run *r, const struct event *ev);

#endif
