/* Rows about clients and their allocations. Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "join_list.h"

void hazard_node_down(struct hazard_check *c, row_t *row)
{
    for (size_t i = c->p->n_servers; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        if (h != NULL && !c->p->hosts[i].already && !str_eq(h->client.status, "ready"))
            hazard_found(c, row, TRI_YES, h->name,
                         "its status is %s: Caravan skips the node unless it comes back",
                         h->client.status[0] != '\0' ? h->client.status : "unknown");
    }
}

void hazard_node_draining(struct hazard_check *c, row_t *row)
{
    for (size_t i = c->p->n_servers; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        if (h != NULL && !c->p->hosts[i].already && h->client.draining)
            hazard_found(c, row, TRI_YES, h->name,
                         "somebody else drains this node: Caravan leaves it as it is");
    }
}

/* The name of the datacenter is in the node's record or in the server's configuration. */
void hazard_dc_star(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *p = &c->p->hosts[i];
        const struct host *h = world_host(c->w, p->key);
        const struct host_survey *s = survey_host(c, p->key);
        if (h == NULL || !hazard_crosses(c, p))
            continue;
        if (h->dc[0] != '\0' ? strchr(h->dc, '*') != NULL
                             : s != NULL && s->switches[CONFIG_DC_STAR] == TRI_YES)
            hazard_found(c, row, TRI_YES, h->name, "%s", row->what);
        else if (h->dc[0] == '\0' && (s == NULL || s->config != ASKED_YES ||
                                      s->switches[CONFIG_DC_STAR] == TRI_UNKNOWN))
            hazard_unsure(c, h->name, "its datacenter could not be read");
    }
}

static void judge_each_region(struct hazard_check *c, row_t *row, const char *question,
                              void (*judge)(struct hazard_check *, row_t *,
                                            const struct region_survey *))
{
    for (size_t i = 0; i < c->p->n_regions && c->applies; i++) {
        const struct plan_region *pr = &c->p->regions[i];
        const struct region_survey *r = survey_region(c, pr->name);
        if (!pr->planned)
            continue;
        if (r != NULL)
            judge(c, row, r);
        if (r == NULL || r->allocs != ASKED_YES)
            hazard_found(c, row, TRI_UNKNOWN, NULL, "region %s: %s: %s", pr->name, question,
                         r == NULL ? "Caravan did not ask for allocations" : asked_why(r->allocs));
    }
}

static void judge_pool(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    if (r->n_other_pool > 0)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: %u %s in another node pool than the pool of the job: %s%s",
                     r->name, r->n_other_pool,
                     str_count(r->n_other_pool, "allocation runs", "allocations run"),
                     r->other_pool, r->n_other_pool > 1 ? ", ..." : "");
}

void hazard_other_pool(struct hazard_check *c, row_t *row)
{
    judge_each_region(c, row,
                      "whether allocations run in another node pool than the pool of their job",
                      judge_pool);
}

#define DAY_OF_09 1554768000 /* 2019-04-09: 0.9.0 */

static void judge_old(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    if (r->oldest_alloc_s > 0 && r->oldest_alloc_s < DAY_OF_09)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: some allocations have run since before Nomad 0.9", r->name);
}

void hazard_old_allocs(struct hazard_check *c, row_t *row)
{
    judge_each_region(c, row, "how long allocations have run", judge_old);
}

/* A Connect task that starts on an old client asks the leader a question that a new leader no
 * longer answers. */
void hazard_connect_window(struct hazard_check *c, row_t *row)
{
    bool old = false;

    for (size_t i = 0; i < c->w->n_hosts && !old; i++) {
        const struct host *h = &c->w->hosts[i];
        struct version v;
        struct err err;
        old = h->is_client && hazard_region_planned(c->p, h->region) &&
              (h->client.version == NULL || version_parse(h->client.version, &v, &err) < 0 ||
               !version_has(&v, row->crossing));
    }
    if (old)
        hazard_jobs(c, row);
}

/* ---- drains ---- */

static size_t count_drained(const struct hazard_check *c, const char *region)
{
    size_t n = 0;

    for (size_t i = c->p->n_servers; i < c->p->n_hosts; i++)
        n += !c->p->hosts[i].already && str_eq(c->p->hosts[i].region, region);
    return n;
}

/* The version of a server when clients are drained: planned servers run the target by then. */
static const char *version_at_drain(const struct hazard_check *c, const struct host *h)
{
    return plan_host(c->p, h->key) != NULL ? c->p->target : host_version(c->w, h);
}

static void judge_drains(struct hazard_check *c, row_t *row, const char *region)
{
    const struct host *old = NULL;

    for (size_t i = 0; i < c->w->n_hosts; i++) {
        const struct host *h = &c->w->hosts[i];
        struct version v;
        struct err err;
        if (!h->is_server || !str_eq(h->region, region) || plan_is_former_server(c->w, c->p, h))
            continue;
        if (version_parse(version_at_drain(c, h), &v, &err) < 0)
            hazard_unsure(c, h->name, "its version could not be read");
        else if (old == NULL && !version_has(&v, row->least))
            old = h;
    }
    if (old != NULL)
        hazard_found(c, row, TRI_YES, NULL,
                     "region %s: %u clients may be drained at once while %s runs %s: %s", region,
                     c->p->parallel, old->name, version_at_drain(c, old), row->what);
}

void hazard_drain_together(struct hazard_check *c, row_t *row)
{
    if (!c->p->policy.drain || c->p->parallel < 2)
        return;
    for (size_t i = 0; i < c->p->n_regions; i++)
        if (c->p->regions[i].planned && count_drained(c, c->p->regions[i].name) > 1)
            judge_drains(c, row, c->p->regions[i].name);
}

/* Does the list of this client name an answering server of its region? */
static enum tri finds_server(const struct hazard_check *c, const struct host *h, const char *list)
{
    enum tri any = TRI_NO;

    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host *o = &c->w->hosts[i];
        if (o->server.self_at == 0 || !str_eq(o->region, h->region))
            continue;
        enum tri one = join_list_names(list, o);
        if (one == TRI_YES)
            return TRI_YES;
        any = one == TRI_UNKNOWN ? TRI_UNKNOWN : any;
    }
    return any;
}

/* A client does not keep its list of servers over a restart. It finds servers by its files or by
 * Consul. */
void hazard_finds_nobody(struct hazard_check *c, row_t *row)
{
    for (size_t i = c->p->n_servers; i < c->p->n_hosts; i++) {
        const struct plan_host *ph = &c->p->hosts[i];
        const struct host *h = ph->already ? NULL : world_host(c->w, ph->key);
        const struct fact_view *f = h != NULL ? agent_fact(&h->agent, "joins") : NULL;
        if (f != NULL && f->value == TRI_YES && finds_server(c, h, f->text) == TRI_NO)
            hazard_found(c, row, TRI_YES, ph->name,
                         "its files name %.150s, and no answering server is at these addresses",
                         f->text);
    }
}
