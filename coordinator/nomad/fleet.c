#include "fleet.h"

#include "str.h"
#include "url_hide.h"

static void blank_texts(const char **texts[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (*texts[i] == NULL)
            *texts[i] = "";
}

/* Replaces every text of a host that is NULL by "". */
static void blank_host(struct host *h)
{
    struct server_view *s = &h->server;
    struct client_view *c = &h->client;
    const char **texts[] = {&h->key,        &h->name,           &h->region,      &h->dc,
                            &h->node_class, &h->node_pool,      &h->addr,        &h->server_id,
                            &h->node_id,    &s->leader,         &s->version,     &s->build_date,
                            &s->raft_state, &s->self_region,    &c->status,      &c->version,
                            &c->http_addr,  &c->drain_meta_run, &c->own_node_id, &c->own_version};
    blank_texts(texts, ARRAY_LEN(texts));
    if (!h->is_client)
        c->heartbeat_age_ms = c->heartbeat_ttl_ms = -1;
    if (!h->is_server)
        s->last_contact_ms = -1;
}

/* If ACLs are on, a client reports its heartbeat only to a request with a token. The agent on the
 * host may know the heartbeat. */
static void take_told_heartbeat(struct host *h)
{
    const struct told_heartbeat *told = &h->agent.heartbeat;
    struct client_view *c = &h->client;

    if (!h->is_client || told->at == 0 || h->agent.misplaced ||
        (c->heartbeat_at != 0 && c->heartbeat_age_ms >= 0 && c->heartbeat_ttl_ms > 0))
        return;
    c->heartbeat_at = told->at;
    c->heartbeat_age_ms = told->age_ms;
    c->heartbeat_ttl_ms = told->ttl_ms;
}

static bool is_same_host(const struct fleet *f, const struct host *server, const char *region,
                         const struct node_told *node)
{
    const char *told = f->agents != NULL ? agents_client_of(f->agents, server->key) : "";
    if (told[0] != '\0')
        return str_eq(told, node->node_id);
    if (server->addr[0] == '\0' || !str_eq(server->addr, node->addr) ||
        !str_eq(server->region, region))
        return false;
    const char *a = address_map_find(&f->conf->agents, server->server_id, server->name);
    const char *b = address_map_find(&f->conf->agents, node->node_id, node->name);
    return a == NULL || b == NULL || str_eq(a, b);
}

static void be_client(struct host *h, const struct node_told *node)
{
    h->is_client = true;
    h->node_id = node->node_id;
    h->dc = node->dc;
    h->node_class = node->node_class;
    h->node_pool = node->node_pool;
    h->client = node->client;
}

/* If the node is on the host of a server, makes that host a client, too, and returns true. */
static bool is_joined_to_server(const struct fleet *f, struct world *w, size_t n_servers,
                                const char *region, const struct node_told *node)
{
    for (size_t i = 0; i < n_servers; i++)
        if (!w->hosts[i].is_client && is_same_host(f, &w->hosts[i], region, node)) {
            be_client(&w->hosts[i], node);
            return true;
        }
    return false;
}

static int by_host_name(const void *x, const void *y)
{
    const struct host *a = x, *b = y;
    int c = strcmp(a->name, b->name);
    return c != 0 ? c : strcmp(a->key, b->key);
}

static void add_fleet_region(struct world *w, const char *name)
{
    if (name[0] == '\0' || world_region(w, name) != NULL)
        return;
    w->regions[w->n_regions++] =
        (struct region){.name = arena_strdup(&w->arena, name), .denied = ""};
}

/* The rights that the token lacks, by the questions that were answered with 403. */
static const char *denied_text(struct arena *a, unsigned denied)
{
    static const struct {
        unsigned bit;
        const char *name;
    } rights[] = {{DENIED_NODE, "node:read"},
                  {DENIED_AGENT, "agent:read"},
                  {DENIED_OPERATOR, "operator:read"}};
    const char *text = "";
    for (size_t i = 0; i < ARRAY_LEN(rights); i++)
        if ((denied & rights[i].bit) != 0)
            text = arena_printf(a, "%s%s%s", text, text[0] != '\0' ? ", " : "", rights[i].name);
    return text;
}

static void fill_region(const struct fleet *f, struct world *w, struct region *r)
{
    const struct node_list *l = nodes_list(f->nodes, r->name);
    unsigned denied = l != NULL && l->denied ? DENIED_NODE : 0;
    for (size_t i = 0; i < f->servers->n; i++) {
        const struct server_slot *slot = f->servers->slots[i];
        if (!str_eq(slot->region, r->name))
            continue;
        if (servers_kept(f->servers, slot)[0] == '\0')
            denied |= slot->denied; /* a server that did not get the token proves nothing */
        r->can_raft |= slot->view.raft_at != 0 && slot->view.raft_status == 200;
    }
    r->servers_at = servers_complete_at(f->servers, r->name);
    r->nodes_at = l != NULL ? l->at : 0;
    r->denied = denied_text(&w->arena, denied);
}

static void add_fleet_regions(const struct fleet *f, struct world *w)
{
    w->regions = arena_array(&w->arena, f->servers->n + f->nodes->n_lists + 1, sizeof(*w->regions));
    for (size_t i = 0; i < f->servers->n; i++)
        add_fleet_region(w, f->servers->slots[i]->region);
    for (size_t i = 0; i < f->nodes->n_lists; i++)
        add_fleet_region(w, f->nodes->lists[i]->region);
    for (size_t i = 0; i < w->n_regions; i++)
        fill_region(f, w, &w->regions[i]);
}

static void add_fleet_servers(const struct fleet *f, struct world *w)
{
    for (size_t i = 0; i < f->servers->n; i++) {
        const struct server_slot *slot = f->servers->slots[i];
        if (slot->name[0] == '\0' || (f->servers->anybody && !slot->seen))
            continue;
        struct host *h = &w->hosts[w->n_hosts++];
        servers_fill(f->servers, slot, &w->arena, h);
        h->server.denied = denied_text(&w->arena, slot->denied & ~(unsigned)DENIED_OPERATOR);
    }
    qsort(w->hosts, w->n_hosts, sizeof(*w->hosts), by_host_name);
}

static void add_client(struct world *w, const char *region, const struct node_told *node)
{
    struct host *h = &w->hosts[w->n_hosts++];
    h->key = node->node_id;
    h->name = node->name;
    h->region = region;
    h->addr = node->addr;
    be_client(h, node);
}

static void add_clients(const struct fleet *f, struct world *w)
{
    size_t servers = w->n_hosts;
    for (size_t i = 0; i < f->nodes->n_lists; i++) {
        const struct node_list *l = f->nodes->lists[i];
        const char *region = arena_strdup(&w->arena, l->region);
        for (size_t k = 0; k < l->n; k++)
            if (!is_joined_to_server(f, w, servers, region, &l->nodes[k]))
                add_client(w, region, &l->nodes[k]);
    }
    if (f->nodes->n_lists > 1)
        qsort(w->hosts + servers, w->n_hosts - servers, sizeof(*w->hosts), by_host_name);
}

/* Two members at different addresses claim one id: neither can be trusted. */
static void mark_conflicts(const struct fleet *f, struct world *w)
{
    for (size_t i = 0; i < f->servers->n; i++) {
        const struct server_slot *slot = f->servers->slots[i];
        for (size_t k = 0; slot->conflict != NULL && k < w->n_hosts; k++)
            if (str_eq(w->hosts[k].server_id, slot->id)) {
                w->hosts[k].agent.misplaced = true;
                w->hosts[k].agent.problem = slot->conflict;
            }
    }
}

static void bind_joiners(const struct fleet *f, struct world *w)
{
    for (size_t i = 0; i < f->n_joiners; i++) {
        struct joining_server *j = &f->joining[i];
        joining_bind(j, agents_server_of(f->agents, j->key), w);
    }
}

/* Writes the answers of the agents into all rows. */
static void fill_agents(const struct fleet *f, struct world *w)
{
    if (f->agents == NULL)
        return;
    agents_sync(f->agents, w->hosts, w->n_hosts);
    for (size_t i = 0; i < w->n_hosts; i++)
        agents_fill(f->agents, &w->hosts[i], &w->arena);
    for (size_t i = 0; i < f->n_joiners; i++)
        joining_mark(&f->joining[i]);
}

void fleet_build(const struct fleet *f, struct world *w)
{
    size_t most = f->servers->n + f->n_joiners;
    for (size_t i = 0; i < f->nodes->n_lists; i++)
        most += f->nodes->lists[i]->n;
    w->problem = "";
    w->hosts = arena_array(&w->arena, most + 1, sizeof(*w->hosts));
    add_fleet_regions(f, w);
    add_fleet_servers(f, w);
    bind_joiners(f, w);
    add_clients(f, w);
    for (size_t i = 0; i < f->n_joiners; i++)
        joining_add_row(&f->joining[i], w);
    nodes_merge(f->nodes, w->hosts, w->n_hosts, &w->arena);
    for (size_t i = 0; i < w->n_hosts; i++)
        blank_host(&w->hosts[i]);
    fill_agents(f, w);
    mark_conflicts(f, w);
    for (size_t i = 0; i < w->n_hosts; i++)
        take_told_heartbeat(&w->hosts[i]);
    world_index(w);
    if (f->servers->n == 0) {
        char shown[sizeof(f->conf->address)];
        url_shown(shown, sizeof(shown), f->conf->address);
        w->problem =
            arena_printf(&w->arena, "Nomad at %s: %s", shown,
                         f->servers->problem[0] != '\0' ? f->servers->problem : "lists no servers");
    }
}
