/*
 * carry_out.h - one run from the command line: the loop, shown, and how it ended.
 *
 * Used by upgrade, resume and abort, which differ only in where plan and ledger come
 * from. The ledger's lock is held by the caller.
 */
#ifndef CARRY_OUT_H
#define CARRY_OUT_H

#include "console.h"
#include "ledger_store.h"
#include "release_store.h"

struct carry_out {
    struct console *console;
    struct ledger_store *store;
    const struct plan *plan;
    struct ledger *ledger;
    const struct stored_release *release; /* NULL: abort, nothing is staged */
};

/* Returns the exit code. */
int carry_out(const struct carry_out *c);

/* The release that is to be run, with its signature checked. ERR_REFUSED with the
 * command to type when it was not added. */
MUST_CHECK int target_load(struct console *c, const char *version, struct stored_release *ret,
                           struct err *err);
/* The run that resume and abort mean: named, or the newest that has not ended for good. */
MUST_CHECK int run_choose(struct ledger_store *s, const char *text, struct stored_run *ret,
                          struct err *err);
bool run_is_over(enum run_state s); /* done or aborted: nothing is left of it */

#endif
