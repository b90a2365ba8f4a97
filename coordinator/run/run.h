/*
 * run.h - one execution of a plan: observe, decide, commit, act, until the run ends.
 *
 * run_loop does everything through struct ports, on one thread. It claims leases (the majority of
 * each region's server agents to continue, all of them to begin a swap), stages, upgrades servers
 * and clients, verifies, undoes side effects and gives the leases back. The ledger may have a
 * history: then the run is resumed. `told` (may be NULL) is called after every tick.
 *
 * One tick: fold the events (receipts, observations), tick the leases, decide, apply the intents
 * and plan the effects, commit all of it, and only then send orders and ask Nomad. After a commit
 * that failed the run begins nothing.
 *
 * struct run lives as long as run_loop. It borrows everything in run_config. The ports own the
 * observation, which is valid until the next one. The header named beside a pointer says which file
 * makes and frees its target.
 */
#ifndef RUN_H
#define RUN_H

#include "decide.h"
#include "ports.h"

struct run;

struct run_config {
    const struct plan *plan;
    struct ledger *ledger; /* committed by ports.commit */
    const struct ports *ports;
    /* Called after every tick, for the screen and --json; the pointers are valid during the call.
     * ev: the last event of this tick; EV_TIMEOUT: there was none. */
    void (*told)(void *ctx, const struct run *r, const struct event *ev, const struct decision *d);
    void *told_ctx;
};

struct run {
    const struct run_config *config;
    const struct world *world; /* the last observation; NULL before the first */
    struct evidence evidence;
    struct decision decision; /* the last one */
    bool leaving;             /* the operator interrupted twice: leave at once */
    bool moved;               /* something changed in this tick: decide again at once */
    struct lease_view lease;
    struct lease_book *leases;  /* lease_book.h */
    struct effect_calls *calls; /* effect_calls.h */
};

/* Returns when the run has ended or the operator leaves. 0: the ledger's state says how the run
 * ended. -1: the run could not continue, for example because the ledger cannot be written. */
MUST_CHECK int run_loop(const struct run_config *c, struct err *err);

/* ---- for the files of this room ---- */

/* The ledger's row of a planned host; NULL: the plan has no such host. */
struct ledger_host *run_host(struct run *r, const char *key);
int run_commit(struct run *r, struct err *err);
/* Something changed: decide again at once, and patience (decide_patience.c) begins anew. */
void run_moved(struct run *r);
/* False when the run ends, is paused, or has lost a lease to another run. decide() stops with its
 * intents, but not before the first observation: until then the effects of the ledger wait for
 * this function. */
bool run_may_begin(const struct run *r);

#endif
