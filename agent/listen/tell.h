/*
 * tell.h - hello and status, out of swap's view and the agent's own state.
 *
 * Pure but for the host's name. What swap's view says is told as it is; lease,
 * notes and the fact "view", the first, are added. When there is no view, or it cannot be
 * read, nothing of an older one is repeated: revision and view_revision are 0, the
 * digests are zero, the phase is failed with failure io and the reason as its
 * verdict, and the fact "view" is unknown. Revision 0 is never a real one.
 */
#ifndef TELL_H
#define TELL_H

#include "agent_store.h"
#include "view_file.h"

struct tell {
    const struct view *view; /* NULL: unknown */
    const char *why;         /* then: why, for people */
    const struct agent_state *state;
    struct lease_now now;
};

void tell_hello(const struct tell *t, struct receipt_hello *ret);
/* ret->notes is allocated: receipt_done_with. */
void tell_status(const struct tell *t, const struct order_status *o, struct receipt_status *ret);

#endif
