#include "gate.h"

#include "raft_view.h"

#include <inttypes.h>

#define TRAILING_LOGS 250  /* autopilot's MaxTrailingLogs */
#define CONTACT_MS    1000 /* a follower's last contact with its leader */
#define APPLY_LAG     64   /* how far the applied index may be behind the commit index */

bool is_fresh(int64_t at, int64_t now)
{
    return at > 0 && now - at <= FRESH_MS;
}

bool server_denies(const struct host *h, char *text, size_t size)
{
    if (h->server.denied == NULL || h->server.denied[0] == '\0')
        return false;
    if (h->server.token_kept != NULL && h->server.token_kept[0] != '\0')
        snprintf(text, size, "%s refuses (403), because Caravan asked it without the token: %s",
                 h->name, h->server.token_kept);
    else
        snprintf(text, size, "%s refuses the token (403): it lacks %s there", h->name,
                 h->server.denied);
    return true;
}

static bool set_pass(struct gate_result *r)
{
    r->kind = GATE_PASS;
    r->text[0] = '\0';
    return true;
}

/* ---- the conditions, one function each; false: not met, and the text says why ---- */

/* This comes first, because it is the reason why other things are unknown, and it names the
 * server. */
static bool accepts_our_token(struct raft_view *v, const struct host *h)
{
    v->ret->kind = GATE_UNKNOWN;
    return !server_denies(h, v->ret->text, sizeof(v->ret->text));
}

static bool all_are_listed(struct raft_view *v)
{
    const struct region *r = world_region(v->w, v->region);
    const char *silent = "";

    if (r != NULL && is_fresh(r->servers_at, v->now))
        return true;
    for (size_t i = 0; i < v->n && silent[0] == '\0'; i++)
        if (!v->without[i] && !is_fresh(v->servers[i]->server.members_at, v->now))
            silent = v->servers[i]->name;
    return raft_view_set_verdict(
        v, GATE_UNKNOWN, "the servers of region %s could not all be listed%s%s%s", v->region,
        silent[0] != '\0' ? ": " : "", silent, silent[0] != '\0' ? " does not answer" : "");
}

static const char *member_status_name(enum member_status s)
{
    static const char *const names[] = {
        [MEMBER_UNKNOWN] = "unknown", [MEMBER_ALIVE] = "alive",   [MEMBER_LEAVING] = "leaving",
        [MEMBER_LEFT] = "left",       [MEMBER_FAILED] = "failed", [MEMBER_NONE] = "not listed",
    };
    return names[(unsigned)s <= MEMBER_NONE ? s : MEMBER_UNKNOWN];
}

static bool is_id_asked(const struct raft_view *v, const char *id)
{
    for (size_t i = 0; i < v->n; i++)
        if (str_eq(v->servers[i]->server_id, id))
            return !v->without[i];
    return true;
}

/* By one server's gossip, all servers are alive, and no member of the region is failed or
 * leaving. */
