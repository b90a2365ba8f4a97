#include "raft_view.h"

bool raft_view_set_verdict(struct raft_view *v, enum verdict_kind kind, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(v->ret->text, sizeof(v->ret->text), fmt, ap);
    va_end(ap);
    v->ret->kind = kind;
    return false;
}

/* ---- who belongs to the region ---- */

enum member_status raft_view_member_status(const struct server_view *v, const char *id)
{
    for (size_t i = 0; i < v->n_members; i++)
        if (str_eq(v->members[i].id, id))
            return v->members[i].status;
    return MEMBER_NONE;
}

struct member_words region_words(const struct world *w, const char *region, const char *id,
                                 int64_t now)
{
    struct member_words n = {0};

    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *by = &w->hosts[i];
        if (!str_eq(by->region, region) || str_eq(by->server_id, id) ||
            !is_fresh(by->server.members_at, now))
            continue;
        enum member_status s = raft_view_member_status(&by->server, id);
        n.lists++;
        n.alive += s == MEMBER_ALIVE;
        n.failed += s == MEMBER_FAILED;
        n.out += s == MEMBER_LEFT || s == MEMBER_NONE;
    }
    return n;
}

bool region_has_left(const struct world *w, const char *region, const char *id, int64_t now)
{
    struct member_words n = region_words(w, region, id, now);

    return n.lists > 0 && n.out == n.lists;
}

bool region_has_failed(const struct world *w, const char *region, const char *id, int64_t now)
{
    struct member_words n = region_words(w, region, id, now);

    return n.failed > 0 && n.failed + n.out == n.lists;
}

enum tri region_has_peer(const struct world *w, const char *region, const char *id, int64_t now)
{
    enum tri read = TRI_UNKNOWN;

    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *by = &w->hosts[i];
        const struct server_view *s = &by->server;
        if (!str_eq(by->region, region) || str_eq(by->server_id, id) ||
            !is_fresh(s->raft_at, now) || s->raft_status != 200)
            continue;
        read = TRI_NO;
        for (size_t k = 0; k < s->n_raft; k++)
            if (str_eq(s->raft[k].id, id))
                return TRI_YES;
    }
    return read;
}

/* True if the server runs because of this run, or is to run. */
static bool has_begun_to_join(const struct ledger *l, size_t i)
{
    enum host_state s = l != NULL && i < l->n_hosts ? l->hosts[i].state : HOST_PENDING;

    return s == HOST_SWAPPING || s == HOST_SETTLING || s == HOST_ENABLING || s == HOST_DONE;
}

/* True for a server that the run does not wait for any more, or not yet. */
static bool is_outside_region(const struct raft_view *v, const struct host *h)
{
    size_t i = plan_index(v->p, h->key);

    if (i == SIZE_MAX)
        return plan_is_former_server(v->w, v->p, h);
    enum plan_role role = v->p->hosts[i].role;
    if (role == ROLE_UPGRADE || (role == ROLE_JOINS && has_begun_to_join(v->l, i)))
        return false;
    return region_has_left(v->w, v->region, h->server_id, v->now);
}

static bool has_left_region(const struct raft_view *v, size_t i)
{
    const struct host *h = world_host(v->w, v->p->hosts[i].key);
    enum host_state s = v->l != NULL && i < v->l->n_hosts ? v->l->hosts[i].state : HOST_PENDING;

    return h == NULL || is_outside_region(v, h) || raft_view_is_dead(v, h) || s == HOST_DONE ||
           s == HOST_GONE;
}

uint32_t raft_view_planned_voters(const struct raft_view *v)
{
    int64_t n = 0;

    for (size_t i = 0; i < v->p->n_regions; i++)
        if (str_eq(v->p->regions[i].name, v->region))
            n = v->p->regions[i].voters;
    for (size_t i = 0; n > 0 && v->p->replaces && i < v->p->n_hosts; i++) {
        enum plan_role role = v->p->hosts[i].role;
        const struct host *h = world_host(v->w, v->p->hosts[i].key);
        if (!str_eq(v->p->hosts[i].region, v->region))
            continue;
        n += role == ROLE_JOINS && v->l != NULL && i < v->l->n_hosts &&
             v->l->hosts[i].state == HOST_DONE && !(h != NULL && raft_view_is_dead(v, h));
        n -= role == ROLE_LEAVES && !v->p->hosts[i].dead && has_left_region(v, i);
    }
    return n > 0 ? (uint32_t)n : 0;
}

