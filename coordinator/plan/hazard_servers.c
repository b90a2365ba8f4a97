/* Rows about servers, by their own answers. Contract: hazard_detect.h. */
#include "hazard_detect.h"

#include "release_day.h"

/* `number`: the lowest raft protocol that the new version accepts. */
void hazard_raft_protocol(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        const struct host *o = world_host(c->w, h->key);
        if (o == NULL || !hazard_crosses(c, h))
            continue;
        int proto = o->server.raft_protocol;
        if (proto == 0)
            hazard_found(c, row, TRI_UNKNOWN, h->name, "its raft protocol could not be read");
        else if ((uint64_t)proto < row->number)
            hazard_found(c, row, TRI_YES, h->name, "this server speaks raft protocol %d", proto);
    }
}

/* The new version waits for ever for members that failed on an old version. */
void hazard_old_failed(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        if (h == NULL || !hazard_crosses(c, &c->p->hosts[i]))
            continue;
        if (h->server.members_at == 0)
            hazard_unsure(c, h->name, "this server did not list the members");
        for (size_t k = 0; k < h->server.n_members; k++) {
            const struct member *m = &h->server.members[k];
            struct version v;
            struct err err;
            if (m->status != MEMBER_FAILED || version_parse(m->build, &v, &err) < 0 ||
                version_has(&v, row->crossing))
                continue;
            hazard_found(c, row, TRI_YES, m->name,
                         "this member failed while it ran %s, as %s reports", m->build, h->name);
            return;
        }
    }
}

static bool leaves_on_signal(const struct server_view *s)
{
    return s->leave_on_interrupt == TRI_YES || s->leave_on_terminate == TRI_YES;
}

/* Calls judge for servers that leave the cluster when they restart. */
static void judge_each_leaver(struct hazard_check *c, row_t *row,
                              void (*judge)(struct hazard_check *, row_t *, const struct host *))
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *p = &c->p->hosts[i];
        const struct host *h = world_host(c->w, p->key);
        if (h == NULL || !hazard_crosses(c, p))
            continue;
        if (h->server.self_at == 0)
            hazard_unsure(c, h->name, "this server did not report its settings");
        else if (leaves_on_signal(&h->server))
            judge(c, row, h);
    }
}

static void judge_leave(struct hazard_check *c, row_t *row, const struct host *h)
{
    hazard_found(c, row, TRI_YES, h->name, "%s%s%s is set: a %s is a leave",
                 h->server.leave_on_interrupt == TRI_YES ? "leave_on_interrupt" : "",
                 h->server.leave_on_interrupt == h->server.leave_on_terminate ? " and " : "",
                 h->server.leave_on_terminate == TRI_YES ? "leave_on_terminate" : "",
                 c->p->replaces ? "stop" : "restart");
}

void hazard_leaves(struct hazard_check *c, row_t *row)
{
    judge_each_leaver(c, row, judge_leave);
}

static void judge_rejoin(struct hazard_check *c, row_t *row, const struct host *h)
{
    const struct host_survey *s = survey_host(c, h->key);

    if (s == NULL || s->config != ASKED_YES || s->switches[CONFIG_REJOINS] == TRI_UNKNOWN)
        hazard_unsure(c, h->name, "whether it can rejoin the cluster could not be read");
    else if (s->switches[CONFIG_REJOINS] == TRI_NO)
        hazard_found(c, row, TRI_YES, h->name,
                     "a restart is a leave, and this server has neither rejoin_after_leave nor an "
                     "address to join");
}

void hazard_no_rejoin(struct hazard_check *c, row_t *row)
{
    judge_each_leaver(c, row, judge_rejoin);
}

void hazard_schedulers(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *p = &c->p->hosts[i];
        const struct host_survey *s = survey_host(c, p->key);
        if (!hazard_crosses(c, p))
            continue;
        if (s == NULL || s->config != ASKED_YES || (s->num_schedulers > 0 && s->cpus == 0))
            hazard_unsure(c, p->name,
                          "num_schedulers and the number of processors could not be read");
        else if (s->num_schedulers < -1 || s->num_schedulers > s->cpus)
            hazard_found(c, row, TRI_YES, p->name,
                         "num_schedulers is %lld, but this server has %lld processors",
                         (long long)s->num_schedulers, (long long)s->cpus);
    }
}

void hazard_consul_flow(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *p = &c->p->hosts[i];
        const struct host_survey *s = survey_host(c, p->key);
        if (!hazard_crosses(c, p))
            continue;
        if (s == NULL || s->config != ASKED_YES || s->switches[CONFIG_CONSUL] == TRI_UNKNOWN)
            hazard_unsure(c, p->name, "its settings for Consul could not be read");
        else if (s->switches[CONFIG_CONSUL] == TRI_YES && s->switches[CONFIG_CONSUL_IDS] != TRI_YES)
            hazard_found(
                c, row, TRI_YES, p->name,
                "this server has a token for Consul, but no service_identity or task_identity");
    }
}

static enum tri vault_used(const struct hazard_check *c, const char *region)
{
    enum tri used = TRI_NO;