static bool sees_all_alive(struct raft_view *v, const struct host *by)
{
    const struct server_view *sv = &by->server;

    if (!is_fresh(sv->members_at, v->now))
        return raft_view_set_verdict(v, GATE_UNKNOWN, "%s did not list the members", by->name);
    for (size_t i = 0; i < v->n; i++) {
        enum member_status s = raft_view_member_status(sv, v->servers[i]->server_id);
        if (s != MEMBER_ALIVE && !v->without[i])
            return raft_view_set_verdict(v, GATE_FAIL, "%s is %s by %s", v->servers[i]->name,
                                         member_status_name(s), by->name);
    }
    for (size_t k = 0; k < sv->n_members; k++) {
        const struct member *m = &sv->members[k];
        if (str_eq(m->region, v->region) && m->status != MEMBER_ALIVE && m->status != MEMBER_LEFT &&
            is_id_asked(v, m->id))
            return raft_view_set_verdict(v, GATE_FAIL, "member %s is %s by %s", m->name,
                                         member_status_name(m->status), by->name);
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

static bool all_see_its_build(struct raft_view *v, const struct host *h)
{
    for (size_t k = 0; k < v->n; k++) {
        const char *seen = build_in(&v->servers[k]->server, h->server_id);
        if (!v->without[k] && !str_eq(seen, h->server.version))
            return raft_view_set_verdict(v, GATE_FAIL, "%s runs %s, %s still sees %s", h->name,
                                         h->server.version, v->servers[k]->name, seen);
    }
    return true;
}

static uint32_t gone_servers(const struct raft_view *v)
{
    uint32_t n = 0;
    for (size_t i = 0; v->l != NULL && i < v->p->n_hosts && i < v->l->n_hosts; i++)
        n += v->p->hosts[i].is_server && v->p->hosts[i].role == ROLE_UPGRADE &&
             v->l->hosts[i].state == HOST_GONE && str_eq(v->p->hosts[i].region, v->region);
    return n;
}

static bool is_voter(struct raft_view *v, const struct host *h)
{
    enum tri t = raft_view_is_voter(v, h);

    if (t == TRI_UNKNOWN)
        return raft_view_set_verdict(v, GATE_UNKNOWN, "whether %s votes could not be read",
                                     h->name);
    return t == TRI_YES || raft_view_set_verdict(v, GATE_FAIL, "%s is not a voter", h->name);
}

/* A raft peer that belongs to no server is a leftover of a dead server. It still counts for the
 * quorum. */
static bool has_no_leftovers(struct raft_view *v, const struct host *h)
{
    const struct server_view *s = &h->server;

    if (!is_fresh(s->raft_at, v->now) || s->raft_status != 200)
        return true;
    for (size_t i = 0; i < s->n_raft; i++)
        if (raft_view_peer_host(v, &s->raft[i]) == NULL)
            return raft_view_set_verdict(v, GATE_FAIL, "raft peer %s (%s) is no living member",
                                         s->raft[i].name, s->raft[i].address);
    return true;
}

/* An earlier condition has checked that all of them vote. */
static bool voters_are_as_before(struct raft_view *v)
{
    uint32_t base = raft_view_planned_voters(v), gone = gone_servers(v);
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++)
        n += !v->without[i];
    return n + gone >= base ||
           raft_view_set_verdict(v, GATE_FAIL, "%zu voters, %" PRIu32 " %s", n, base - gone,
                                 v->p->replaces ? "by the plan at this step" : "before the run");
}

/* ---- a server by its own answers, compared with the leader's ---- */

static uint64_t index_behind(uint64_t ahead, uint64_t at)
{
    return ahead > at ? ahead - at : 0;
}

static bool has_reported_state(struct raft_view *v, const struct host *h)
{
    return is_fresh(h->server.self_at, v->now) ||
           (accepts_our_token(v, h) &&
            raft_view_set_verdict(v, GATE_UNKNOWN, "%s did not report its state", h->name));
}

static bool reports_leading(const struct host *h)
{
    return str_eq(h->server.raft_state, "Leader");
}

static bool leads_or_follows(struct raft_view *v, const struct host *h)
{
    return reports_leading(h) || str_eq(h->server.raft_state, "Follower") ||
           raft_view_set_verdict(v, GATE_FAIL, "%s is %s", h->name, h->server.raft_state);
}

static bool keeps_up(struct raft_view *v, const struct host *h)
{
    const struct server_view *s = &h->server, *lead = &v->leader->server;

    if (!has_reported_state(v, h) || !has_reported_state(v, v->leader) || !leads_or_follows(v, h))
        return false;
    if (reports_leading(h) != (h == v->leader))
        return raft_view_set_verdict(v, GATE_FAIL, "%s is %s", h->name, s->raft_state);
    if (!str_eq(s->self_region, v->region))
        return raft_view_set_verdict(v, GATE_FAIL, "%s says its region is %s", h->name,
                                     s->self_region);
    if (s->term != lead->term)
        return raft_view_set_verdict(v, GATE_FAIL,
                                     "%s is in term %" PRIu64 ", the leader in %" PRIu64, h->name,
                                     s->term, lead->term);
    if (h != v->leader && (s->last_contact_ms < 0 || s->last_contact_ms > CONTACT_MS))
        return raft_view_set_verdict(v, GATE_FAIL,
                                     "%s last had contact with the leader %" PRId64 " ms ago",
                                     h->name, s->last_contact_ms);
    if (index_behind(lead->commit_index, s->last_log_index) > TRAILING_LOGS)
        return raft_view_set_verdict(v, GATE_FAIL, "%s: index %" PRIu64 " of %" PRIu64, h->name,
                                     s->last_log_index, lead->commit_index);
    if (index_behind(s->commit_index, s->applied_index) > APPLY_LAG)
        return raft_view_set_verdict(v, GATE_FAIL, "%s applied %" PRIu64 " of %" PRIu64, h->name,
                                     s->applied_index, s->commit_index);
    return true;
}

/* Autopilot answers 500 while any server uses raft protocol 2, and 403 without operator:read.
 * Then the gate uses the servers' own answers only. */
static bool autopilot_expected(const struct raft_view *v)
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

static const struct peer *autopilot_entry(const struct server_view *s, const char *id)
{
    for (size_t k = 0; k < s->n_autopilot; k++)
        if (str_eq(s->autopilot[k].id, id))
            return &s->autopilot[k];
    return NULL;
}

/* While autopilot still lists a dead server, its verdict on the whole is about that server, so
 * the verdict does not count. */
static bool check_autopilot_of(struct raft_view *v, const struct host *by)
{
    const struct server_view *s = &by->server;
    bool of_dead = false;

    for (size_t i = 0; i < v->n; i++) {
        const struct peer *peer = autopilot_entry(s, v->servers[i]->server_id);
        of_dead = of_dead || (v->without[i] && peer != NULL);
        if (!v->without[i] && (peer == NULL || !peer->healthy))
            return raft_view_set_verdict(v, GATE_FAIL, "autopilot by %s: %s is %s", by->name,
                                         v->servers[i]->name,
                                         peer == NULL ? "not known" : "not healthy");
    }
    if (of_dead)
        return true;
    if (!s->healthy)
        return raft_view_set_verdict(v, GATE_FAIL, "autopilot by %s: not healthy", by->name);
    if (v->n >= 3 && s->failure_tolerance < 1)
        return raft_view_set_verdict(v, GATE_FAIL, "autopilot by %s: tolerance %d with %zu servers",
                                     by->name, s->failure_tolerance, v->n);
    return true;
}

static bool autopilot_agrees(struct raft_view *v)
{
    size_t answered = 0;

    if (!autopilot_expected(v))
        return true;
    for (size_t i = 0; i < v->n; i++) {
        const struct server_view *s = &v->servers[i]->server;
        if (!is_fresh(s->autopilot_at, v->now) || !s->autopilot_body || s->n_autopilot == 0)
            continue;
        answered++;
        if (!check_autopilot_of(v, v->servers[i]))
            return false;
    }
    if (answered == 0)
        return raft_view_set_verdict(v, GATE_UNKNOWN, "autopilot %s (status %d)",
                                     v->servers[0]->server.autopilot_body
                                         ? "has not looked at the servers yet"
                                         : "gave no answer",
                                     v->servers[0]->server.autopilot_status);
    return true;
}

/* ---- the questions ---- */

/* The gate checks the conditions in this order and reports the first that is not met. A
 * condition is about the region as a whole, or about each of its servers. */
static const struct {
    bool (*region)(struct raft_view *v);
    bool (*server)(struct raft_view *v, const struct host *h);
} conditions[] = {
    {raft_view_is_sound, NULL},    /* there are servers, and they could be observed */
    {NULL, accepts_our_token},     /* the server does not refuse this token */
    {all_are_listed, NULL},        /* no living server is missing from the lists */
    {raft_view_find_leader, NULL}, /* all servers name the same leader */
    {NULL, keeps_up},       /* the server leads or follows, in the leader's term, close behind it */
    {NULL, sees_all_alive}, /* all servers are alive members, and none has failed */
    {NULL, all_see_its_build},    /* the lists show each server in the version that it runs */
    {NULL, is_voter},             /* the server votes, by raft */
    {NULL, has_no_leftovers},     /* no raft peer belongs to a dead server */
    {voters_are_as_before, NULL}, /* there are as many voters as planned */
    {autopilot_agrees, NULL},     /* the region is healthy, and one server may fail */
};

static bool is_met(struct raft_view *v, size_t c)
{
    if (conditions[c].region != NULL)
        return conditions[c].region(v);
    for (size_t i = 0; i < v->n; i++)
        if (!v->without[i] && !conditions[c].server(v, v->servers[i]))
            return false;
    return true;
}

struct gate_result gate_region(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *region, int64_t now)
{
    struct gate_result r;
    struct raft_view v;

    raft_view_init(&v, w, p, l, region, now, &r);
    for (size_t c = 0; c < ARRAY_LEN(conditions); c++)
        if (!is_met(&v, c))
            return r;
    set_pass(&r);
    return r;
}

static bool api_answers(struct raft_view *v, const struct host *h)
{
    const struct server_view *s = &h->server;

    return is_fresh(s->self_at, v->now) || is_fresh(s->leader_at, v->now) ||
           is_fresh(s->members_at, v->now) ||
           raft_view_set_verdict(v, GATE_UNKNOWN, "%s: its API does not answer", h->name);
}

struct gate_result gate_stands(const struct raft_view *view, const struct host *h)
{
    struct gate_result r;
    struct raft_view v = *view;

    v.ret = &r;
    if (api_answers(&v, h) && raft_view_knows_leader(&v, h) && has_reported_state(&v, h) &&
        leads_or_follows(&v, h) && (raft_view_is_voter(&v, h) == TRI_UNKNOWN || is_voter(&v, h)))
        set_pass(&r);
    return r;
}

static void count_voter(struct voter_count *t, struct raft_view *v, size_t i)
{
    const struct host *h = v->servers[i];
    enum tri vote = raft_view_is_voter(v, h);
    bool stays = !v->without[i], up = stays && has_reported_state(v, h) && leads_or_follows(v, h);
    bool led = stays && raft_view_knows_leader(v, h);
    bool well = (up || (stays && !accepts_our_token(v, h))) && led && vote == TRI_YES;

    t->listed++;
    t->voters += vote == TRI_YES;
    t->base += vote == TRI_YES && raft_view_is_dead(v, h);
    if (vote == TRI_UNKNOWN && t->unread == NULL)
        t->unread = h;
    t->asked += stays && vote == TRI_YES;
    t->led |= led;
    t->up += up && vote != TRI_NO;
    t->well += well;
    t->abreast += up && vote == TRI_YES && v->leader != NULL && keeps_up(v, h);
    if (!well && !raft_view_is_dead(v, h) &&
        (t->away == NULL ||
         (is_fresh(t->away->server.self_at, v->now) && !is_fresh(h->server.self_at, v->now))))
        t->away = h;
}

struct voter_count gate_voters(const struct raft_view *view)
{
    struct gate_result unused;
    struct raft_view v = *view;
    struct voter_count t = {.base = raft_view_planned_voters(view)};

    v.ret = &unused;
    for (size_t i = 0; i < v.n; i++)
        count_voter(&t, &v, i);
    return t;
}

uint32_t quorum_of(uint32_t voters)
{
    return voters / 2 + 1;
}

uint32_t region_voters(const struct world *w, const struct plan *p, const char *region, int64_t now)
{
    struct gate_result unused;
    uint32_t n = 0;
    struct raft_view v;

    raft_view_init(&v, w, NULL, NULL, region, now, &unused);
    for (size_t i = 0; i < v.n; i++) {
        enum tri vote = raft_view_is_voter(&v, v.servers[i]);
        if (p != NULL && plan_is_dead(p, v.servers[i]->key))
            continue;
        if (vote == TRI_UNKNOWN)
            return 0;
        n += vote == TRI_YES;
    }
    return n;
}

/* A server that joins may not be listed yet. The other servers of its region are asked all the
 * same. */
static const char *region_of_key(const struct plan *p, const char *key, const struct host *h)
{
    const struct plan_host *ph = plan_host(p, key);

    if (h == NULL)
        return NULL;
    if (h->is_server)
        return h->region;
    return ph != NULL && ph->role == ROLE_JOINS ? ph->region : NULL;
}

struct gate_result gate_quorum(const struct world *w, const struct plan *p, const struct ledger *l,
                               const char *key, int64_t now)
{
    const struct host *h = world_host(w, key);
    const char *region = region_of_key(p, key, h);
    struct gate_result r = {.kind = GATE_UNKNOWN};
    struct raft_view v;

    if (region == NULL) {
        snprintf(r.text, sizeof(r.text), "%s is not a known server", key);
        return r;
    }
    raft_view_init(&v, w, p, l, region, now, &r);
    raft_view_leave_out(&v, h);
    if (!raft_view_is_sound(&v) || !raft_view_find_leader(&v))
        return r;
    struct voter_count t = gate_voters(&v);
    uint32_t quorum = quorum_of(t.voters);
    if (t.unread != NULL)
        is_voter(&v, t.unread);
    else if (t.abreast >= quorum || (p->policy.accept_outage && !p->replaces && t.voters <= 2))
        set_pass(&r);
    else
        raft_view_set_verdict(&v, GATE_FAIL,
                              "region %s: without %s %" PRIu32 " healthy of %" PRIu32
                              " voters would be left, %" PRIu32 " are a quorum",
                              v.region, h->name, t.abreast, t.voters, quorum);
    return r;
}
