/*
 * no_return.h - the step after which a region's servers cannot go back. Pure.
 *
 * Where the target writes what the old version cannot read (version_wall), a single server is
 * still reverted as long as it has not touched its data; once one on the target leads, all get
 * such entries. Caravan swaps the leader last, so that this is the last server's turn, when
 * its leadership is moved, unless an election comes first. What is returned belongs to the plan or
 * to the world.
 */
#ifndef NO_RETURN_H
#define NO_RETURN_H

#include "plan.h"

/* At whose turn the plan crosses it; NULL: nothing of the region is crossed. What a server runs
 * that told no version is taken for old. */
const struct plan_host *no_return_step(const struct plan *p, const char *region);
/* It is crossed: the leader everyone names (region_leader) runs the target. NULL: not, or not
 * to be told by this world. */
const struct host *no_return_crossed(const struct plan *p, const struct world *w,
                                     const char *region, int64_t now);

#endif
