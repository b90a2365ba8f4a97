/*
 * listener.h - what caravan-agent answers, and to whom: frames in, frames out.
 *
 * No sockets of its own: link_server calls listener_handle from its workers, tests
 * call it directly. An order is opened, its signature checked, its sender looked
 * up in the trust in force, and then judged (order.h) before its payload is read.
 * Strangers, and what is not for this cluster and host, get no answer (-1).
 *
 *   hello, status  answered from the view and the agent's own state; a status may be
 *                  held back (status_hold.h). When there is no view, or it tells of a
 *                  file or process that is gone, swap is woken first and given
 *                  FRESHEN_MS to tell anew
 *   lease, note    obeyed here, durably, before the receipt leaves
 *   all others     role, root's operators and lease are checked here, then the order goes to
 *                  caravan-swap byte for byte, the newest lease order behind it, and its
 *                  receipt comes back. What swap
 *                  must answer itself (a repeat, another session, late) goes to it
 *                  whatever the lease says: it cannot be obeyed any more.
 *
 * An order for swap that the lease refuses takes its sequence here: a copy of it
 * that arrives after the pause has ended is refused as well. When swap cannot be
 * reached the receipt is `io`, and may be tried again; when it may have received
 * the order and did not answer, nothing is answered, because unknown is not
 * refused.
 *
 * Threads: listener_handle from any number; the setters from one.
 */
#ifndef LISTENER_H
#define LISTENER_H

#include "agent_store.h"
#include "clock.h"
#include "log.h"
#include "operators.h"
#include "status_hold.h"
#include "swap_link.h"
#include "trust.h"
#include "view_file.h"

#define FRESHEN_MS     1500
#define ENROLMENT_MS   1000 /* hellos of enrolment: one is answered within this, and sealed */
#define ENROLMENT_SEEN 256  /* so many are remembered: copies wait for what is new */

struct listener;

struct listener_config {
    const struct keypair *key; /* the host's; borrowed */
    unsigned char session[SESSION_LEN];
    uint64_t max_lease_ms;
    unsigned max_held;                 /* statuses held back at once */
    const char *state_path;            /* agent_store's file; copied */
    struct swap_link *swap;            /* borrowed */
    const char *binary;                /* Nomad's, for stamp_check; "" not looked at; borrowed */
    const char *hold_file;             /* root's; the same */
    const struct operators *operators; /* root's list; borrowed; NULL: none */
    bool keeps_for_others; /* caravan-swap, which is woken when a lease is given back (seed.h) */
    const struct clock *clock;
    const struct log *log;
};

/* Loads the durable state. Answers nobody before listener_set_trust. */
MUST_CHECK int listener_new(const struct listener_config *c, struct listener **ret,
                            struct err *err);
void listener_free(struct listener *l); /* NULL is fine; nobody may be inside any more */

void listener_set_trust(struct listener *l, const struct trust *trust);
/* NULL: not known, and why (a sentence). Wakes the statuses held back. */
void listener_set_view(struct listener *l, const struct view *view, const char *why);
/* Lets all held statuses go, and holds none any more: before stopping the server. */
void listener_stop(struct listener *l);

/* For link_server_config.handle; ctx is the listener. */
MUST_CHECK int listener_handle(void *ctx, const void *frame, size_t n, struct buf *answer);

#endif
