#include "world.h"

#include "seeds.h"
#include "str.h"

void world_free(struct world *w)
{
    if (w == NULL)
        return;
    arena_free(&w->arena);
    *w = (struct world){.problem = ""};
}

static int by_key(const void *a, const void *b, void *ctx)
{
    const struct host *hosts = ctx;
    return strcmp(hosts[*(const uint32_t *)a].key, hosts[*(const uint32_t *)b].key);
}

void world_index(struct world *w)
{
    w->by_key = arena_array(&w->arena, w->n_hosts, sizeof(*w->by_key));
    for (size_t i = 0; i < w->n_hosts; i++)
        w->by_key[i] = (uint32_t)i;
    qsort_r(w->by_key, w->n_hosts, sizeof(*w->by_key), by_key, w->hosts);
    w->seeds = arena_array(&w->arena, w->n_hosts, sizeof(*w->seeds));
    w->n_seeds = seeds_find(w->hosts, w->n_hosts, w->seeds);
}

struct host *world_host(const struct world *w, const char *key)
{
    if (w->by_key == NULL) {
        for (size_t i = 0; i < w->n_hosts; i++)
            if (str_eq(w->hosts[i].key, key))
                return &w->hosts[i];
        return NULL;
    }
    size_t low = 0, high = w->n_hosts;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        struct host *h = &w->hosts[w->by_key[mid]];
        int c = strcmp(key, h->key);
        if (c == 0)
            return h;
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

const struct region *world_region(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_regions; i++)
        if (str_eq(w->regions[i].name, name))
            return &w->regions[i];
    return NULL;
}

/* What the members' lists say of a server, when all that answered agree. */
static const char *members_build(const struct world *w, const struct host *h)
{
    const char *build = "";
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct server_view *v = &w->hosts[i].server;
        for (size_t k = 0; v->members_at > 0 && k < v->n_members; k++) {
            if (!str_eq(v->members[k].id, h->server_id))
                continue;
            if (build[0] != '\0' && !str_eq(build, v->members[k].build))
                return "";
            build = v->members[k].build;
        }
    }
    return build;
}

const char *host_dc(const struct host *h)
{
    if (h->dc[0] != '\0' || h->server.self_dc == NULL)
        return h->dc;
    return h->server.self_dc;
}

const char *host_version(const struct world *w, const struct host *h)
{
    if (!h->is_server)
        return h->client.list_at > 0 ? h->client.version : "";
    if (h->server.self_at > 0 && h->server.version[0] != '\0')
        return h->server.version;
    return members_build(w, h);
}

const struct fact_view *agent_fact(const struct agent_view *a, const char *id)
{
    for (size_t i = 0; i < a->n_facts; i++)
        if (str_eq(a->facts[i].id, id))
            return &a->facts[i];
    return NULL;
}

const char *fact_doubt(const struct fact_view *f)
{
    if (f == NULL)
        return "its agent does not tell";
    return f->value == TRI_UNKNOWN && f->text[0] != '\0' ? f->text : "its agent cannot tell";
}

bool world_has_left(const struct world *w, const struct host *h)
{
    if (!h->is_server || h->server.self_at != 0)
        return false; /* at once: this is asked of every client of a large fleet */
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct server_view *v = &w->hosts[i].server;
        for (size_t k = 0; v->members_at > 0 && k < v->n_members; k++)
            if (str_eq(v->members[k].id, h->server_id) && v->members[k].status != MEMBER_LEFT)
                return false;
    }
    return true;
}
