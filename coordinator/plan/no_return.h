/*
 * no_return.h - the step after which the servers of a region cannot go back. Pure.
 *
 * The target may write data that the old version cannot read (version_wall). Then Caravan can still
 * revert a single server that has not touched its data. When a server on the target leads, all
 * servers get such entries. Caravan swaps the leader last, so that this happens in the last
 * server's turn, when the leadership moves, unless an election comes earlier. Returned pointers
 * belong to the plan or to the world.
 */
#ifndef NO_RETURN_H
#define NO_RETURN_H

#include "plan.h"

/* Returns the host in whose turn the region passes this step; NULL: the region has no such step. If
 * the version of a server is unknown, the function treats it as old. */
const struct plan_host *no_return_step(const struct plan *p, const char *region);
/* Returns the leader if the region has passed the step: the leader that all servers name
 * (region_leader) runs the target. NULL: not passed, or this world does not show it. */
const struct host *no_return_crossed(const struct plan *p, const struct world *w,
                                     const char *region, int64_t now);

#endif
