/*
 * seed_turns.h - which hosts stage before others, because they are seeds. Pure.
 *
 * A seed (seeds.h) stages first, and the hosts of its group wait for it, so that one copy of the
 * release comes into a datacenter from outside. Where a group has more seeds, the others wait for
 * the first one, too, and stage before the rest. Nobody waits once a seed of the group has staged,
 * when none can stage any more (it failed, was skipped, is gone), or when the time is over: the
 * policy's stage deadline from the begin of this process, or from the first order of a seed that
 * was given within that. So nobody waits for longer than two such deadlines.
 *
 * Made anew in every tick, of the world, the ledger and nothing else: seed_turns_find, then
 * seed_turns_free. In the order of their seeds, so a tick costs n log n.
 */
#ifndef SEED_TURNS_H
#define SEED_TURNS_H

#include "situation.h"

struct seed_turn {
    size_t first; /* the plan's index of the seed that the others wait for; SIZE_MAX: none */
    bool open;    /* one has staged */
    bool told;    /* the wait was stated in this tick */
};

struct seed_turns {
    struct seed_turn *turns; /* by index of world.seeds: where a group begins */
    bool *seeds;             /* by index of plan hosts */
};

void seed_turns_find(const struct situation *s, struct seed_turns *ret);
void seed_turns_free(struct seed_turns *t);
/* For whom plan->hosts[i], which is h in the world, is to wait; NULL: for nobody. */
struct seed_turn *seed_turn_awaited(const struct situation *s, const struct seed_turns *t, size_t i,
                                    const struct host *h);

#endif