void raft_view_init(struct raft_view *v, const struct world *w, const struct plan *p,
                    const struct ledger *l, const char *region, int64_t now,
                    struct gate_result *ret)
{
    static const struct plan none; /* without a plan; servers that have left do not count */

    p = p != NULL ? p : &none;
    *v = (struct raft_view){.w = w, .p = p, .l = l, .region = region, .now = now, .ret = ret};
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *h = &w->hosts[i];
        if (!str_eq(h->region, region) || is_outside_region(v, h))
            continue;
        if (v->n == REGION_SERVERS_MAX) {
            v->too_many = true;
            return;
        }
        v->without[v->n] = raft_view_is_dead(v, h);
        v->servers[v->n++] = h;
    }
}

/* True if the address ("10.0.0.1:4647") is this member's RPC address. */
static bool is_member_address(const struct member *m, const char *address)
{
    size_t n = strlen(m->addr);
    uint64_t port = 0;

    if (m->addr[0] != '[' && strchr(m->addr, ':') != NULL) { /* IPv6 is in brackets */
        if (address[0] != '[' || strncmp(address + 1, m->addr, n) != 0 || address[n + 1] != ']')
            return false;
        address += n + 2;
    } else {
        if (strncmp(address, m->addr, n) != 0)
            return false;
        address += n;
    }
    return address[0] == ':' && str_to_u64(address + 1, 65535, &port) == 0 &&
           (int)port == m->rpc_port;
}

static const struct host *server_at_address(const struct raft_view *v, const char *address)
{
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->servers[i]->server.n_members; k++) {
            const struct member *m = &v->servers[i]->server.members[k];
            if (!is_member_address(m, address))
                continue;
            for (size_t s = 0; s < v->n; s++)
                if (str_eq(v->servers[s]->server_id, m->id))
                    return v->servers[s];
        }
    return NULL;
}

bool raft_view_is_sound(struct raft_view *v)
{
    if (v->w->problem[0] != '\0')
        return raft_view_set_verdict(v, GATE_UNKNOWN, "the cluster could not be observed: %s",
                                     v->w->problem);
    if (v->n == 0)
        return raft_view_set_verdict(v, GATE_UNKNOWN, "no server of region %s is known", v->region);
    if (v->too_many)
        return raft_view_set_verdict(v, GATE_UNKNOWN, "region %s has more than %d servers",
                                     v->region, REGION_SERVERS_MAX);
    return true;
}

void raft_view_leave_out(struct raft_view *v, const struct host *h)
{
    for (size_t i = 0; i < v->n; i++)
        v->without[i] |= v->servers[i] == h;
}

bool raft_view_is_dead(const struct raft_view *v, const struct host *h)
{
    size_t i = plan_index(v->p, h->key);
    enum plan_role role = i != SIZE_MAX ? v->p->hosts[i].role : ROLE_UPGRADE;

    if (role == ROLE_UPGRADE || v->p->hosts[i].dead || v->l == NULL || v->l->state != RUN_ABORTING)
        return role == ROLE_LEAVES && v->p->hosts[i].dead;
    enum host_state s = v->l->hosts[i].state;
    bool waits = role == ROLE_JOINS ? s == HOST_DONE : !host_served(s) && !host_finished(s);
    return waits && region_has_failed(v->w, v->region, h->server_id, v->now);
}

bool raft_view_knows_leader(struct raft_view *v, const struct host *h)
{
    if (!is_fresh(h->server.leader_at, v->now))
        return raft_view_set_verdict(v, GATE_UNKNOWN, "%s did not report a leader", h->name);
    return h->server.has_leader ||
           raft_view_set_verdict(v, GATE_FAIL, "%s knows no leader", h->name);
}

