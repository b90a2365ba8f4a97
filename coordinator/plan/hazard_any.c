/* Kinds of rows that contain everything in the table itself. Contract: hazard_detect.h. */
#include "hazard_detect.h"

void hazard_told(struct hazard_check *c, row_t *row)
{
    struct version v;
    char from[VERSION_TEXT] = "";

    if (!c->applies)
        return;
    if (row->target != NULL || !hazard_oldest(c, row->scope == SCOPE_SERVERS, &v))
        hazard_found(c, row, TRI_YES, NULL, "%s: %s", c->p->target, row->what);
    else {
        version_text(from, &v);
        hazard_found(c, row, TRI_YES, NULL, "from %s to %s: %s", from, c->p->target, row->what);
    }
}

void hazard_operator(struct hazard_check *c, row_t *row)
{
    if (c->applies)
        hazard_found(c, row, TRI_UNKNOWN, NULL, "please check this yourself: %s", row->what);
}

/* ---- jobs ---- */

static void judge_jobs(struct hazard_check *c, row_t *row, const struct region_survey *r)
{
    const struct job_view *first = NULL, *second = NULL;
    size_t n = 0;

    for (size_t i = 0; i < r->n_jobs; i++) {
        const struct job_view *j = &r->jobs[i];
        if ((j->traits & row->number) == 0)
            continue;
        second = n == 1 ? j : second;
        first = n == 0 ? j : first;
        n++;
    }
    if (n == 0)
        return;
    hazard_found(c, row, TRI_YES, NULL, "region %s: %zu %s (%s/%s%s%s%s%s%s%s) %s %s", r->name, n,
                 str_count(n, "job", "jobs"), first->ns, first->id,
                 first->older ? ", an older version that runs" : "", n > 1 ? ", " : "",
                 n > 1 ? second->ns : "", n > 1 ? "/" : "", n > 1 ? second->id : "",
                 n > 2 ? ", ..." : "", str_count(n, "uses", "use"), row->what);
}

void hazard_jobs(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_regions && c->applies; i++) {
        const struct plan_region *pr = &c->p->regions[i];
        const struct region_survey *r = survey_region(c, pr->name);
        if (!pr->planned)
            continue;
        if (r != NULL)
            judge_jobs(c, row, r);
        if (r == NULL || r->jobs_asked != ASKED_YES)
            hazard_found(
                c, row, TRI_UNKNOWN, NULL,
                "region %s: Caravan could read only %zu of %zu jobs (%s). Perhaps jobs use %s",
                pr->name, r != NULL ? r->n_read : 0, r != NULL ? r->n_listed : 0,
                r == NULL || r->jobs_why[0] == '\0' ? "it did not ask for them" : r->jobs_why,
                row->what);
    }
}

/* ---- nodes ---- */

static bool has_driver(const struct client_view *v, const char *name)
{
    for (size_t i = 0; i < v->n_drivers; i++)
        if (str_eq(v->drivers[i].name, name) && v->drivers[i].detected)
            return true;
    return false;
}

void hazard_driver(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        if (h == NULL || !h->is_client || !hazard_crosses(c, &c->p->hosts[i]))
            continue;
        if (h->client.list_at == 0)
            hazard_unsure(c, h->name, "its node record could not be read");
        else if (has_driver(&h->client, row->key))
            hazard_found(c, row, TRI_YES, h->name, "its Nomad offers %s (driver %s)", row->what,
                         row->key);
    }
    if (row->number != 0)
        hazard_jobs(c, row);
}

/* Finds clients that are too old for servers on the new version. */
void hazard_clients_least(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->w->n_hosts && c->applies; i++) {
        const struct host *h = &c->w->hosts[i];
        struct version v;
        struct err err;
        if (!h->is_client || !hazard_region_planned(c->p, h->region))
            continue;
        const char *runs = h->client.version != NULL ? h->client.version : "";
        if (version_parse(runs, &v, &err) < 0)
            hazard_unsure(c, h->name, "the version of its client could not be read");
        else if (version_cmp_text(&v, row->least) < 0)
            hazard_found(c, row, TRI_YES, h->name, "runs %s: %s", runs, row->what);
    }
}

static const char *node_attribute(row_t *row, const struct host_survey *s, const char **ret_why)
{
    static const char missing[] = "";
    if (s == NULL || s->node != ASKED_YES) {
        *ret_why = s == NULL ? "Caravan did not ask for its node record" : asked_why(s->node);
        return NULL;
    }
    return s->attributes[row->number] != NULL ? s->attributes[row->number] : missing;
}

