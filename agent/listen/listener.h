/*
 * listener.h - the answers of caravan-agent: a frame in, a frame out.
 *
 * No sockets: link_server calls listener_handle from its workers, and tests call it directly. For
 * each order: open the seal, check the signature, look the sender up in the trust in force, judge
 * the order (order_check.h), and only then read its payload. A stranger's order, and an order for
 * another cluster or host, gets no answer (-1).
 *
 *   hello, status  answered from the view and caravan-agent's own state. A status may be held back
 *                  (status_hold.h). If there is no view, or the view is about an old file or
 *                  process, the listener wakes caravan-swap first and gives it FRESHEN_MS for a new
 *                  view.
 *   lease, note    carried out here, and durable before the receipt leaves.
 *   all others     The listener checks role, root's list of operators and lease. Then the order
 *                  goes to caravan-swap byte for byte, together with the newest lease order, and
 *                  caravan-swap's receipt comes back. An order that caravan-swap must answer itself
 *                  (a repeat, another session, too late) goes to caravan-swap whatever the lease
 *                  says, because it cannot be carried out any more.
 *
 * If the lease refuses an order for caravan-swap, the order's sequence counts as taken. So a copy
 * that arrives after the end of the pause is refused too. If caravan-swap cannot be reached, the
 * receipt says `io`, and the coordinator may try again. If caravan-swap may have received the
 * order but gave no answer, the listener gives no answer either, because unknown does not mean
 * refused.
 *
 * Threads: any number of threads may call listener_handle; one thread calls the setters.
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
#include "swap_status.h"

#define FRESHEN_MS     1500
#define ENROLMENT_MS   1000 /* at most one hello of enrolment is answered in this time */
#define ENROLMENT_SEEN 256  /* hellos remembered, so that copies wait for new ones */

struct listener;

struct listener_config {
    const struct keypair *key; /* the host's key; borrowed */
    unsigned char session[SESSION_LEN];
    uint64_t max_lease_ms;
    unsigned max_held;                 /* statuses held back at once */
    const char *state_path;            /* agent_store's file; copied */
    struct swap_link *swap;            /* borrowed */
    const char *binary;                /* Nomad's, for stamp_check; "": do not look; borrowed */
    const char *hold_file;             /* root's hold file; "": do not look; borrowed */
    const struct operators *operators; /* root's list; borrowed; NULL: none */
    bool keeps_for_others; /* this host is a seed: wake caravan-swap when a lease is given back */
    const struct clock *clock;
    const struct log *log;
};

/* Loads the durable state. The listener answers nobody before listener_set_trust. */
MUST_CHECK int listener_new(const struct listener_config *c, struct listener **ret,
                            struct err *err);
void listener_free(struct listener *l); /* NULL: does nothing. No thread may still use l. */

void listener_set_trust(struct listener *l, const struct trust *trust);
/* view NULL: the view is unknown, and `why` is the reason (a sentence). Lets held statuses check
 * again. */
void listener_set_status(struct listener *l, const struct swap_status *shown, const char *why);
/* Answers all held statuses, and holds no status from now on. Call it before stopping the server.
 */
void listener_stop(struct listener *l);

/* For link_server_config.handle; ctx is the listener. */
MUST_CHECK int listener_handle(void *ctx, const void *frame, size_t n, struct buf *answer);

#endif
