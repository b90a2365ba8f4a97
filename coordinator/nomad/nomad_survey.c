#include "nomad_survey.h"

#include "hazards.h"
#include "str.h"
#include "survey_hosts.h"
#include "survey_jobs.h"
#include "survey_region.h"
#include "survey_token.h"
#include "version.h"

struct nomad_survey {
    struct nomad_survey_config c;
    struct survey_queue queue;
    int64_t until;
    size_t n_nodes;
};

static survey_taker *const takers[] = {
    [Q_TOKEN] = survey_take_token,
    [Q_TOKEN_POLICY] = survey_take_token_policy,
    [Q_TOKEN_ROLE] = survey_take_token_role,
    [Q_KEYRING] = survey_take_keyring,
    [Q_DEPLOYMENTS] = survey_take_deployments,
    [Q_AUTOPILOT] = survey_take_autopilot,
    [Q_VAULT] = survey_take_vault,
    [Q_LICENSE] = survey_take_license,
    [Q_POLICIES] = survey_take_policies,
    [Q_POLICY] = survey_take_policy,
    [Q_JOBS] = survey_take_jobs,
    [Q_JOB] = survey_take_job,
    [Q_ALLOCS] = survey_take_allocs,
    [Q_VERSIONS] = survey_take_versions,
    [Q_REGIONS] = survey_take_regions,
    [Q_SELF] = survey_take_self,
    [Q_NODE] = survey_take_node,
};
_Static_assert(ARRAY_LEN(takers) == SURVEY_QUESTIONS, "a question without a taker");

static bool needs_source(const struct nomad_survey *s, enum hazard_source source)
{
    return (s->c.need & (1u << source)) != 0;
}

static void begin_survey_region(struct nomad_survey *s, size_t i)
{
    static const enum survey_question always[] = {Q_TOKEN, Q_KEYRING, Q_DEPLOYMENTS, Q_AUTOPILOT};
    struct version target;
    struct err err = ERR_INIT;

    for (size_t k = 0; k < ARRAY_LEN(always); k++)
        survey_push(&s->queue, always[k], i, NULL, NULL);
    if (version_parse(s->c.plan->target, &target, &err) == 0 && version_is_ent(&target))
        survey_push(&s->queue, Q_LICENSE, i, NULL, NULL);
    if (needs_source(s, FROM_SELF))
        survey_push(&s->queue, Q_VAULT, i, NULL, NULL);
    if (needs_source(s, FROM_POLICIES))
        survey_push(&s->queue, Q_POLICIES, i, NULL, NULL);
    if (!needs_source(s, FROM_JOBS))
        return;
    survey_push(&s->queue, Q_ALLOCS, i, NULL, NULL);
    survey_push(&s->queue, Q_JOBS, i, NULL, NULL);
}

static void add_survey_regions(struct nomad_survey *s)
{
    const struct plan *p = s->c.plan;
    struct survey *out = &s->queue.out;

    out->regions = arena_array(&out->arena, p->n_regions + 1, sizeof(*out->regions));
    s->queue.bases = xzalloc(p->n_regions + 1, sizeof(*s->queue.bases));
    s->queue.tokens = xzalloc(p->n_regions + 1, sizeof(*s->queue.tokens));
    s->queue.jobs = xzalloc(p->n_regions + 1, sizeof(*s->queue.jobs));
    for (size_t i = 0; i < p->n_regions; i++) {
        if (!p->regions[i].planned)
            continue;
        size_t k = out->n_regions++;
        out->regions[k] = (struct region_survey){.name = survey_text(&s->queue, p->regions[i].name),
                                                 .token.name = "",
                                                 .deploying = "",
                                                 .bare_policy = "",
                                                 .unknown_policy = "",
                                                 .license_ends = "",
                                                 .jobs_why = "",
                                                 .other_pool = ""};
        observer_server_to_ask(s->c.observer, p->regions[i].name, &s->queue.bases[k]);
        begin_survey_region(s, k);
    }
}

static int by_survey_key(const void *a, const void *b)
{
    return strcmp(((const struct host_survey *)a)->key, ((const struct host_survey *)b)->key);
}

static size_t region_index(const struct nomad_survey *s, const char *name)
{
    for (size_t i = 0; i < s->queue.out.n_regions; i++)
        if (str_eq(s->queue.out.regions[i].name, name))
            return i;
    return 0;
}

static void add_survey_hosts(struct nomad_survey *s)
{
    const struct world *w = s->c.world;
    struct survey *out = &s->queue.out;

    out->hosts = arena_array(&out->arena, w->n_hosts + 1, sizeof(*out->hosts));
    out->n_hosts = w->n_hosts;
    for (size_t i = 0; i < w->n_hosts; i++)
        out->hosts[i] = (struct host_survey){.key = survey_text(&s->queue, w->hosts[i].key),
                                             .num_schedulers = -1,
                                             .authoritative = ""};
    qsort(out->hosts, out->n_hosts, sizeof(*out->hosts), by_survey_key);
    for (size_t i = 0; i < out->n_hosts; i++) {
        const struct host *h = world_host(w, out->hosts[i].key);
        if (h == NULL || out->n_regions == 0)
            continue;
        size_t region = region_index(s, h->region);
        if (h->is_server && h->server.self_at != 0)
            survey_push(&s->queue, Q_SELF, region, NULL, NULL)->host = i;
        bool wanted = h->is_client && needs_source(s, FROM_ATTRIBUTES) &&
                      s->n_nodes < SURVEY_NODES && plan_host(s->c.plan, h->key) != NULL;
        if (!wanted)
            continue;
        s->n_nodes++;
        survey_push(&s->queue, Q_NODE, region, survey_text(&s->queue, h->node_id), NULL)->host = i;
    }
}

void nomad_survey_begin(const struct nomad_survey_config *c, struct nomad_survey **ret)
{
    struct nomad_survey *s = xzalloc(1, sizeof(*s));

    s->c = *c;
    survey_queue_init(&s->queue, c->nomad, c->world, takers);
    s->until = clock_mono(c->clock) + c->budget_ms;
    s->queue.out.wall_ms = clock_wall(c->clock);
    add_survey_regions(s);
    if (s->queue.out.n_regions > 0)
        survey_push(&s->queue, Q_REGIONS, 0, NULL, NULL);
    add_survey_hosts(s);
    survey_pump(&s->queue);
    *ret = s;
}

bool nomad_survey_tick(struct nomad_survey *s)
{
    bool late = clock_mono(s->c.clock) >= s->until;

    if (!late)
        survey_pump(&s->queue);
    for (size_t i = 0;
         !late && s->queue.first == NULL && s->queue.open == 0 && i < s->queue.out.n_regions; i++) {
        survey_compare_jobs(&s->queue, i);
        survey_pump(&s->queue);
    }
    if (late && s->queue.open == 0)
        survey_drop(&s->queue);
    return s->queue.open == 0 && s->queue.first == NULL;
}

void nomad_survey_end(struct nomad_survey *s, struct survey *ret)
{
    for (size_t i = 0; i < s->queue.out.n_regions; i++) {
        survey_finish_jobs(&s->queue, i);
        survey_finish_policies(&s->queue, i);
        jobs_reading_free(&s->queue.jobs[i]);
    }
    free(s->queue.bases);
    free(s->queue.tokens);
    free(s->queue.jobs);
    *ret = s->queue.out;
    free(s);
}
