/*
 * status_hold.h - statuses held back until something changes.
 *
 * A worker thread with a status order waits here until the view's revision is
 * above the one its asker knows, something else worth telling changed
 * (status_hold_stir), its time is over, or its turn is needed: at most max_held
 * wait, one more lets the one waiting longest go at once. So held statuses never
 * use up the listener's workers. All functions may be called from any thread.
 */
#ifndef STATUS_HOLD_H
#define STATUS_HOLD_H

#include <stdint.h>
#include "compiler.h"

struct status_hold;

struct status_hold *status_hold_new(unsigned max_held);
void status_hold_free(struct status_hold *h); /* nobody may be waiting any more */

/* Returns when the status is to be answered. */
void status_hold_wait(struct status_hold *h, uint64_t after, uint32_t wait_ms);
void status_hold_revision(struct status_hold *h, uint64_t revision); /* the view changed */
void status_hold_stir(struct status_hold *h); /* lease or notes changed: all go */
void status_hold_stop(struct status_hold *h); /* all go, and nobody waits any more */

#endif
