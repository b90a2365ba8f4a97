/* The guards of a server's swap, judged by what the coordinator could know.
 *
 * The design allows the coordinator answers that are up to 5 s old. So an order is wrong if its
 * guard was false at every moment that its answers are about: from the oldest answer, at most 5
 * s back, until the order was sent. Nobody could know of a change after the last look; the agent
 * asks its own Nomad once more. But if an answer did report the change, there is no excuse,
 * however young the answer is. */
#include "truth.h"

/* The host in the last look that ended. That look does not contain a host that joined after its
 * begin, and still contains a host that was removed later. */
static const struct host *host_in_last_look(const struct truth *t, int i)
{
    const struct host *h = &t->sights[1 - t->sight].hosts[i];
    return t->hosts[i].is_server && h->key != NULL ? h : NULL;
}

static const struct host *listed_in_last_look(const struct truth *t, int i)
{
    return t->hosts[i].listed ? host_in_last_look(t, i) : NULL;
}

/* Returns when the oldest answer about a region's servers was given. */
int64_t judge_told_ms(const struct truth *t, int region)
{
    int64_t oldest = t->now;

    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].region == region && host_in_last_look(t, i) != NULL &&
            host_in_last_look(t, i)->server.self_at > 0)
            oldest = MIN_OF(oldest, host_in_last_look(t, i)->server.self_at);
    return MAX_OF(oldest, t->now - FRESH_MS);
}

/* The server's state is empty, and the run can know that: from another server of its region, or
 * from counts before a swap of the run. If somebody else swapped the only server, nobody knows
 * what was there before. */
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

/* The server had left when the look began, and has joined again since. Or it was accepted as
 * dead, and is alive since. That look took it for past. */
static bool joins_since(const struct truth *t, int i, int64_t begun)
{
    const struct t_host *h = &t->hosts[i];

    return h->is_server && h->up && h->up_ms >= begun && (!h->voter || h->dead) &&
           (plan_host(&t->plan, h->key) == NULL || h->role == ROLE_LEAVES);
}

/* The coordinator has finished an observation (a look). If the guards of a region cannot have
 * passed in it, the time that the region must settle begins again. */
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
        if (listed_in_last_look(t, i) == NULL || judge_past(t, i) || joins_since(t, i, begun))
            continue;
        if (listed_in_last_look(t, i)->server.self_at < t->now - FRESH_MS)
            t->regions[h->region].unasked_ms = begun;
        /* sick_ms is from the step before; the server may have become well in this step */
        if (h->sick_ms != 0 && !t_healthy(t, i) && h->sick_ms < judge_told_ms(t, h->region))
            t->regions[h->region].unwell_ms = begun;
    }
}

/* The host is not ready by its deadline, and the other servers could not all be asked about the
 * cluster. */
void judge_revert(struct truth *t, int host)
{
    const struct t_host *h = &t->hosts[host];
    int64_t begun = t->sights[1 - t->sight].w.begun_ms;

    counts.judged[8]++;
    if (!h->is_server && t->regions[h->region].unasked_ms == begun)
        judge_says(t, 8, "revert of %s, though region %s did not answer", h->name,
                   t->regions[h->region].name);
    for (int i = 0; h->is_server && i < t->n_hosts; i++)
        if (i != host && t->hosts[i].region == h->region && listed_in_last_look(t, i) != NULL &&
            !judge_past(t, i) && listed_in_last_look(t, i)->server.self_at < t->now - FRESH_MS)
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

/* Judges the servers that were not well when they were asked. */
static void judge_told(struct truth *t, const struct t_host *swapped, int region, int invariant)
{
    const struct t_region *r = &t->regions[region];
    int64_t told = judge_told_ms(t, region);

    if (r->leader < 0 && r->leader_ms < told)
        judge_says(t, invariant, "swap of %s while nobody leads region %s for %lld ms",
                   swapped->name, r->name, (long long)(t->now - r->leader_ms));
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (h->region == region && listed_in_last_look(t, i) != NULL && h->sick_ms != 0 &&
            h->sick_ms < told)
            judge_says(t, invariant, "swap of %s while server %s is not well for %lld ms",
                       swapped->name, h->name, (long long)(t->now - h->sick_ms));
    }
}

/* Before a server's swap, every region must be well, and for long enough. */
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

/* Before a client's swap, its own region must be well, by the last look. */
void judge_region(struct truth *t, const struct t_host *swapped)
{
    const struct t_region *r = &t->regions[swapped->region];

    judge_told(t, swapped, swapped->region, 8);
    if (r->unasked_ms == t->sights[1 - t->sight].w.begun_ms)
        judge_says(t, 8, "swap of %s, though region %s did not answer", swapped->name, r->name);
}

/* The host has staged and reported what it found. Either nothing of that speaks against a swap,
 * or all of it was accepted, or there is nothing to swap. What it reports later shows in its
 * turn. */
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
