/* Seeds: which hosts are seeds, what all hosts may report, which seeds' places come first in a
 * stage order, and that no host waits for ever for a seed. */
#include "seeds.h"
#include "truth.h"

#define SOON_MS                                                                                    \
    25000 /* time to see that a seed's time is over, to take a client's lease, and to order */

static const char origin[] = "https://origin.example/";

/* ---- which hosts are seeds, and what they report ---- */

/* No random draw, so that worlds without seeds stay as they were. */
void t_seeds_choose(struct truth *t)
{
    uint64_t dice = (t->seed + 77) * UINT64_C(0xd6e8feb86659fd93) >> 20;

    t->with_seeds = dice % 3 == 0;
    for (int i = 0; i < t->n_hosts && t->with_seeds; i++) {
        struct t_host *h = &t->hosts[i];
        uint64_t own = (dice + (uint64_t)i) * UINT64_C(0x9e3779b97f4a7c15) >> 24;
        h->seed = own % 3 == 0;
        if (h->seed && own / 3 % 4 == 0) {
            h->hangs_ms = 70000 + (int64_t)(own / 12 % 330000);
            h->faulted = true;
        }
        t_facts_make(t, i);
        if (h->seed)
            t_say(t, "%s is a seed%s", h->name, h->hangs_ms > 0 ? ", whose fetch hangs" : "");
    }
}

/* The facts that may speak against a swap (the host's law, and what it finds with the new
 * binary), and the facts for stage orders. They are stored, because the coordinator may still
 * use facts from an earlier answer. */
void t_facts_make(struct truth *t, int i)
{
    static const struct {
        enum tri refuses, held;
        const char *why;
    } laws[T_LAWS] = {
        {TRI_NO, TRI_NO, ""},
        {TRI_YES, TRI_YES, "root holds it"},
        {TRI_YES, TRI_NO, "region r1 has no quorum without it"},
        {TRI_YES, TRI_NO, "region r2 has no quorum without it"},
    };
    bool seed = t->hosts[i].seed;

    snprintf(t->bases[i], sizeof(t->bases[i]), "http://10.0.%d.%d:4655/", t->hosts[i].region,
             i + 1);
    for (int way = 0; way < T_LAWS; way++)
        for (int unready = 0; unready < 2; unready++) {
            const struct fact_view all[T_NEW] = {
                {"law-refuses", laws[way].refuses, laws[way].why},
                {"held", laws[way].held, "by root"},
                {"attributes", unready == 1 ? TRI_YES : TRI_NO, "its label"},
                {"url-prefixes", TRI_NO, ""},
                {"file-urls", TRI_NO, ""},
                {"seed", seed ? TRI_YES : TRI_NO, seed ? t->bases[i] : ""},
                {"unit-enabled", TRI_NO, ""}, /* truth_look.c */
                {"data-dir-fresh", TRI_YES, "/srv/nomad"},
                {"start-stopped", TRI_YES, ""},
                {"bootstrap-expect", TRI_NO, ""},
                {"is.server", TRI_YES, "true"},
                {"is.region", TRI_YES, t->regions[t->hosts[i].region].name},
            };
            memcpy(t->facts[i][way][unready], all, sizeof(all));
        }
}

void t_seeds_new_process(struct truth *t)
{
    t->begun_ms = t->now;
    for (int i = 0; i < t->n_hosts; i++)
        t->hosts[i].staged_by = t->hosts[i].held_up_ms = 0;
}

int64_t t_fetch_ms(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];
    int64_t hangs = h->hangs_ms;

    if (h->staged_by == 0)
        h->staged_by = t->now;
    h->hangs_ms = 0;
    return hangs > 0 ? hangs : t_between(t, 50, 3000);
}

/* ---- places ---- */

static bool one_group(const struct truth *t, int i, int k)
{
    const struct t_host *a = &t->hosts[i], *b = &t->hosts[k];
    return i % 2 == k % 2 && a->region == b->region && a->arch == b->arch; /* dc1, dc2 */
}

static void judge_seed_place(struct truth *t, int host, const char *url)
{
    const char *name = t->hosts[host].name;

    for (int k = 0; k < t->n_hosts; k++) {
        if (!str_starts(url, t->bases[k]))
            continue;
        if (k == host)
            judge_says(t, 6, "%s is to fetch from itself", name);
        else if (!t->hosts[k].seed || !one_group(t, host, k))
            judge_says(t, 6, "%s is to fetch from %s, which is no seed for it", name,
                       t->hosts[k].name);
        else if (!t->hosts[k].has_staged)
            judge_says(t, 6, "%s is to fetch from %s, which has nothing", name, t->hosts[k].name);
        return;
    }
    judge_says(t, 6, "%s is to fetch from %s", name, url);
}

