/*
 * run.h - one execution of a plan: observe, decide, commit, act; until it ends.
 *
 * run_loop drives everything through struct ports, on one thread. It claims
 * leases (majority of every region's server agents to go on, all to begin a
 * swap), stages, goes through servers and clients, verifies, undoes side effects
 * and gives leases back. It can be given a ledger that already has a history
 * (resume). The view is told of every change through `told` (may be NULL).
 *
 * Order of things in one tick: events are folded (receipts, observations), leases and effects
 * say what they want, decide says what is next, all of it is committed, and only then done.
 * After a commit that failed nothing is begun.
 *
 * struct run lives as long as run_loop. It borrows all of run_config; the observation is the
 * ports', until the next one; what it points to is made and freed by the file that is named
 * beside it. Others read it, in `told`.
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
    /* After every tick, for the view and --json; pointers valid during the call. ev: the last
     * one folded in it (EV_TIMEOUT: none). */
    void (*told)(void *ctx, const struct run *r, const struct event *ev, const struct decision *d);
    void *told_ctx;
};

struct run {
    const struct run_config *config;
    const struct world *world; /* the last observation; NULL before the first */
    struct evidence evidence;
    struct decision decision; /* the last one */
    bool leaving;             /* asked twice: leave at once */
    bool moved;               /* in this tick: decide again at once */
    struct lease_view lease;
    struct lease_book *leases;  /* lease_book.h */
    struct effect_calls *calls; /* effect_calls.h */
};

/* Until run_ended. 0: the ledger's state tells how it ended; -1: could not go on at
 * all (ledger not writable, ...). */
MUST_CHECK int run_loop(const struct run_config *c, struct err *err);
/* Undo side effects and give leases back: abort. The same loop with RUN_ABORTING. */

/* ---- for what a tick calls ---- */

/* The ledger's row of a planned host; NULL. */
struct ledger_host *run_host(struct run *r, const char *key);
int run_commit(struct run *r, struct err *err);
/* Something moved: patience begins anew. */
void run_moved(struct run *r);
/* The run does not end and is not paused, as far as is known. decide says so with its intents, but
 * not before the first look: until then the effects of the ledger that are to be begun wait. */
bool run_may_begin(const struct run *r);

#endif
