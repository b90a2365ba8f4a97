#include "plan.h"

static const char *plan_host_key(const void *hosts, size_t place)
{
    return ((const struct plan_host *)hosts)[place].key;
}

void plan_index_keys(struct plan *p)
{
    key_index_make(&p->by_key, p->n_hosts, plan_host_key, p->hosts, &p->arena);
}

size_t plan_index(const struct plan *p, const char *key)
{
    if (p->by_key.slots != NULL)
        return key_index_find(&p->by_key, key, plan_host_key, p->hosts);
    for (size_t i = 0; i < p->n_hosts; i++)
        if (str_eq(p->hosts[i].key, key))
            return i;
    return SIZE_MAX;
}

const struct plan_host *plan_host(const struct plan *p, const char *key)
{
    size_t i = plan_index(p, key);
    return i == SIZE_MAX ? NULL : &p->hosts[i];
}

bool plan_is_dead(const struct plan *p, const char *key)
{
    const struct plan_host *h = plan_host(p, key);

    return h != NULL && h->dead;
}

int64_t plan_ready_ms(const struct plan *p, const struct plan_host *h)
{
    const struct policy *y = &p->policy;

    return h->is_server ? MAX_OF(y->server_deadline_ms, h->ready_ms) : y->client_deadline_ms;
}

int64_t plan_longest_server_ms(const struct plan *p)
{
    int64_t longest = p->policy.server_deadline_ms;

    for (size_t i = 0; i < p->n_hosts && p->hosts[i].is_server; i++)
        longest = MAX_OF(longest, p->hosts[i].ready_ms);
    return longest;
}

int plan_cmp_target(const struct plan *p, const struct version *v, const struct version *target)
{
    return p->own_build ? version_cmp_numbers(v, target) : version_cmp(v, target);
}

/* A server that has left and is no peer any more stays in the lists for a day. */
bool plan_is_former_server(const struct world *w, const struct plan *p, const struct host *h)
{
    return world_has_left(w, h) && plan_host(p, h->key) == NULL;
}

bool plan_server_stays(const struct world *w, const struct plan *p, const struct host *h)
{
    return p->replaces && h->is_server && str_eq(h->region, p->hosts[0].region) &&
           plan_host(p, h->key) == NULL && !plan_is_former_server(w, p, h);
}

void plan_free(struct plan *p)
{
    if (p == NULL)
        return;
    arena_free(&p->arena);
    p->hosts = NULL;
    p->regions = NULL;
    p->by_key = (struct key_index){.slots = NULL};
    p->findings = NULL;
    p->n_findings = p->cap_findings = 0;
    p->n_hosts = p->n_servers = p->n_clients = p->n_regions = 0;
}

static bool finding_refuses(const struct finding *f)
{
    return f->severity == SEVERITY_HARD || (f->severity == SEVERITY_BLOCK && !f->accepted);
}

/* A known finding explains unknown ones, so its advice comes first. */
static bool comes_first(const struct finding *f, const struct finding *than)
{
    if (f->severity != than->severity)
        return f->severity > than->severity;
    return f->detected == TRI_YES && than->detected == TRI_UNKNOWN;
}

const struct finding *plan_refused(const struct plan *p)
{
    const struct finding *first = NULL;

    for (size_t i = 0; i < p->n_findings; i++)
        if (finding_refuses(&p->findings[i]) &&
            (first == NULL || comes_first(&p->findings[i], first)))
            first = &p->findings[i];
    return first;
}

bool plan_may_pass(const struct plan *p)
{
    bool unhealthy = false;

    for (size_t i = 0; i < p->n_findings; i++) {
        const struct finding *f = &p->findings[i];
        bool region = str_eq(f->id, "unhealthy");
        unhealthy = unhealthy || region;
        /* A region without a leader does not answer other questions either. */
        if (finding_refuses(f) && !region && f->detected == TRI_YES)
            return false;
    }
    return unhealthy;
}
