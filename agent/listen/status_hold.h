/*
 * status_hold.h - holds statuses back until something changes.
 *
 * A worker thread with a status order waits here. The wait ends when the view's revision is higher
 * than the revision that the coordinator knows; when the lease or the notes change
 * (status_hold_release); when its time is over; or when its place is needed. At most max_held
 * threads wait: one more ends the oldest wait at once. So held statuses never use up the listener's
 * workers. Any thread may call all functions.
 */
#ifndef STATUS_HOLD_H
#define STATUS_HOLD_H

#include <stdint.h>
#include "compiler.h"

struct status_hold;

struct status_hold *status_hold_new(unsigned max_held);
void status_hold_free(struct status_hold *h); /* no thread may still wait */

/* Waits as described above, and returns when the caller must answer the status order. after: the
 * revision that the coordinator knows. */
void status_hold_wait(struct status_hold *h, uint64_t after, uint32_t wait_ms);
void status_hold_revision(struct status_hold *h, uint64_t revision); /* the view changed */
void status_hold_release(struct status_hold *h); /* lease or notes changed: end all waits */
void status_hold_stop(struct status_hold *h);    /* end all waits, and allow no more */

#endif
