#include "gate.h"

#include <inttypes.h>

#define REGION_SERVERS_MAX 64
#define TRAILING_LOGS      250  /* autopilot's MaxTrailingLogs */
#define CONTACT_MS         1000 /* a follower's last contact with its leader */
#define APPLY_LAG          64   /* commit index ahead of applied index */

bool fresh(int64_t at, int64_t now)
{
    return at > 0 && now - at <= FRESH_MS;
}

/* One region as its servers tell it. */
struct view {
    const struct world *w;
    const struct plan *p;
    const char *region;
    int64_t now;
    const struct host *servers[REGION_SERVERS_MAX];
    size_t n;
    bool too_many;
    const struct host *leader; /* NULL: unclear */
    struct gate_result *ret;
};

static bool pass(struct gate_result *r)
{
    r->kind = GATE_PASS;
    r->text[0] = '\0';
    return true;
}

static bool say(struct gate_result *r, enum verdict_kind kind, const char *fmt, ...) PRINTF(3, 4);
static bool say(struct gate_result *r, enum verdict_kind kind, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(r->text, sizeof(r->text), fmt, ap);
    va_end(ap);
    r->kind = kind;
    return false;
}

/* ---- who belongs to the region ---- */

static enum member_status status_in(const struct server_view *v, const char *id)
{
    for (size_t i = 0; i < v->n_members; i++)
        if (str_eq(v->members[i].id, id))
            return v->members[i].status;
    return MEMBER_NONE;
}

static void view_init(struct view *v, const struct world *w, const struct plan *p,
                      const char *region, int64_t now)
{
    *v = (struct view){.w = w, .p = p, .region = region, .now = now};
    for (size_t i = 0; i < w->n_hosts && w->hosts[i].is_server; i++) {
        const struct host *h = &w->hosts[i];
        if (!str_eq(h->region, region) || plan_is_past(w, p, h))
            continue;
        if (v->n == REGION_SERVERS_MAX)
            v->too_many = true;
        else
            v->servers[v->n++] = h;
    }
}

