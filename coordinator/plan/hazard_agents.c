/* Rows about Caravan's own agents. Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "place_rule.h"
#include "plan_make.h"
#include "url_hide.h"

static bool counts_as_dead(const struct plan *p, const struct host *h)
{
    const struct plan_host *ph = plan_host(p, h->key);
    return ph != NULL && ph->dead;
}

/* Also servers that the filters leave out: their agents hold the run's lease. */
void hazard_unmanaged_server(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        if (c->p->n_todo > 0 && hazard_region_planned(c->p, h->region) &&
            (!h->agent.enrolled || h->agent.hello_at == 0) &&
            !plan_is_former_server(c->w, c->p, h) && !counts_as_dead(c->p, h))
            hazard_found(c, row, TRI_YES, h->name, "%s%s%s",
                         h->agent.enrolled ? "its agent does not answer" : "has no enrolled agent",
                         h->agent.problem[0] != '\0' ? ": " : "", h->agent.problem);
    }
}

void hazard_unmanaged_client(struct hazard_check *c, row_t *row)
{
    size_t n = 0;
    const struct plan_host *first = NULL;

    for (size_t i = c->p->n_servers; i < c->p->n_hosts; i++) {
        if (c->p->hosts[i].already || c->p->hosts[i].managed)
            continue;
        first = first != NULL ? first : &c->p->hosts[i];
        n++;
    }
    if (n == 0)
        return;
    hazard_found_as(c, row, n > c->p->policy.max_skipped ? SEVERITY_HARD : SEVERITY_WARN,
                    "%zu client%s (%s%s) without an enrolled agent that answers, %u may be skipped",
                    n, n == 1 ? "" : "s", first->name, n > 1 ? ", ..." : "",
                    c->p->policy.max_skipped);
}

void hazard_misplaced(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts; i++)
        if (c->w->hosts[i].agent.misplaced)
            hazard_found(c, row, TRI_YES, c->w->hosts[i].name,
                         "the agent at %s serves another Nomad (server %s, client %s)",
                         c->w->hosts[i].agent.address, c->w->hosts[i].agent.hello.server_id,
                         c->w->hosts[i].agent.hello.client_id);
}

struct told_id {
    const char *id;
    const struct host *h;
};

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct told_id *)a)->id, ((const struct told_id *)b)->id);
}

void hazard_one_id(struct hazard_check *c, row_t *row)
{
    struct told_id *ids = xzalloc(4 * c->w->n_hosts + 1, sizeof(*ids));
    size_t n = 0;

    for (size_t i = 0; i < c->w->n_hosts; i++) {
        const struct host *h = &c->w->hosts[i];
        const char *all[] = {h->server_id, h->node_id, h->agent.hello.server_id,
                             h->agent.hello.client_id};
        for (size_t k = 0; k < ARRAY_LEN(all); k++)
            if (all[k] != NULL && all[k][0] != '\0')
                ids[n++] = (struct told_id){all[k], h};
    }
    qsort(ids, n, sizeof(*ids), by_id);
    for (size_t i = 1; i < n; i++)
        if (str_eq(ids[i].id, ids[i - 1].id) && ids[i].h != ids[i - 1].h &&
            !ids[i].h->agent.misplaced && !ids[i - 1].h->agent.misplaced)
            hazard_found(c, row, TRI_YES, ids[i].h->name, "and %s both have the id %s",
                         ids[i - 1].h->name, ids[i].id);
    free(ids);
}

void hazard_odd_system(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts; i++) {
        const struct host *h = &c->w->hosts[i];
        if (plan_client_without_build(h, c->release))
            hazard_found(c, row, TRI_YES, h->name,
                         "its agent says that it runs on %s/%s, which is no system: it is left out",
                         h->agent.hello.os, h->agent.hello.arch);
    }
}

void hazard_no_build(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        if (h->managed && h->role != ROLE_LEAVES && digest_is_zero(&h->digest))
            hazard_found(c, row, TRI_YES, h->name, "the release %s has no build for %s/%s",
                         c->p->target, h->os, h->arch);
    }
}

/* ---- where hosts fetch it ---- */

void hazard_served(struct hazard_check *c, row_t *row)
{
    if (c->release->served[0] != '\0' && c->p->n_todo > 0)
        hazard_found(c, row, TRI_YES, NULL,
                     "hosts fetch %s from %s, where this command serves it as long as it lasts",
                     c->p->target, c->release->served);
}

