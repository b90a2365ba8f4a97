/* The guards of a server's swap by what the coordinator could know.
 *
 * The design grants it answers no older than 5 s. So an order is wrong when its guard was false at
 * every moment that the answers it stands on are about: from the oldest of them, at most 5 s back,
 * until the order was sent. A change after the last look is what nobody could have told; the agent
 * asks its own Nomad once more. What an answer did tell is no excuse, however young it is. */
#include "truth.h"

/* As the last look that ended has it; a host that joined after its begin is not in it, and one that
 * was removed after it is. */
static const struct host *known(const struct truth *t, int i)
{
    const struct host *h = &t->sights[1 - t->sight].hosts[i];
    return t->hosts[i].is_server && h->key != NULL ? h : NULL;
}

static const struct host *seen(const struct truth *t, int i)
{
    return t->hosts[i].listed ? known(t, i) : NULL;
}

/* When the oldest answer about a region's servers was given. */
int64_t judge_told_ms(const struct truth *t, int region)
{
    int64_t oldest = t->now;

    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].region == region && known(t, i) != NULL && known(t, i)->server.self_at > 0)
            oldest = MIN_OF(oldest, known(t, i)->server.self_at);
    return MAX_OF(oldest, t->now - FRESH_MS);
}

/* Its state is empty, and that can be told: by another server of its region, or by what was counted
 * before a swap of ours. What was there before somebody else swapped the only one, nobody knows. */
bool judge_empty(const struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    bool told = h->agent.swapped_by_us;

    for (int i = 0; i < t->n_hosts; i++)
        told = told || (i != host && t->hosts[i].is_server && t->hosts[i].listed &&
                        t->hosts[i].region == h->region);
    return h->is_server && h->empty && told;
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

/* It had left when the look began, and joins anew since; or it was accepted as dead, and lives
 * since: that look took it for past. */
static bool joins_since(const struct truth *t, int i, int64_t begun)
{
    const struct t_host *h = &t->hosts[i];

    return h->is_server && h->up && h->up_ms >= begun && (!h->voter || h->dead) &&
           (plan_host(&t->plan, h->key) == NULL || h->role == ROLE_LEAVES);
}

/* A look has ended: where a region's guards cannot have passed, its time to settle begins anew. */
void judge_look(struct truth *t)
{
    int64_t begun = t->sights[1 - t->sight].w.begun_ms;

    for (int r = 0; r < t->n_regions; r++) {
        struct t_region *region = &t->regions[r];
        int64_t told = judge_told_ms(t, r);
        if (!t_region_answers(t, r))
            region->unasked_ms = begun;
        if (region->leader < 0 && region->leader_ms < told)
            region->unwell_ms = begun;
    }
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (seen(t, i) == NULL || judge_past(t, i) || joins_since(t, i, begun))
            continue;
        if (seen(t, i)->server.self_at < t->now - FRESH_MS)
            t->regions[h->region].unasked_ms = begun;
        /* sick_ms is of the step before: it may have become well in this one. */
        if (h->sick_ms != 0 && !t_healthy(t, i) && h->sick_ms < judge_told_ms(t, h->region))
            t->regions[h->region].unwell_ms = begun;
    }
}

/* By its deadline it is not ready; whether the cluster is, could not be asked of all the others. */
void judge_revert(struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    int64_t begun = t->sights[1 - t->sight].w.begun_ms;

    counts.judged[8]++;
    if (!h->is_server && t->regions[h->region].unasked_ms == begun)
        judge_says(t, 8, "revert of %s, though region %s did not answer", h->name,
                   t->regions[h->region].name);
    for (int i = 0; h->is_server && i < t->n_hosts; i++)
        if (i != host && t->hosts[i].region == h->region && seen(t, i) != NULL &&
            !judge_past(t, i) && seen(t, i)->server.self_at < t->now - FRESH_MS)
            judge_says(t, 8, "revert of %s, though %s did not answer", h->name, t->hosts[i].name);
}

static void judge_settled(struct truth *t, const struct t_host *swapped)
{
    for (int r = 0; r < t->n_regions; r++) {
        const struct t_region *region = &t->regions[r];
        if (t->now - region->unasked_ms < t->policy.settle_ms)
            judge_says(t, 8, "swap of %s %lld ms after a look that region %s did not answer",
                       swapped->name, (long long)(t->now - region->unasked_ms), region->name);
        if (t->now - region->unwell_ms < t->policy.settle_ms)
            judge_says(t, 1, "swap of %s %lld ms after a look that showed region %s not well",
                       swapped->name, (long long)(t->now - region->unwell_ms), region->name);
    }
}

/* Who was not well when it was asked. */
static void judge_told(struct truth *t, const struct t_host *swapped, int region, int invariant)
{
    const struct t_region *r = &t->regions[region];
    int64_t told = judge_told_ms(t, region);

    if (r->leader < 0 && r->leader_ms < told)
        judge_says(t, invariant, "swap of %s while nobody leads region %s for %lld ms",
                   swapped->name, r->name, (long long)(t->now - r->leader_ms));
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (h->region == region && seen(t, i) != NULL && h->sick_ms != 0 && h->sick_ms < told)
            judge_says(t, invariant, "swap of %s while server %s is not well for %lld ms",
                       swapped->name, h->name, (long long)(t->now - h->sick_ms));
    }
}

/* Before a server's swap every region is well, and for long enough. */
void judge_regions(struct truth *t, const struct t_host *swapped)
{
    for (int r = 0; r < t->n_regions; r++) {
        for (int i = 0; i < t->n_hosts; i++)
            counts.granted[1] +=
                t->hosts[i].region == r && t->hosts[i].is_server && t->hosts[i].sick_ms != 0;
        judge_told(t, swapped, r, 1);
    }
    judge_settled(t, swapped);
}

/* Before a client's its own region is, by the last look. */
void judge_region(struct truth *t, const struct t_host *swapped)
{
    const struct t_region *r = &t->regions[swapped->region];

    judge_told(t, swapped, swapped->region, 8);
    if (r->unasked_ms == t->sights[1 - t->sight].w.begun_ms)
        judge_says(t, 8, "swap of %s, though region %s did not answer", swapped->name, r->name);
}

/* It has staged and told what it found, and nothing of that speaks against a swap or all of it was
 * accepted; or there is nothing to swap. What it tells later, its turn will show. */
void judge_told_ready(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];
    const struct t_agent *a = &h->agent;
    enum refusal law = t_law(t, host);
    bool accepted = !h->is_server && policy_accepts(&t->plan.policy, "law-refuses");

    if (h->running == BIN_NEW && h->disk == BIN_NEW)
        h->asked = true;
    if (a->phase == PHASE_STAGED && t->now >= a->mute_ms && !a->unready &&
        (law == REFUSAL_NONE || accepted))
        h->asked = true;
}

void judge_ready(struct truth *t, int host)
{
    counts.judged[INVARIANT_READY]++;
    judge_heard(t, host, "swap");
    for (size_t i = 0; i < t->plan.n_hosts; i++) {
        int k = t_host_of(t, t->plan.hosts[i].key);
        if (k < 0 || t->hosts[k].asked || t->hosts[k].role == ROLE_LEAVES ||
            host_finished(t->committed.hosts[i].state))
            continue;
        judge_says(t, INVARIANT_READY, "swap of %s, and %s was not asked, or refused",
                   t->hosts[host].name, t->hosts[k].name);
    }
}