    for (size_t i = 0; i < c->w->n_hosts && c->w->hosts[i].is_server; i++) {
        const struct host_survey *s = survey_host(c, c->w->hosts[i].key);
        if (!str_eq(c->w->hosts[i].region, region) || world_has_left(c->w, &c->w->hosts[i]))
            continue;
        if (s == NULL || s->config != ASKED_YES || s->switches[CONFIG_VAULT] == TRI_UNKNOWN)
            used = used == TRI_NO ? TRI_UNKNOWN : used;
        else if (s->switches[CONFIG_VAULT] == TRI_YES)
            used = TRI_YES;
    }
    return used;
}

/* Uses the check that Nomad made for this crossing. Without Vault there is nothing to check. */
void hazard_vault_flow(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_regions && c->applies; i++) {
        const char *name = c->p->regions[i].name;
        const struct region_survey *r = survey_region(c, name);
        enum tri used = vault_used(c, name);
        if (!c->p->regions[i].planned || used == TRI_NO)
            continue;
        if (r == NULL || r->vault_check != ASKED_YES)
            hazard_found(
                c, row, TRI_UNKNOWN, NULL,
                "region %s %s Vault, and whether all jobs, nodes and tokens use identities "
                "could not be read: %s",
                name, used == TRI_YES ? "uses" : "may use",
                asked_why(r == NULL ? ASKED_NOT : r->vault_check));
        else if (r->vault_jobs + r->vault_nodes + r->vault_tokens > 0)
            hazard_found(
                c, row, TRI_YES, NULL,
                "region %s: %u jobs have no Vault identity, %u nodes are too old for Vault "
                "identities, and %u tokens are of the old kind",
                name, r->vault_jobs, r->vault_nodes, r->vault_tokens);
    }
}

/* Finds servers with both stores: both keys are in files, or one is in files and the other runs. */
void hazard_two_stores(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *p = &c->p->hosts[i];
        const struct host_survey *s = survey_host(c, p->key);
        const struct host *o = world_host(c->w, p->key);
        const struct fact_view *bolt = o != NULL ? agent_fact(&o->agent, "key.raft_boltdb") : NULL,
                               *store =
                                   o != NULL ? agent_fact(&o->agent, "key.raft_logstore") : NULL;
        bool has_bolt = (bolt != NULL && bolt->value == TRI_YES) ||
                        (s != NULL && s->switches[CONFIG_BOLTDB] == TRI_YES);
        if (!hazard_crosses(c, p))
            continue;
        if (store == NULL || store->value == TRI_UNKNOWN)
            hazard_unsure(c, p->name, fact_doubt(store));
        else if (store->value == TRI_YES && has_bolt)
            hazard_found(c, row, TRI_YES, p->name,
                         "its configuration has both raft_boltdb and raft_logstore (%s)",
                         store->text);
    }
}

/* Other servers, or counts from before its swap, show whether a server kept its state. The only
 * server of a region that already runs the target has neither. */
void hazard_unmeasured(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *p = &c->p->hosts[i];
        size_t servers = 0;
        for (size_t k = 0; k < c->w->n_hosts; k++)
            servers += c->w->hosts[k].is_server && str_eq(c->w->hosts[k].region, p->region) &&
                       !world_has_left(c->w, &c->w->hosts[k]);
        if (p->already && servers == 1 && c->p->n_todo > 0)
            hazard_found(
                c, row, TRI_UNKNOWN, p->name,
                "whether it kept its state: this only server of region %s runs %s already, "
                "and no counts were made before",
                p->region, c->p->target);
    }
}

void hazard_license_ends(struct hazard_check *c, row_t *row)
{
    char day[DAY_TEXT];

    release_day(c->p->hazards, day, &c->target);
    for (size_t i = 0; i < c->p->n_regions && c->applies; i++) {
        const struct region_survey *r = survey_region(c, c->p->regions[i].name);
        if (!c->p->regions[i].planned)
            continue;
        if (r == NULL || r->license != ASKED_YES || day[0] == '\0')
            hazard_found(c, row, TRI_UNKNOWN, NULL,
                         "region %s: until when the licence is valid: %s", c->p->regions[i].name,
                         r != NULL && r->license == ASKED_YES
                             ? "this Caravan does not know the day of the target"
                             : asked_why(r == NULL ? ASKED_NOT : r->license));
        else if (version_built_before(r->license_ends, day))
            hazard_found(c, row, TRI_YES, NULL,
                         "region %s: the licence ends before %s, the release day of %s", r->name,
                         day, c->p->target);
    }
}

/* Before 1.1, Nomad kept the licence in raft. */
void hazard_license_place(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct host_survey *s = survey_host(c, c->p->hosts[i].key);
        const struct host *o = world_host(c->w, c->p->hosts[i].key);
        const struct fact_view *f = o != NULL ? agent_fact(&o->agent, "key.license_path") : NULL;
        if (!hazard_crosses(c, &c->p->hosts[i]) || (f != NULL && f->value == TRI_YES))
            continue;
        if (s != NULL && s->config == ASKED_YES && s->switches[CONFIG_LICENSE] == TRI_NO)
            hazard_found(c, row, TRI_YES, c->p->hosts[i].name,
                         "this server has no licence in a file or in its environment");
        else if (s == NULL || s->switches[CONFIG_LICENSE] != TRI_YES)
            hazard_unsure(c, c->p->hosts[i].name, "the place of its licence could not be read");
    }
}