bool raft_view_find_leader(struct raft_view *v)
{
    const struct host *first = NULL;

    for (size_t i = 0; i < v->n; i++) {
        const struct host *h = v->servers[i];
        if (v->without[i])
            continue;
        if (!raft_view_knows_leader(v, h))
            return false;
        if (first != NULL && !str_eq(h->server.leader, first->server.leader))
            return raft_view_set_verdict(v, GATE_FAIL, "%s says %s leads, %s says %s", first->name,
                                         first->server.leader, h->name, h->server.leader);
        first = h;
    }
    if (first == NULL)
        return true; /* a region of one */
    v->leader = server_at_address(v, first->server.leader);
    if (v->leader == NULL)
        return raft_view_set_verdict(v, GATE_UNKNOWN, "the leader %s is not among the members",
                                     first->server.leader);
    return true;
}

const struct host *region_leader_why(const struct world *w, const struct plan *p,
                                     const struct ledger *l, const char *region, int64_t now,
                                     struct gate_result *ret)
{
    const struct raft_view run = {.w = w, .p = p, .l = l, .region = region, .now = now};
    struct raft_view v;

    ret->text[0] = '\0';
    raft_view_init(&v, w, NULL, NULL, region, now, ret);
    for (size_t i = 0; p != NULL && i < v.n; i++)
        v.without[i] = raft_view_is_dead(&run, v.servers[i]);
    return raft_view_is_sound(&v) && raft_view_find_leader(&v) ? v.leader : NULL;
}

const struct host *region_leader(const struct world *w, const struct plan *p,
                                 const struct ledger *l, const char *region, int64_t now)
{
    struct gate_result unused;
    return region_leader_why(w, p, l, region, now, &unused);
}

const struct host *raft_view_peer_host(const struct raft_view *v, const struct peer *p)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->servers[i]->server_id, p->id))
            return v->servers[i];
    return str_eq(p->id, p->address) ? server_at_address(v, p->address) : NULL;
}

static enum tri voter_in(const struct raft_view *v, const struct peer *peers, size_t n,
                         const struct host *h)
{
    for (size_t i = 0; i < n; i++)
        if (raft_view_peer_host(v, &peers[i]) == h)
            return peers[i].voter ? TRI_YES : TRI_NO;
    return TRI_NO;
}

/* Until a new server votes, it reports what it knows of raft. That may be nothing, or a cluster
 * of its own. */
static bool counts_for_raft(const struct raft_view *v, const struct host *by)
{
    size_t i = v->p->replaces ? plan_index(v->p, by->key) : SIZE_MAX;

    if (i == SIZE_MAX || v->p->hosts[i].role != ROLE_JOINS)
        return true;
    enum host_state s = v->l != NULL && i < v->l->n_hosts ? v->l->hosts[i].state : HOST_PENDING;
    return s == HOST_ENABLING || s == HOST_DONE;
}

enum tri raft_view_is_voter(const struct raft_view *v, const struct host *h)
{
    enum tri raft = TRI_UNKNOWN, autopilot = TRI_UNKNOWN;

    for (size_t i = 0; i < v->n; i++) {
        const struct server_view *s = &v->servers[i]->server;
        if (!counts_for_raft(v, v->servers[i]))
            continue;
        if (is_fresh(s->raft_at, v->now) && s->raft_status == 200 && s->n_raft > 0) {
            enum tri t = voter_in(v, s->raft, s->n_raft, h);
            raft = raft == TRI_UNKNOWN || raft == t ? t : TRI_NO;
        }
        if (is_fresh(s->autopilot_at, v->now) && s->autopilot_body && s->n_autopilot > 0) {
            enum tri t = voter_in(v, s->autopilot, s->n_autopilot, h);
            autopilot = autopilot == TRI_UNKNOWN || autopilot == t ? t : TRI_NO;
        }
    }
    if (raft != TRI_UNKNOWN)
        return raft;
    if (autopilot != TRI_UNKNOWN)
        return autopilot;
    if (is_fresh(h->server.self_at, v->now) && h->server.voter_known)
        return h->server.voter ? TRI_YES : TRI_NO;
    return TRI_UNKNOWN;
}
