/*
 * receipts.h - fills the receipts of hello and status from caravan-swap's view and caravan-agent's
 * state.
 *
 * Pure, except for the host's name. The view is reported unchanged; the lease, the notes and the
 * first fact, "view", are added. If there is no view, or the view cannot be read, an older view is
 * not repeated: revision and view_revision are 0, the digests are zero, the phase is failed with
 * failure io, the verdict is the reason, and the fact "view" is unknown. A real view never has
 * revision 0.
 */
#ifndef RECEIPTS_H
#define RECEIPTS_H

#include "agent_store.h"
#include "swap_status.h"

struct receipt_sources {
    const struct swap_status *shown; /* NULL: unknown */
    const char *why;                 /* if view is NULL: the reason, for people */
    const struct agent_state *state;
    struct lease_now now;
};

void receipts_fill_hello(const struct receipt_sources *t, struct receipt_hello *ret);
/* ret->notes is allocated; the caller frees it by receipt_done_with. */
void receipts_fill_status(const struct receipt_sources *t, const struct order_status *o,
                          struct receipt_status *ret);

#endif
