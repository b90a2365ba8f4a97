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

static const char *world_host_key(const void *hosts, size_t place)
{
    return ((const struct host *)hosts)[place].key;
}

void world_index(struct world *w)
{
    key_index_make(&w->by_key, w->n_hosts, world_host_key, w->hosts, &w->arena);
    w->seeds = arena_array(&w->arena, w->n_hosts, sizeof(*w->seeds));
    w->n_seeds = seeds_find(w->hosts, w->n_hosts, w->seeds);
}

struct host *world_host(const struct world *w, const char *key)
{
    if (w->by_key.slots != NULL) {
        size_t place = key_index_find(&w->by_key, key, world_host_key, w->hosts);
        return place == SIZE_MAX ? NULL : &w->hosts[place];
    }
    for (size_t i = 0; i < w->n_hosts; i++)
        if (str_eq(w->hosts[i].key, key))
            return &w->hosts[i];
    return NULL;
}

const struct region *world_region(const struct world *w, const char *name)
{
    for (size_t i = 0; i < w->n_regions; i++)
        if (str_eq(w->regions[i].name, name))
            return &w->regions[i];
    return NULL;
}

/* Returns the build of a server if all lists of members agree on it. */
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

bool world_oldest_server(const struct world *w, const char *region, struct version *ret)
{
    bool any = false;

    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *h = &w->hosts[i];
        struct err unused = ERR_INIT;
        struct version v;

        if ((region != NULL && !str_eq(h->region, region)) || world_has_left(w, h) ||
            version_parse(host_version(w, h), &v, &unused) < 0)
            continue;
        if (!any || version_cmp(&v, ret) < 0)
            *ret = v;
        any = true;
    }
    return any;
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
        return "its agent does not report this";
    return f->value == TRI_UNKNOWN && f->text[0] != '\0' ? f->text : "its agent does not know";
}

bool world_has_left(const struct world *w, const struct host *h)
{
    if (!h->is_server || h->server.self_at != 0)
        return false; /* first, because this is asked for every client of a large fleet */
    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct server_view *v = &w->hosts[i].server;
        for (size_t k = 0; v->members_at > 0 && k < v->n_members; k++)
            if (str_eq(v->members[k].id, h->server_id) && v->members[k].status != MEMBER_LEFT)
                return false;
    }
    return true;
}
