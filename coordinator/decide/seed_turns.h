/*
 * seed_turns.h - which hosts stage before others because they are seeds. Pure.
 *
 * A seed (seeds.h) stages first, and the hosts of its group wait for it, so that only one copy of
 * the release comes into a datacenter from outside. If a group has several seeds, the other seeds
 * wait for the first one as well, and stage before the rest. No host waits after a seed of the
 * group has staged, when no seed can stage any more (failed, skipped or gone), or when the time is
 * over. The time is the policy's stage deadline, from the start of this process, or from the first
 * order of a seed if that order was given within that time. So no host waits longer than two such
 * deadlines.
 *
 * The turns are made again in every tick, only from the world and the ledger: seed_turns_find, then
 * seed_turns_free. The cost of a tick is n log n, because the turns are in the order of their
 * seeds.
 */
#ifndef SEED_TURNS_H
#define SEED_TURNS_H

#include "situation.h"

struct seed_turn {
    size_t first; /* index in the plan of the seed that the others wait for; SIZE_MAX: none */
    bool open;    /* one seed of the group has staged */
    bool told;    /* the wait was stated in this tick */
};

struct seed_turns {
    struct seed_turn *turns; /* by index of world.seeds, for the first seed of each group */
    bool *seeds;             /* by index of plan hosts */
};

void seed_turns_find(const struct situation *s, struct seed_turns *ret);
void seed_turns_free(struct seed_turns *t);
/* Returns the turn that plan->hosts[i], which is h in the world, waits for; NULL: the host need
 * not wait. */
struct seed_turn *seed_turn_awaited(const struct situation *s, const struct seed_turns *t, size_t i,
                                    const struct host *h);

#endif
