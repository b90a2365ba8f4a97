/*
 * reopen.h - a run out of the ledger again: for resume, abort and show.
 *
 * reopen takes the ledger's lock (ERR_BUSY names the live run's pid), finds the run,
 * reads plan and ledger back, opens the connections and looks at the fleet once, so
 * that the agents are known. reopen_read only reads, without lock and connections.
 * reopened_free is due after failures too.
 */
#ifndef REOPEN_H
#define REOPEN_H

#include "console.h"
#include "ledger_store.h"
#include "release_store.h"

struct reopened {
    struct ledger_store *store;
    struct stored_run run;
    struct plan plan;
    bool planned;
    struct ledger *ledger;
    struct stored_release stored;
    int lock;
};

MUST_CHECK int reopen(struct console *c, const char *run, bool with_release, struct reopened *ret,
                      struct err *err);
MUST_CHECK int reopen_read(struct console *c, const char *run, struct reopened *ret,
                           struct err *err);
void reopened_free(struct reopened *r);

#endif
