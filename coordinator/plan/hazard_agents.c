/* Rows about Caravan's own agents. Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "place_rule.h"
#include "plan_make.h"
#include "url_hide.h"

static bool is_accepted_as_dead(const struct plan *p, const struct host *h)
{
    const struct plan_host *ph = plan_host(p, h->key);
    return ph != NULL && ph->dead;
}

/* Also checks servers that the filters leave out: their agents keep the lease of the run. */
void hazard_unmanaged_server(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *h = &c->w->hosts[i];
        if (c->p->n_todo > 0 && hazard_region_planned(c->p, h->region) &&
            (!h->agent.enrolled || h->agent.hello_at == 0) &&
            !plan_is_former_server(c->w, c->p, h) && !is_accepted_as_dead(c->p, h))
            hazard_found(c, row, TRI_YES, h->name, "%s%s%s",
                         h->agent.enrolled ? "its agent does not answer"
                                           : "this host has no enrolled agent",
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
                    "%zu %s (%s%s) no enrolled agent that answers; %u may be skipped", n,
                    str_count(n, "client has", "clients have"), first->name, n > 1 ? ", ..." : "",
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

struct reported_id {
    const char *id;
    const struct host *h;
};

static int by_reported_id(const void *a, const void *b)
{
    return strcmp(((const struct reported_id *)a)->id, ((const struct reported_id *)b)->id);
}

void hazard_one_id(struct hazard_check *c, row_t *row)
{
    struct reported_id *ids = xzalloc(4 * c->w->n_hosts + 1, sizeof(*ids));
    size_t n = 0;

    for (size_t i = 0; i < c->w->n_hosts; i++) {
        const struct host *h = &c->w->hosts[i];
        const char *all[] = {h->server_id, h->node_id, h->agent.hello.server_id,
                             h->agent.hello.client_id};
        for (size_t k = 0; k < ARRAY_LEN(all); k++)
            if (all[k] != NULL && all[k][0] != '\0')
                ids[n++] = (struct reported_id){all[k], h};
    }
    qsort(ids, n, sizeof(*ids), by_reported_id);
    for (size_t i = 1; i < n; i++)
        if (str_eq(ids[i].id, ids[i - 1].id) && ids[i].h != ids[i - 1].h &&
            !ids[i].h->agent.misplaced && !ids[i - 1].h->agent.misplaced)
            hazard_found(c, row, TRI_YES, ids[i].h->name, "this host and %s have the same id %s",
                         ids[i - 1].h->name, ids[i].id);
    free(ids);
}

void hazard_odd_system(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts; i++) {
        const struct host *h = &c->w->hosts[i];
        if (plan_client_without_build(h, c->release))
            hazard_found(c, row, TRI_YES, h->name,
                         "its agent reports the unknown system %s/%s: Caravan leaves this host out",
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

/* ---- the places from which hosts fetch the release ---- */

void hazard_served(struct hazard_check *c, row_t *row)
{
    if (c->release->served[0] != '\0' && c->p->n_todo > 0)
        hazard_found(c, row, TRI_YES, NULL,
                     "hosts fetch %s from %s, where this command serves it for as long as it runs",
                     c->p->target, c->release->served);
}

/* Calls judge for each host that will fetch a build. */
static void judge_each_fetching(struct hazard_check *c, row_t *row,
                                void (*judge)(struct hazard_check *c, row_t *row,
                                              const struct host *h,
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

static void judge_no_place(struct hazard_check *c, row_t *row, const struct host *h,
                           const struct manifest_build_ref *b)
{
    if (b->n_urls == 0)
        hazard_found(c, row, TRI_YES, h->name,
                     "this host can fetch %s for %s/%s from nowhere: no URL was named, and this "
                     "machine has no such file",
                     c->p->target, b->os, b->arch);
}

void hazard_no_place(struct hazard_check *c, row_t *row)
{
    judge_each_fetching(c, row, judge_no_place);
}

/* Uses the address in Nomad's record. The host may ask from another of its addresses. */
static void judge_serve_shut(struct hazard_check *c, row_t *row, const struct host *h,
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
                     "its address in Nomad is not in [serve] allow_from: %s refuses this host",
                     r->served);
}

void hazard_serve_shut(struct hazard_check *c, row_t *row)
{
    judge_each_fetching(c, row, judge_serve_shut);
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
            hazard_found(c, row, TRI_YES, h->name, "this host may not fetch from %s: %s", shown,
                         why);
            return;
        }
    }
    if (unsure != NULL)
        hazard_unsure(c, h->name, unsure);
}

void hazard_place_refused(struct hazard_check *c, row_t *row)
{
    judge_each_fetching(c, row, judge_urls);
}

/* An agent that does not report the fact cannot demand the signature. */
static void judge_vendor(struct hazard_check *c, row_t *row, const struct host *h,
                         const struct manifest_build_ref *b)
{
    const struct fact_view *f = agent_fact(&h->agent, "vendor-signature");

    if (f != NULL && f->value == TRI_YES && (b->bare || !c->release->vendor_signed))
        hazard_found(c, row, TRI_YES, h->name,
                     "root on this host demands HashiCorp's own signature, and the release %s %s",
                     c->p->target, b->bare ? "is a bare binary" : "does not contain it");
}

void hazard_vendor_signature(struct hazard_check *c, row_t *row)
{
    judge_each_fetching(c, row, judge_vendor);
}

/* ---- agents that report too little ---- */

static void report_each_lacking(struct hazard_check *c, row_t *row,
                                bool (*lacks)(const struct host *h), const char *text)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = world_host(c->w, ph->key);
        if (h != NULL && ph->managed && !ph->already && lacks(h))
            hazard_found(c, row, TRI_UNKNOWN, ph->name, "%s", text);
    }
}

static bool reports_no_facts(const struct host *h)
{
    return h->agent.n_facts == 0 && h->agent.status_at != 0;
}

void hazard_no_facts(struct hazard_check *c, row_t *row)
{
    report_each_lacking(c, row, reports_no_facts,
                        "its agent did not report what speaks against a swap on this host");
}

/* The agent is older than the question whether Nomad would come back. */
static bool reports_no_readiness(const struct host *h)
{
    return h->agent.n_facts > 0 && agent_fact(&h->agent, "law-refuses") == NULL;
}

void hazard_no_readiness(struct hazard_check *c, row_t *row)
{
    report_each_lacking(
        c, row, reports_no_readiness,
        "its agent does not report whether Nomad would come back from a restart as it is");
}