/* "10.0.0.1:4647" is this member's RPC address. */
static bool is_address(const struct member *m, const char *address)
{
    size_t n = strlen(m->addr);
    uint64_t port = 0;

    if (m->addr[0] != '[' && strchr(m->addr, ':') != NULL) { /* IPv6 stands in brackets */
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

static const struct host *by_address(const struct view *v, const char *address)
{
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->servers[i]->server.n_members; k++) {
            const struct member *m = &v->servers[i]->server.members[k];
            if (!is_address(m, address))
                continue;
            for (size_t s = 0; s < v->n; s++)
                if (str_eq(v->servers[s]->server_id, m->id))
                    return v->servers[s];
        }
    return NULL;
}

/* ---- the conditions, one function each; false with text when not met ---- */

static bool check_servers(struct view *v)
{
    const struct region *r = world_region(v->w, v->region);

    if (v->w->problem[0] != '\0')
        return say(v->ret, GATE_UNKNOWN, "the cluster could not be observed: %s", v->w->problem);
    if (v->n == 0)
        return say(v->ret, GATE_UNKNOWN, "no server of region %s is known", v->region);
    if (v->too_many)
        return say(v->ret, GATE_UNKNOWN, "region %s has more than %d servers", v->region,
                   REGION_SERVERS_MAX);
    if (r == NULL || !fresh(r->servers_at, v->now))
        return say(v->ret, GATE_UNKNOWN, "the servers of region %s could not all be listed",
                   v->region);
    return true;
}

static bool check_leader(struct view *v)
{
    const struct host *first = v->servers[0];

    for (size_t i = 0; i < v->n; i++) {
        const struct host *h = v->servers[i];
        if (!fresh(h->server.leader_at, v->now))
            return say(v->ret, GATE_UNKNOWN, "%s did not say who leads", h->name);
        if (!h->server.has_leader)
            return say(v->ret, GATE_FAIL, "%s knows no leader", h->name);
        if (!str_eq(h->server.leader, first->server.leader))
            return say(v->ret, GATE_FAIL, "%s says %s leads, %s says %s", first->name,
                       first->server.leader, h->name, h->server.leader);
    }
    v->leader = by_address(v, first->server.leader);
    if (v->leader == NULL)
        return say(v->ret, GATE_UNKNOWN, "the leader %s is not among the members",
                   first->server.leader);
    return true;
}

const struct host *region_leader(const struct world *w, const char *region, int64_t now)
{
    static const struct plan none; /* nothing is planned: who has left does not count */
    struct gate_result r;
    struct view v;

    view_init(&v, w, &none, region, now);
    v.ret = &r;
    return check_servers(&v) && check_leader(&v) ? v.leader : NULL;
}

static const char *status_name(enum member_status s)
{
    static const char *const names[] = {
        [MEMBER_UNKNOWN] = "unknown", [MEMBER_ALIVE] = "alive",   [MEMBER_LEAVING] = "leaving",
        [MEMBER_LEFT] = "left",       [MEMBER_FAILED] = "failed", [MEMBER_NONE] = "not listed",
    };
    return names[(unsigned)s <= MEMBER_NONE ? s : MEMBER_UNKNOWN];
}

/* By one server's gossip: all are alive, nobody of the region is failed or leaving. */
static bool check_members_of(struct view *v, const struct host *by)
{
    const struct server_view *sv = &by->server;

    if (!fresh(sv->members_at, v->now))
        return say(v->ret, GATE_UNKNOWN, "%s did not list the members", by->name);
    for (size_t i = 0; i < v->n; i++) {
        enum member_status s = status_in(sv, v->servers[i]->server_id);
        if (s != MEMBER_ALIVE)
            return say(v->ret, GATE_FAIL, "%s is %s by %s", v->servers[i]->name, status_name(s),
                       by->name);
    }
    for (size_t k = 0; k < sv->n_members; k++) {
        const struct member *m = &sv->members[k];
        if (str_eq(m->region, v->region) && m->status != MEMBER_ALIVE && m->status != MEMBER_LEFT)
            return say(v->ret, GATE_FAIL, "member %s is %s by %s", m->name, status_name(m->status),
                       by->name);
    }
    return true;
}

static const char *build_in(const struct server_view *v, const char *id)
{
    for (size_t i = 0; i < v->n_members; i++)
        if (str_eq(v->members[i].id, id))
            return v->members[i].build;
    return "";
}

static bool check_members(struct view *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (!check_members_of(v, v->servers[i]))
            return false;
    for (size_t i = 0; i < v->n; i++)
        for (size_t k = 0; k < v->n; k++) {
            const char *seen = build_in(&v->servers[k]->server, v->servers[i]->server_id);
            if (!str_eq(seen, v->servers[i]->server.version))
                return say(v->ret, GATE_FAIL, "%s runs %s, %s still sees %s", v->servers[i]->name,
                           v->servers[i]->server.version, v->servers[k]->name, seen);
        }
    return true;
}

/* Voter by every raft configuration read; without one by autopilot; without that by its own
 * agent/self. */
static enum tri voter_in(const struct peer *peers, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(peers[i].id, id))
            return peers[i].voter ? TRI_YES : TRI_NO;
    return TRI_NO;
}

static enum tri is_voter(const struct view *v, const struct host *h)
{
    enum tri raft = TRI_UNKNOWN, autopilot = TRI_UNKNOWN;

    for (size_t i = 0; i < v->n; i++) {
        const struct server_view *s = &v->servers[i]->server;
        if (fresh(s->raft_at, v->now) && s->raft_status == 200) {
            enum tri t = voter_in(s->raft, s->n_raft, h->server_id);
            raft = raft == TRI_UNKNOWN || raft == t ? t : TRI_NO;
        }
        if (fresh(s->autopilot_at, v->now) && s->autopilot_body && s->n_autopilot > 0) {
            enum tri t = voter_in(s->autopilot, s->n_autopilot, h->server_id);
            autopilot = autopilot == TRI_UNKNOWN || autopilot == t ? t : TRI_NO;
        }
    }
    if (raft != TRI_UNKNOWN)
        return raft;
    if (autopilot != TRI_UNKNOWN)
        return autopilot;
    if (fresh(h->server.self_at, v->now) && h->server.voter_known)
        return h->server.voter ? TRI_YES : TRI_NO;
    return TRI_UNKNOWN;
}