/* First seeds' places, then all places of the release. */
static void judge_places(struct truth *t, int host, const struct order_stage *o, uint32_t own)
{
    uint32_t seeds = 0, left = 0;

    while (seeds < MIN_OF(o->n_urls, (uint32_t)URLS_MAX) && !str_starts(o->urls[seeds], origin))
        judge_seed_place(t, host, o->urls[seeds++]);
    for (uint32_t k = seeds; k < MIN_OF(o->n_urls, (uint32_t)URLS_MAX); k++)
        left += str_starts(o->urls[k], origin);
    if (left != own || o->n_urls != seeds + own || seeds > SEEDS_TOLD)
        judge_says(t, 6, "of %u places of the release %s gets %u, and %u in all", own,
                   t->hosts[host].name, left, o->n_urls);
}

void t_places(struct truth *t, int host, struct order_stage *ret)
{
    const struct t_host *th = &t->hosts[host];
    const struct host *h = world_host(&t->shown.w, th->key);
    uint32_t own = host % 3 == 0 ? URLS_MAX : (uint32_t)(host % 3);

    for (ret->n_urls = 0; ret->n_urls < own; ret->n_urls++)
        snprintf(ret->urls[ret->n_urls], URL_MAX_LEN, "%s%u", origin, ret->n_urls);
    if (h == NULL)
        return;
    seeds_lead(&t->shown.w, h, &t->digests[BIN_NEW][th->arch], &t->digests[BIN_NEW][th->arch], ret);
    judge_places(t, host, ret, own);
}

/* ---- no host waits for ever ---- */

static bool can_answer(const struct truth *t, const struct t_host *h)
{
    const struct t_agent *a = &h->agent;
    return h->exists && h->listed && h->machine_up && a->up && !a->swap_gone && !h->misplaced &&
           t->now >= h->agent_cut_ms && t->now >= a->full_ms && t->now >= a->mute_ms &&
           t_is_named(t, (int)(h - t->hosts));
}

static bool is_own_place(const struct truth *t, const struct t_agent *a)
{
    return a->lease.held && !a->lease.paused && t->now < a->lease_until &&
           memcmp(a->lease.run_id, t->run_id, RUN_ID_LEN) == 0;
}

static bool may_stage(const struct truth *t)
{
    if (!t->with_seeds || !t->at_work || t->dead || t->paused || t->aborted || t->taken_over ||
        t_faulty(t) || t->committed.state != RUN_STAGING || t->committed.ending != RUN_NONE)
        return false;
    for (int r = 0; r < t->n_regions; r++)
        if (t->now < t->regions[r].cut_ms)
            return false;
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].is_server && t->hosts[i].exists &&
            !(can_answer(t, &t->hosts[i]) && is_own_place(t, &t->hosts[i].agent)))
            return false;
    return true;
}

/* A seed of its group is still to stage, and the time to wait for the seed is over. */
static bool seed_is_late(const struct truth *t, int i)
{
    int64_t deadline = t->policy.stage_deadline_ms;
    bool any = false;

    for (int k = 0; k < t->n_hosts; k++) {
        const struct t_host *h = &t->hosts[k];
        const struct ledger_host *l = ledger_host_const(&t->committed, h->key);
        if (k == i || !h->seed || l == NULL || !one_group(t, i, k) ||
            (l->state != HOST_PENDING && l->state != HOST_STAGING))
            continue;
        any = true;
        if (h->staged_by != 0 && t->now - h->staged_by <= deadline)
            return false;
    }
    return any && t->now - t->begun_ms > deadline;
}

void judge_held_up(struct truth *t)
{
    bool may = may_stage(t);

    for (int i = 0; i < t->n_hosts && t->with_seeds; i++) {
        struct t_host *h = &t->hosts[i];
        const struct ledger_host *l = may ? ledger_host_const(&t->committed, h->key) : NULL;
        bool others = h->agent.lease.held && !is_own_place(t, &h->agent);
        bool held = l != NULL && l->state == HOST_PENDING && l->attempts == 0 &&
                    l->call.failures == 0 && can_answer(t, h) && !others && seed_is_late(t, i);
        h->held_up_ms = !held ? 0 : h->held_up_ms != 0 ? h->held_up_ms : t->now;
        if (held && t->now - h->held_up_ms > SOON_MS)
            judge_says(t, INVARIANT_ENDS, "%s waits for a seed whose time is over", h->name);
    }
}
