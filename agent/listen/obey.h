/*
 * obey.h - orders that change something: the agent's own, and those for swap.
 *
 * Called by listener.c with a call whose sender, cluster and receiver were checked.
 * 0: answer holds a frame. -1: nothing is answered.
 */
#ifndef OBEY_H
#define OBEY_H

#include "listener_call.h"

/* lease, note */
MUST_CHECK int obey_order(const struct call *c, struct buf *answer);
/* all others: checked here as far as the agent knows, then swap's */
MUST_CHECK int hand_on_order(const struct call *c, struct buf *answer);

#endif
