#include "joining_server.h"

#include "address.h"
#include "str.h"

int joining_find(const struct known_hosts *known, const char *address, struct joining_server *ret,
                 struct err *err)
{
    struct joining_server j;
    memset(&j, 0, sizeof(j));
    if (agent_place(address, &j.at, err) < 0)
        return -1;
    const struct known_host *k = known_hosts_at(known, j.at.name);
    if (k == NULL)
        return err_set(
            err, ERR_REFUSED, 0,
            "the agent at %s is not enrolled by that address: run `caravan enroll --host "
            "%s` first",
            j.at.name, j.at.name);
    str_cut(j.key, sizeof(j.key), k->id);
    *ret = j;
    return 0;
}

static bool same_ip(const char *x, const char *y)
{
    struct address a, b;
    return address_parse(x, &a) && address_parse(y, &b) && memcmp(&a, &b, sizeof(a)) == 0;
}

static struct host *with_id(const struct world *w, const char *id)
{
    for (size_t i = 0; i < w->n_hosts && id[0] != '\0'; i++)
        if (str_eq(w->hosts[i].server_id, id))
            return &w->hosts[i];
    return NULL;
}

static const struct host *somebody_at(const struct world *w, const char *ip)
{
    for (size_t i = 0; i < w->n_hosts; i++)
        if (same_ip(w->hosts[i].addr, ip) && !world_has_left(w, &w->hosts[i]))
            return &w->hosts[i];
    return NULL;
}

static void be_server(struct joining_server *j, struct host *h, struct world *w)
{
    str_cut(j->server_id, sizeof(j->server_id), h->server_id);
    h->key = arena_strdup(&w->arena, j->key);
    h->joins = true;
    h->agent.address = arena_strdup(&w->arena, j->at.address);
    j->row = h;
}

void joining_bind(struct joining_server *j, const char *told, struct world *w)
{
    struct host *h = with_id(w, j->server_id[0] != '\0' ? j->server_id : told);
    const struct host *other = h == NULL && told[0] != '\0' ? somebody_at(w, j->at.ip) : NULL;
    j->row = NULL;
    j->problem = NULL;
    if (other != NULL)
        j->problem = arena_printf(&w->arena,
                                  "the agent of %s answers at %s, but Nomad lists %s with the id "
                                  "%s there",
                                  told, j->at.address, other->name, other->server_id);
    if (h == NULL)
        return;
    bool here = same_ip(h->addr, j->at.ip), taken = h->joins;
    if (taken)
        j->problem = arena_printf(&w->arena, "the agent of %s answers at %s, and also at %s",
                                  h->server_id, j->at.address, h->agent.address);
    else if (!here)
        j->problem =
            arena_printf(&w->arena, "the agent of %s answers at %s, but Nomad lists that id at %s",
                         h->server_id, j->at.address, h->addr);
    if (!taken && (here || j->server_id[0] != '\0'))
        be_server(j, h, w);
}

void joining_add_row(struct joining_server *j, struct world *w)
{
    if (j->row != NULL)
        return;
    struct host *h = &w->hosts[w->n_hosts++];
    memset(h, 0, sizeof(*h));
    h->key = arena_strdup(&w->arena, j->key);
    h->name = arena_strdup(&w->arena, j->at.name);
    h->addr = arena_strdup(&w->arena, j->at.ip);
    h->agent.address = arena_strdup(&w->arena, j->at.address);
    h->joins = true;
    j->row = h;
}

void joining_mark(const struct joining_server *j)
{
    if (j->problem == NULL)
        return;
    j->row->agent.misplaced = true;
    j->row->agent.problem = j->problem;
}