/* Hosts that are to fetch something, and their build. */
static void each_fetching(struct hazard_check *c, row_t *row,
                          void (*judge)(struct hazard_check *c, row_t *row, const struct host *h,
                                        const struct manifest_build_ref *b))
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = world_host(c->w, ph->key);
        const struct manifest_build_ref *b = h != NULL ? plan_build(c->release, h) : NULL;
        if (b != NULL && ph->managed && !ph->already && ph->role != ROLE_LEAVES)
            judge(c, row, h, b);
    }
}

static void judge_place(struct hazard_check *c, row_t *row, const struct host *h,
                        const struct manifest_build_ref *b)
{
    if (b->n_urls == 0)
        hazard_found(c, row, TRI_YES, h->name,
                     "nowhere to fetch %s for %s/%s: no place was named, and this machine has no "
                     "file of it",
                     c->p->target, b->os, b->arch);
}

void hazard_no_place(struct hazard_check *c, row_t *row)
{
    each_fetching(c, row, judge_place);
}

/* By its address in Nomad's record; another of its addresses may be the one that asks. */
static void judge_shut(struct hazard_check *c, row_t *row, const struct host *h,
                       const struct manifest_build_ref *b)
{
    const struct release *r = c->release;
    struct address from;

    if (b->n_urls == 0 || r->served_to.n == 0 || r->served[0] == '\0' ||
        !str_starts(b->urls[0], r->served))
        return;
    if (!address_parse(h->addr, &from))
        hazard_unsure(c, h->name, "its address is not known");
    else if (!address_list_holds(&r->served_to, &from))
        hazard_found(c, row, TRI_YES, h->name,
                     "its address in Nomad is not in [serve] allow_from: it gets nothing from %s",
                     r->served);
}

void hazard_serve_shut(struct hazard_check *c, row_t *row)
{
    each_fetching(c, row, judge_shut);
}

static void judge_urls(struct hazard_check *c, row_t *row, const struct host *h,
                       const struct manifest_build_ref *b)
{
    const char *unsure = NULL;
    char shown[121];

    for (size_t i = 0; i < b->n_urls; i++) {
        const char *why = place_refused(&h->agent, b->urls[i], &unsure);
        if (why != NULL) {
            url_shown(shown, sizeof(shown), b->urls[i]);
            hazard_found(c, row, TRI_YES, h->name, "it may not fetch from %s: %s", shown, why);
            return;
        }
    }
    if (unsure != NULL)
        hazard_unsure(c, h->name, unsure);
}

void hazard_place_refused(struct hazard_check *c, row_t *row)
{
    each_fetching(c, row, judge_urls);
}

/* Agents that do not tell the fact cannot demand it. */
static void judge_vendor(struct hazard_check *c, row_t *row, const struct host *h,
                         const struct manifest_build_ref *b)
{
    const struct fact_view *f = agent_fact(&h->agent, "vendor-signature");

    if (f != NULL && f->value == TRI_YES && (b->bare || !c->release->vendor_signed))
        hazard_found(c, row, TRI_YES, h->name,
                     "root demands HashiCorp's own signature there, and the release %s %s",
                     c->p->target, b->bare ? "is a bare binary" : "carries none");
}

void hazard_vendor_signature(struct hazard_check *c, row_t *row)
{
    each_fetching(c, row, judge_vendor);
}

/* ---- what agents do not tell ---- */

static void each_untold(struct hazard_check *c, row_t *row, bool (*lacks)(const struct host *h),
                        const char *text)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = world_host(c->w, ph->key);
        if (h != NULL && ph->managed && !ph->already && lacks(h))
            hazard_found(c, row, TRI_UNKNOWN, ph->name, "%s", text);
    }
}

static bool tells_nothing(const struct host *h)
{
    return h->agent.n_facts == 0 && h->agent.status_at != 0;
}

void hazard_no_facts(struct hazard_check *c, row_t *row)
{
    each_untold(c, row, tells_nothing,
                "its agent did not tell what speaks against replacing the binary there");
}

/* Of before there was a question whether Nomad would come back. */
static bool tells_no_readiness(const struct host *h)
{
    return h->agent.n_facts > 0 && agent_fact(&h->agent, "law-refuses") == NULL;
}

void hazard_no_readiness(struct hazard_check *c, row_t *row)
{
    each_untold(c, row, tells_no_readiness,
                "its agent does not tell whether Nomad would come back from a restart as it is");
}