uint32_t region_voters(const struct world *w, const char *region, int64_t now)
{
    static const struct plan none;
    uint32_t n = 0;
    struct view v;

    view_init(&v, w, &none, region, now);
    for (size_t i = 0; i < v.n; i++) {
        enum tri t = is_voter(&v, v.servers[i]);
        if (t == TRI_UNKNOWN)
            return 0;
        n += t == TRI_YES;
    }
    return n;
}

static uint32_t base_voters(const struct view *v)
{
    for (size_t i = 0; i < v->p->n_regions; i++)
        if (str_eq(v->p->regions[i].name, v->region))
            return v->p->regions[i].voters;
    return 0;
}

static uint32_t gone_servers(const struct view *v, const struct ledger *l)
{
    uint32_t n = 0;
    for (size_t i = 0; i < v->p->n_hosts && i < l->n_hosts; i++)
        n += v->p->hosts[i].is_server && l->hosts[i].state == HOST_GONE &&
             str_eq(v->p->hosts[i].region, v->region);
    return n;
}

/* A peer that no server is: a leftover of the dead, counted for quorum all the same. */
static bool check_leftovers(struct view *v, const struct server_view *s)
{
    for (size_t i = 0; s->raft_status == 200 && i < s->n_raft; i++) {
        size_t k = 0;
        while (k < v->n && !str_eq(v->servers[k]->server_id, s->raft[i].id))
            k++;
        if (k == v->n)
            return say(v->ret, GATE_FAIL, "raft peer %s (%s) is no living member", s->raft[i].name,
                       s->raft[i].address);
    }
    return true;
}

static bool check_voters(struct view *v, const struct ledger *l)
{
    uint32_t voters = 0, base = base_voters(v), gone = gone_servers(v, l);

    for (size_t i = 0; i < v->n; i++) {
        enum tri t = is_voter(v, v->servers[i]);
        if (t == TRI_UNKNOWN)
            return say(v->ret, GATE_UNKNOWN, "whether %s votes could not be read",
                       v->servers[i]->name);
        if (t == TRI_NO)
            return say(v->ret, GATE_FAIL, "%s is not a voter", v->servers[i]->name);
        voters++;
    }
    for (size_t i = 0; i < v->n; i++) {
        const struct server_view *s = &v->servers[i]->server;
        if (fresh(s->raft_at, v->now) && !check_leftovers(v, s))
            return false;
    }
    if (voters + gone < base)
        return say(v->ret, GATE_FAIL, "%" PRIu32 " voters, %" PRIu32 " before the run", voters,
                   base - gone);
    return true;
}

/* ---- a server by its own words, beside the leader's ---- */

static uint64_t behind(uint64_t ahead, uint64_t at)
{
    return ahead > at ? ahead - at : 0;
}

static bool check_self(struct view *v, const struct host *h)
{
    const struct server_view *s = &h->server, *lead = &v->leader->server;
    bool leads = h == v->leader;

    if (!fresh(s->self_at, v->now) || !fresh(lead->self_at, v->now))
        return say(v->ret, GATE_UNKNOWN, "%s did not tell its state", h->name);
    if (!str_eq(s->raft_state, leads ? "Leader" : "Follower"))
        return say(v->ret, GATE_FAIL, "%s is %s", h->name, s->raft_state);
    if (!str_eq(s->self_region, v->region))
        return say(v->ret, GATE_FAIL, "%s says its region is %s", h->name, s->self_region);
    if (s->term != lead->term)
        return say(v->ret, GATE_FAIL, "%s is in term %" PRIu64 ", the leader in %" PRIu64, h->name,
                   s->term, lead->term);
    if (!leads && (s->last_contact_ms < 0 || s->last_contact_ms > CONTACT_MS))
        return say(v->ret, GATE_FAIL, "%s last heard the leader %" PRId64 " ms ago", h->name,
                   s->last_contact_ms);
    if (behind(lead->commit_index, s->last_log_index) > TRAILING_LOGS)
        return say(v->ret, GATE_FAIL, "%s: index %" PRIu64 " of %" PRIu64, h->name,
                   s->last_log_index, lead->commit_index);
    if (behind(s->commit_index, s->applied_index) > APPLY_LAG)
        return say(v->ret, GATE_FAIL, "%s applied %" PRIu64 " of %" PRIu64, h->name,
                   s->applied_index, s->commit_index);
    return true;
}

