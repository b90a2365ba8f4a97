/* The guards of a server's swap by what the coordinator could know.
 *
 * The design grants it answers no older than 5 s. So an order is wrong when its guard was false at
 * every moment that the answers it stands on are about: from the oldest of them, at most 5 s back,
 * until the order was sent. A change after the last look is what nobody could have told; the agent
 * asks its own Nomad once more. What an answer did tell is no excuse, however young it is. */
#include "truth.h"

/* The last look that ended; a host that joined after its begin is not in it. */
static const struct host *seen(const struct truth *t, int i)
{
    const struct host *h = &t->sights[1 - t->sight].hosts[i];
    return t->hosts[i].is_server && t->hosts[i].listed && h->key != NULL ? h : NULL;
}

/* When the oldest answer about a region's servers was given. */
int64_t judge_told_ms(const struct truth *t, int region)
{
    int64_t oldest = t->now;

    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].region == region && seen(t, i) != NULL)
            oldest = MIN_OF(oldest, seen(t, i)->server.self_at);
    return MAX_OF(oldest, t->now - FRESH_MS);
}

void judge_needed(struct truth *t, int region)
{
    size_t healthy, voters = t_voters(t, region, &healthy, -1);

    for (int i = 0; i < t->n_hosts; i++) {
        struct t_host *h = &t->hosts[i];
        if (!h->is_server || h->region != region)
            continue;
        bool needed = healthy - (size_t)t_healthy(t, i) < voters / 2 + 1;
        h->needed_ms = !needed ? 0 : h->needed_ms != 0 ? h->needed_ms : t->now;
    }
}

/* Who was not well when it was asked. */
void judge_asked(struct truth *t, const struct t_host *swapped)
{
    for (int r = 0; r < t->n_regions; r++)
        if (t->regions[r].leader < 0 && t->regions[r].leader_ms < judge_told_ms(t, r))
            judge_says(t, 1, "swap of %s while all say that nobody leads region %s", swapped->name,
                       t->regions[r].name);
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (seen(t, i) != NULL && h->sick_ms != 0 && h->sick_ms < judge_told_ms(t, h->region))
            judge_says(t, 1, "swap of %s while %s is not well for %lld ms, since before the look",
                       swapped->name, h->name, (long long)(t->now - h->sick_ms));
    }
}
