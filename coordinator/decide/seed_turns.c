#include "seed_turns.h"

#include "seeds.h"

/* True if the time of the seed is over, so no host waits for it any longer. A second order to
 * the seed does not start a new time. */
static bool is_seed_time_over(const struct situation *s, const struct ledger_host *lh)
{
    int64_t deadline = s->plan->policy.stage_deadline_ms;
    bool first_order = lh->state == HOST_STAGING && lh->attempts <= 1;

    return s->now - s->evidence->begun_ms > deadline &&
           !(first_order && s->now - lh->effect_ms <= deadline);
}

/* A seed that is already staging goes first. */
static bool seed_goes_before(const struct ledger *l, size_t i, size_t first)
{
    if (first == SIZE_MAX)
        return true;
    bool staging = l->hosts[i].state == HOST_STAGING;
    if (staging != (l->hosts[first].state == HOST_STAGING))
        return staging;
    return i < first;
}

static void add_seed(const struct situation *s, struct seed_turns *t, struct seed_turn *turn,
                     const struct host *seed)
{
    size_t i = plan_index(s->plan, seed->key);

    if (i == SIZE_MAX)
        return;
    const struct ledger_host *lh = &s->ledger->hosts[i];
    bool may_stage = lh->state == HOST_PENDING || lh->state == HOST_STAGING;
    t->seeds[i] = true;
    turn->open = turn->open || seed_has(seed, &s->plan->hosts[i].digest);
    if (may_stage && !is_seed_time_over(s, lh) && seed_goes_before(s->ledger, i, turn->first))
        turn->first = i;
}

void seed_turns_find(const struct situation *s, struct seed_turns *ret)
{
    const struct world *w = s->world;
    struct seed_turn *turn = NULL;

    ret->turns = xzalloc(w->n_seeds + 1, sizeof(*ret->turns));
    ret->seeds = xzalloc(s->ledger->n_hosts + 1, sizeof(*ret->seeds));
    for (size_t i = 0; i < w->n_seeds; i++) {
        const struct host *seed = &w->hosts[w->seeds[i]];
        if (i == 0 || seed_group_cmp(seed, &w->hosts[w->seeds[i - 1]]) != 0) {
            turn = &ret->turns[i];
            turn->first = SIZE_MAX;
        }
        add_seed(s, ret, turn, seed);
    }
}

void seed_turns_free(struct seed_turns *t)
{
    free(take_ptr(&t->turns));
    free(take_ptr(&t->seeds));
}

struct seed_turn *seed_turn_awaited(const struct situation *s, const struct seed_turns *t, size_t i,
                                    const struct host *h)
{
    const struct world *w = s->world;
    size_t from = seeds_from(w, h);

    if (from == w->n_seeds || seed_group_cmp(&w->hosts[w->seeds[from]], h) != 0)
        return NULL;
    struct seed_turn *turn = &t->turns[from];
    return turn->open || turn->first == SIZE_MAX || turn->first == i ? NULL : turn;
}