/* Autopilot answers 500 while any server speaks raft protocol 2, and 403 without
 * operator:read: then the servers' own words must do. */
static bool autopilot_expected(const struct view *v)
{
    bool allowed = false;

    for (size_t i = 0; i < v->n; i++) {
        const struct server_view *s = &v->servers[i]->server;
        if (s->raft_protocol > 0 && s->raft_protocol < 3)
            return false;
        allowed = allowed || s->autopilot_status != 403;
    }
    return allowed;
}

static bool check_autopilot_of(struct view *v, const struct host *by)
{
    const struct server_view *s = &by->server;

    for (size_t i = 0; i < v->n; i++) {
        const struct peer *peer = NULL;
        for (size_t k = 0; k < s->n_autopilot; k++)
            if (str_eq(s->autopilot[k].id, v->servers[i]->server_id))
                peer = &s->autopilot[k];
        if (peer == NULL || !peer->healthy)
            return say(v->ret, GATE_FAIL, "autopilot by %s: %s is %s", by->name,
                       v->servers[i]->name, peer == NULL ? "not known" : "not healthy");
    }
    if (!s->healthy)
        return say(v->ret, GATE_FAIL, "autopilot by %s: not healthy", by->name);
    if (v->n >= 3 && s->failure_tolerance < 1)
        return say(v->ret, GATE_FAIL, "autopilot by %s: tolerance %d with %zu servers", by->name,
                   s->failure_tolerance, v->n);
    return true;
}

static bool check_autopilot(struct view *v)
{
    size_t answered = 0;

    if (!autopilot_expected(v))
        return true;
    for (size_t i = 0; i < v->n; i++) {
        const struct server_view *s = &v->servers[i]->server;
        if (!fresh(s->autopilot_at, v->now) || !s->autopilot_body || s->n_autopilot == 0)
            continue;
        answered++;
        if (!check_autopilot_of(v, v->servers[i]))
            return false;
    }
    if (answered == 0)
        return say(v->ret, GATE_UNKNOWN, "autopilot gave no answer (status %d)",
                   v->servers[0]->server.autopilot_status);
    return true;
}

struct gate_result gate_region(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *region, int64_t now)
{
    struct gate_result r;
    struct view v;

    view_init(&v, w, p, region, now);
    v.ret = &r;
    if (!check_servers(&v) || !check_leader(&v))
        return r;
    for (size_t i = 0; i < v.n; i++)
        if (!check_self(&v, v.servers[i]))
            return r;
    if (check_members(&v) && check_voters(&v, l) && check_autopilot(&v))
        pass(&r);
    return r;
}

struct gate_result gate_quorum(const struct world *w, const struct plan *p, const char *key,
                               int64_t now)
{
    const struct host *h = world_host(w, key);
    struct gate_result r;
    struct view v;
    size_t voters = 0, without = 0;

    if (h == NULL || !h->is_server) {
        say(&r, GATE_UNKNOWN, "%s is not a known server", key);
        return r;
    }
    view_init(&v, w, p, h->region, now);
    v.ret = &r;
    if (!check_servers(&v) || !check_leader(&v))
        return r;
    for (size_t i = 0; i < v.n; i++) {
        enum tri t = is_voter(&v, v.servers[i]);
        if (t == TRI_UNKNOWN) {
            say(&r, GATE_UNKNOWN, "whether %s votes could not be read", v.servers[i]->name);
            return r;
        }
        voters += t == TRI_YES;
        without += t == TRI_YES && v.servers[i] != h && check_self(&v, v.servers[i]);
    }
    if (without >= voters / 2 + 1 || (p->policy.accept_outage && voters <= 2))
        pass(&r);
    else
        say(&r, GATE_FAIL, "without %s %zu healthy of %zu voters would be left, %zu are a quorum",
            h->name, without, voters, voters / 2 + 1);
    return r;
}
