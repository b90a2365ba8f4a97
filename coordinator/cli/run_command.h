/*
 * run_command.h - carries out one run from the command line; reads a run from the ledger again.
 *
 *     reopen(c, run, true, &r, &err)   resume, abort: plan, ledger, lock, connections
 *     run_reopen_to_read(c, run, &r, &err)    show: plan and ledger
 *     carry_out(&how)                  the loop, its screen, and the report at the end
 *     reopened_run_free(&r)            call it after failures too
 *
 * upgrade, resume and abort call carry_out; they differ only in the origin of plan and ledger. The
 * caller must hold the ledger's lock. reopen takes the lock (ERR_BUSY names the pid of a run in
 * progress), finds the run, reads plan and ledger, opens the connections and looks at the fleet
 * once, so that the agents are known. run_reopen_to_read only reads, without lock and connections.
 */
#ifndef RUN_COMMAND_H
#define RUN_COMMAND_H

#include "command_context.h"
#include "ledger_store.h"
#include "serving.h"

struct run_command {
    struct command_context *context;
    struct ledger_store *store;
    const struct plan *plan;
    struct ledger *ledger;
    const struct stored_release *release; /* NULL: abort, nothing is staged */
};

/* Returns the exit code. */
int run_carry_out(const struct run_command *c);

/* Loads the release of this version and checks its signature. If it is not on this machine, offers
 * to fetch it (fetching.h). ERR_REFUSED: it is not here; the text has the command to run. */
MUST_CHECK int target_load(struct command_context *c, const char *version,
                           struct stored_release *ret, struct err *err);

struct reopened_run {
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
MUST_CHECK int run_reopen(struct command_context *c, const char *run, bool with_release,
                          struct reopened_run *ret, struct err *err);
MUST_CHECK int run_reopen_to_read(struct command_context *c, const char *run,
                                  struct reopened_run *ret, struct err *err);
void reopened_run_free(struct reopened_run *r);

#endif
