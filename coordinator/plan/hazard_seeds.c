/* Rows about seeds: hosts that serve the release to other hosts (seeds.h). Contract:
 * hazard_detect.h. */
#include "hazard_detect.h"

#include "place_rule.h"
#include "plan_make.h"
#include "seeds.h"

#define SEEDS_NAMED 3

static bool will_fetch(const struct hazard_check *c, const struct plan_host *ph,
                       const struct host *h)
{
    return h != NULL && ph->managed && !ph->already && plan_build(c->release, h) != NULL;
}

/* Returns the k-th seed that h may fetch from; NULL: there are no more. */
static const struct host *nth_seed(const struct world *w, const struct host *h, size_t k)
{
    for (size_t i = seeds_from(w, h); i < w->n_seeds; i++) {
        const struct host *seed = &w->hosts[w->seeds[i]];
        if (seed_group_cmp(seed, h) != 0)
            return NULL;
        if (seed != h && k-- == 0)
            return seed;
    }
    return NULL;
}

/* For each seed of the world: will it stage, and therefore serve? The caller frees the array. */
static bool *seeds_that_serve(const struct hazard_check *c)
{
    const struct world *w = c->w;
    bool *serve = xzalloc(w->n_seeds + 1, sizeof(*serve));

    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(w, c->p->hosts[i].key);
        if (!will_fetch(c, &c->p->hosts[i], h) || seed_place_base(h) == NULL)
            continue;
        size_t k = seeds_from(w, h);
        while (k < w->n_seeds && &w->hosts[w->seeds[k]] != h)
            k++;
        if (k < w->n_seeds)
            serve[k] = true;
    }
    return serve;
}

static bool has_seed(const struct world *w, const struct host *h, const bool *serve)
{
    const char *unsure = NULL;

    for (size_t k = seeds_from(w, h); k < w->n_seeds; k++) {
        const struct host *seed = &w->hosts[w->seeds[k]];
        if (seed_group_cmp(seed, h) != 0)
            return false;
        if (serve[k] && seed != h &&
            place_refused(&h->agent, seed_place_base(seed), &unsure) == NULL && unsure == NULL)
            return true;
    }
    return false;
}

static const char *name_seeds(const struct world *w, const bool *serve, char dst[static 160])
{
    size_t n = 0, len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < w->n_seeds; i++) {
        const struct host *seed = &w->hosts[w->seeds[i]];
        if (serve[i] && n++ < SEEDS_NAMED)
            len += (size_t)snprintf(dst + len, 160 - len, "%s%.24s (%.16s)", len > 0 ? ", " : "",
                                    seed->name, host_dc(seed));
    }
    if (n > SEEDS_NAMED)
        snprintf(dst + len, 160 - len, " and %zu more", n - SEEDS_NAMED);
    return dst;
}

void hazard_seeds(struct hazard_check *c, row_t *row)
{
    bool *serve = seeds_that_serve(c);
    char named[160];
    size_t n = 0;

    for (size_t i = 0; i < c->p->n_hosts && c->w->n_seeds > 0; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        n += will_fetch(c, &c->p->hosts[i], h) && has_seed(c->w, h, serve);
    }
    if (n > 0)
        hazard_found(c, row, TRI_YES, NULL, "%zu %s from a seed of %s datacenter first: %s", n,
                     str_count(n, "host fetches", "hosts fetch"), str_count(n, "its", "their"),
                     name_seeds(c->w, serve, named));
    free(serve);
}

/* Root has enabled the seed, but it cannot serve. */
void hazard_seed_unready(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        const struct fact_view *f = h != NULL ? agent_fact(&h->agent, "seed") : NULL;
        if (f == NULL || f->value == TRI_NO || c->p->n_todo == 0)
            continue;
        if (f->value == TRI_UNKNOWN)
            hazard_found(c, row, TRI_YES, h->name, "it should be a seed, but cannot serve: %s",
                         fact_doubt(f));
        else if (seed_place_base(h) == NULL)
            hazard_found(c, row, TRI_YES, h->name,
                         "it should be a seed, but \"%.80s\" is not an http(s) URL without a query "
                         "at %.80s, where its agent answers",
                         f->text, h->agent.address);
    }
}

static void judge_seed_refused(struct hazard_check *c, row_t *row, const struct host *h)
{
    const struct host *seed;
    const char *unsure = NULL;

    for (size_t k = 0; (seed = nth_seed(c->w, h, k)) != NULL; k++) {
        const char *why = place_refused(&h->agent, seed_place_base(seed), &unsure);
        if (why == NULL)
            continue;
        hazard_found(c, row, TRI_YES, h->name,
                     "this host may not fetch from the seed %s, %.80s: %s", seed->name,
                     seed_place_base(seed), why);
        return;
    }
    if (unsure != NULL)
        hazard_unsure(c, h->name, unsure);
}

void hazard_seed_refused(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts && c->w->n_seeds > 0; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        if (will_fetch(c, &c->p->hosts[i], h))
            judge_seed_refused(c, row, h);
    }
}
