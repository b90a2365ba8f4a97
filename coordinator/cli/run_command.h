/*
 * run_command.h - one run from the command line: taken out of the ledger again, and carried out.
 *
 *     reopen(c, run, true, &r, &err)   resume, abort: plan, ledger, lock, connections
 *     run_reopen_to_read(c, run, &r, &err)    show: plan and ledger
 *     carry_out(&how)                  the loop, shown, and how it ended
 *     reopened_run_free(&r)            due after failures too
 *
 * carry_out is used by upgrade, resume and abort, which differ only in where plan and ledger come
 * from; the caller holds the ledger's lock. reopen takes the lock (ERR_BUSY names the live run's
 * pid), finds the run, reads plan and ledger back, opens the connections and looks at the fleet
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

/* The release that is to be run, with its signature checked. One that is not here is offered to be
 * fetched (fetching.h), or ERR_REFUSED with the command to type. */
MUST_CHECK int target_load(struct command_context *c, const char *version,
                           struct stored_release *ret, struct err *err);

struct reopened_run {
    struct ledger_store *store;
    struct stored_run run;
    struct plan plan;
    bool planned;
    struct ledger *ledger;
    struct stored_release stored;
    struct serving serving; /* of what it has no other place for */
    int lock;
};

/* run: its id's first digits; NULL: the newest. One that is over is refused. */
MUST_CHECK int run_reopen(struct command_context *c, const char *run, bool with_release,
                          struct reopened_run *ret, struct err *err);
MUST_CHECK int run_reopen_to_read(struct command_context *c, const char *run,
                                  struct reopened_run *ret, struct err *err);
void reopened_run_free(struct reopened_run *r);

#endif
