#include "plan_replace.h"

#include "raft_view.h"

bool policy_replaces(const struct policy *y)
{
    return y->replace.n_joins + y->replace.n_leaves > 0;
}

/* ---- the named hosts ---- */

static bool has_name(const struct host *h, const char *want)
{
    size_t n = strlen(h->name);
    bool member =
        strncmp(want, h->name, n) == 0 && want[n] == '.' && str_eq(want + n + 1, h->region);

    return str_eq(want, h->name) || member || str_eq(want, h->server_id) ||
           str_eq(want, h->node_id) || str_eq(want, h->addr) ||
           (strlen(want) >= 4 && str_starts(h->server_id, want));
}

static bool is_named_to_join(const struct policy *y, const char *key)
{
    for (size_t i = 0; i < y->replace.n_joins; i++)
        if (str_eq(y->replace.joins[i], key))
            return true;
    return false;
}

static int find_leaver(const struct world *w, const struct policy *y, const char *want,
                       const struct host **ret, struct err *err)
{
    const struct host *found = NULL, *client = NULL;

    for (size_t i = 0; i < w->n_hosts; i++) {
        const struct host *h = &w->hosts[i];
        if (!has_name(h, want))
            continue;
        if (h->joins && is_named_to_join(y, h->key))
            return err_set(err, ERR_USAGE, 0, "--remove %s: --add names this host (%s) too", want,
                           h->name);
        client = h->is_server ? client : h;
        if (!h->is_server || (found != NULL && world_has_left(w, h)))
            continue;
        if (found != NULL && !world_has_left(w, found))
            return err_set(err, ERR_USAGE, 0,
                           "--remove %s: both %s of region %s and %s of region %s have this name; "
                           "use the id of one of them",
                           want, found->name, found->region, h->name, h->region);
        found = h;
    }
    if (found == NULL && client != NULL)
        return err_set(err, ERR_USAGE, 0,
                       "--remove %s: %s is not a server. To replace a client, drain it with "
                       "Nomad's own commands",
                       want, client->name);
    if (found == NULL)
        return err_set(err, ERR_USAGE, 0,
                       "--remove %s: no server has this name. `caravan status` shows the servers",
                       want);
    if (world_has_left(w, found))
        return err_set(err, ERR_USAGE, 0, "--remove %s: this server has left the cluster already",
                       want);
    *ret = found;
    return 0;
}

int replace_choose(const struct world *w, const struct policy *y, const struct host **ret,
                   size_t *ret_n, struct err *err)
{
    const struct replacement *r = &y->replace;
    size_t n = 0;

    for (size_t i = 0; i < r->n_joins; i++)
        if ((ret[n++] = world_host(w, r->joins[i])) == NULL)
            return err_set(err, ERR_STATE, 0, "%s is not in the observation", r->joins[i]);
    for (size_t i = 0; i < r->n_leaves; i++) {
        if (find_leaver(w, y, r->leaves[i], &ret[n], err) < 0)
            return -1;
        for (size_t k = r->n_joins; k < n; k++)
            if (ret[k] == ret[n])
                return err_set(err, ERR_USAGE, 0, "--remove %s: %s is named twice", r->leaves[i],
                               ret[n]->name);
        n++;
    }
    *ret_n = n;
    return 0;
}

/* ---- the order ---- */

static int by_leave_order(const void *a, const void *b)
{
    const struct plan_host *x = a, *y = b;

    if (x->dead != y->dead)
        return x->dead ? -1 : 1;
    if (x->leader != y->leader)
        return x->leader ? 1 : -1;
    int c = strcmp(x->name, y->name);
    return c != 0 ? c : strcmp(x->key, y->key);
}

static bool accepts_as_dead(const struct policy *y, const char *name)
{
    char id[NAME_MAX_LEN + 8];

    snprintf(id, sizeof(id), "dead:%s", name); /* the id that --accept takes (hazard_check.c) */
    return policy_accepts(y, id);
}

void replace_order(const struct world *w, struct plan *p)
{
    const struct replacement *r = &p->policy.replace;
    struct plan_host *leaves = p->hosts + r->n_joins;

    p->replaces = true;
    for (size_t i = 0; i < p->n_hosts; i++) {
        struct plan_host *h = &p->hosts[i];
        h->role = i < r->n_joins ? ROLE_JOINS : ROLE_LEAVES;
        h->is_server = true;
        h->already = false;
        if (h->role == ROLE_JOINS) {
            str_cut(h->region, sizeof(h->region), r->n_leaves > 0 ? leaves[0].region : "");
            continue;
        }
        memset(&h->digest, 0, sizeof(h->digest));
        h->staged = false;
        h->dead = replace_is_dead(w, world_host(w, h->key)) && accepts_as_dead(&p->policy, h->name);
    }
    for (size_t i = 0; i < r->n_leaves;
         i++) /* after the dead are known, so that the leader is found without them */
        leaves[i].leader = region_leader(w, p, NULL, leaves[i].region, w->ended_ms) ==
                           world_host(w, leaves[i].key);
    qsort(leaves, r->n_leaves, sizeof(*leaves), by_leave_order);
}

/* ---- the voters ---- */

bool replace_is_dead(const struct world *w, const struct host *h)
{
    size_t asked = 0;

    if (h->agent.enrolled && h->agent.hello_at > 0)
        return false;
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *by = &w->hosts[i];
        if (by == h || !str_eq(by->region, h->region) || by->server.members_at == 0)
            continue;
        enum member_status is = raft_view_member_status(&by->server, h->server_id);
        if (is != MEMBER_FAILED && is != MEMBER_LEFT)
            return false;
        asked++;
    }
    return asked > 0;
}

bool replace_voters(const struct world *w, const struct plan *p, struct replaced_voters *ret)
{
    struct gate_result unused;
    struct raft_view v;

    if (!p->replaces || p->policy.replace.n_leaves == 0)
        return false;
    *ret = (struct replaced_voters){.region = p->hosts[p->n_servers - 1].region};
    raft_view_init(&v, w, NULL, NULL, ret->region, w->ended_ms, &unused);
    for (size_t i = 0; i < p->n_regions; i++)
        if (str_eq(p->regions[i].name, ret->region))
            ret->before = p->regions[i].voters;
    for (size_t i = 0; i < p->n_servers; i++) {
        const struct plan_host *h = &p->hosts[i];
        bool votes =
            h->role == ROLE_LEAVES && raft_view_is_voter(&v, world_host(w, h->key)) != TRI_NO;
        ret->joins += h->role == ROLE_JOINS;
        ret->leaves += votes;
        ret->dead += votes && h->dead;
    }
    ret->before +=
        ret->before > 0 ? ret->dead : 0; /* the plan does not count the dead among the voters */
    if (ret->before == 0 || ret->leaves > ret->before)
        return false;
    ret->after = ret->before + ret->joins - ret->leaves;
    return true;
}