void hazard_attribute(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        const char *why = "";
        if (h == NULL || !h->is_client || !hazard_crosses(c, &c->p->hosts[i]))
            continue;
        const char *v = node_attribute(row, survey_host(c, h->key), &why);
        if (v == NULL)
            hazard_unsure(c, h->name, why);
        else if (row->key != NULL ? str_eq(v, row->key) : v[0] != '\0')
            hazard_found(c, row, TRI_YES, h->name, "%s", row->what);
    }
}

/* A node without the attribute is fine. An attribute that is there must be new enough. */
void hazard_attribute_least(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct host *h = world_host(c->w, c->p->hosts[i].key);
        const char *why = "";
        struct version v;
        struct err err;
        if (h == NULL || !h->is_client || !hazard_crosses(c, &c->p->hosts[i]))
            continue;
        const char *has = node_attribute(row, survey_host(c, h->key), &why);
        if (has == NULL)
            hazard_unsure(c, h->name, why);
        else if (has[0] == '\0')
            continue;
        else if (version_parse(has, &v, &err) < 0)
            hazard_unsure(c, h->name, "the version in its node record could not be understood");
        else if (version_cmp_text(&v, row->least) < 0)
            hazard_found(c, row, TRI_YES, h->name, "%s %s is older than %s", row->what, has,
                         row->least);
    }
}

/* ---- servers, by their own configuration ---- */

void hazard_switch(struct hazard_check *c, row_t *row)
{
    for (size_t i = 0; i < c->p->n_servers; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        const struct host_survey *s = survey_host(c, h->key);
        if (!hazard_crosses(c, h))
            continue;
        if (s == NULL || s->config != ASKED_YES || s->switches[row->number] == TRI_UNKNOWN)
            hazard_unsure(c, h->name,
                          s == NULL ? "Caravan did not ask for its configuration"
                                    : asked_why(s->config));
        else if (s->switches[row->number] == TRI_YES)
            hazard_found(c, row, TRI_YES, h->name, "%s", row->what);
    }
}

/* ---- hosts, by the facts of their agents ---- */

static void judge_each_fact(struct hazard_check *c, row_t *row,
                            void (*judge)(struct hazard_check *, row_t *, const struct plan_host *,
                                          const struct fact_view *))
{
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        const struct host *o = world_host(c->w, h->key);
        if (!hazard_crosses(c, h))
            continue;
        const struct fact_view *f = o != NULL ? agent_fact(&o->agent, row->key) : NULL;
        if (f == NULL)
            hazard_unsure(c, h->name, fact_doubt(NULL));
        else
            judge(c, row, h, f);
    }
}

static void judge_fact_yes(struct hazard_check *c, row_t *row, const struct plan_host *h,
                           const struct fact_view *f)
{
    if (f->value == TRI_UNKNOWN)
        hazard_unsure(c, h->name, fact_doubt(f));
    else if (f->value == TRI_YES)
        hazard_found(c, row, TRI_YES, h->name, "%s%s%s", row->what, f->text[0] != '\0' ? ": " : "",
                     f->text);
}

static void judge_fact_no(struct hazard_check *c, row_t *row, const struct plan_host *h,
                          const struct fact_view *f)
{
    if (f->value == TRI_UNKNOWN)
        hazard_unsure(c, h->name, fact_doubt(f));
    else if (f->value == TRI_NO)
        hazard_found(c, row, TRI_YES, h->name, "%s%s%s", row->what, f->text[0] != '\0' ? ": " : "",
                     f->text);
}

void hazard_fact(struct hazard_check *c, row_t *row)
{
    judge_each_fact(c, row, judge_fact_yes);
}

void hazard_no_fact(struct hazard_check *c, row_t *row)
{
    judge_each_fact(c, row, judge_fact_no);
}

/* An agent that has read every file of Nomad's configuration reports yes or no; else it reports
 * unknown. */
void hazard_file_key(struct hazard_check *c, row_t *row)
{
    char id[64];

    snprintf(id, sizeof(id), "key.%s", row->key);
    for (size_t i = 0; i < c->p->n_hosts; i++) {
        const struct plan_host *h = &c->p->hosts[i];
        const struct host *o = world_host(c->w, h->key);
        if (!hazard_crosses(c, h))
            continue;
        const struct fact_view *f = o != NULL ? agent_fact(&o->agent, id) : NULL;
        if (f != NULL && f->value == TRI_YES)
            hazard_found(c, row, TRI_YES, h->name, "%s is configured (%s): %s", row->key, f->text,
                         row->what);
        else if (f == NULL || f->value == TRI_UNKNOWN)
            hazard_unsure(c, h->name, fact_doubt(f));
    }
}
