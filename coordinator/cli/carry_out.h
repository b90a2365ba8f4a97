/*
 * carry_out.h - carries out one run from the command line; reads a run from the ledger again.
 *
 *     reopen(c, run, true, &r, &err)   resume, abort: plan, ledger, lock, connections
 *     reopen_read(c, run, &r, &err)    show: plan and ledger
 *     carry_out(&how)                  the loop, its screen, and the report at the end
 *     reopened_free(&r)                call it after failures too
 *
 * upgrade, resume and abort call carry_out; they differ only in the origin of plan and ledger. The
 * caller must hold the ledger's lock. reopen takes the lock (ERR_BUSY names the pid of a run in
 * progress), finds the run, reads plan and ledger, opens the connections and looks at the fleet
 * once, so that the agents are known. reopen_read only reads, without lock and connections.
 */
#ifndef CARRY_OUT_H
#define CARRY_OUT_H

#include "console.h"
#include "ledger_store.h"
#include "serving.h"

struct carry_out {
    struct console *console;
    struct ledger_store *store;
    const struct plan *plan;
    struct ledger *ledger;
    const struct stored_release *release; /* NULL: abort, nothing is staged */
};

/* Returns the exit code. */
int carry_out(const struct carry_out *c);

/* Loads the release of this version and checks its signature. If it is not on this machine, offers
 * to fetch it (fetching.h). ERR_REFUSED: it is not here; the text has the command to run. */
MUST_CHECK int target_load(struct console *c, const char *version, struct stored_release *ret,
                           struct err *err);

struct reopened {
    struct ledger_store *store;
    struct stored_run run;
    struct plan plan;
    bool planned;
    struct ledger *ledger;
    struct stored_release stored;
    struct serving serving; /* of the builds that have no other place */
    int lock;
};

/* run: the first digits of its id; NULL: the newest run. ERR_REFUSED: the run is over. */
MUST_CHECK int reopen(struct console *c, const char *run, bool with_release, struct reopened *ret,
                      struct err *err);
MUST_CHECK int reopen_read(struct console *c, const char *run, struct reopened *ret,
                           struct err *err);
void reopened_free(struct reopened *r);

#endif
