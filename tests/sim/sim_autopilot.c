#include "sim_autopilot.h"
#include "sim_raft.h"
#include "sim_serf.h"

bool sim_autopilot_old_protocol(const struct sim_node *n)
{
    for (int i = 0; i < n->serf.n; i++)
        if (n->serf.members[i].info.raft_vsn < 3 && n->serf.members[i].status == SIM_ALIVE &&
            sim_serf_is_ours(n, &n->serf.members[i]))
            return true;
    return false;
}

void sim_autopilot_begin(struct sim_node *n)
{
    struct sim_autopilot *a = &n->autopilot;
    uint32_t revision = a->health.revision + 1;
    memset(a, 0, sizeof(*a));
    a->health.revision = revision;
    a->from = sim_node_addr(n);
    a->fetch_due = n->now + n->cfg.timing.autopilot_ms * 15 / 16;
    a->reconcile_due = n->now + n->cfg.timing.reconcile_ms;
}

static bool is_self(const struct sim_node *n, struct sim_addr addr)
{
    return sim_addr_eq(addr, sim_node_addr(n));
}

/* Asks every server for its statistics, and notes the servers that will not answer in time. */
static void fetch_statistics(struct sim_node *n)
{
    struct sim_autopilot *a = &n->autopilot;
    bool any = false;
    for (int i = 0; i < n->raft.n; i++) {
        struct sim_progress *p = &n->raft.peers[i];
        const struct sim_member *m = sim_serf_find(n, p->addr);
        uint32_t runs = m != NULL ? m->info.incarnation : 0;
        bool silent = n->now - p->acked_ms > MAX_OF(200, 2 * n->cfg.timing.beat_ms);
        bool stale = p->fetched != 0 && p->fetched != runs;
        a->hung[i] = !is_self(n, p->addr) && (silent || stale);
        p->fetched = silent ? 0 : runs;
        any = any || a->hung[i];
    }
    for (int i = 0; i < n->raft.n; i++)
        a->unlucky[i] = any && sim_between(&n->rng, 0, 10) < 3;
    a->fetch_due = n->now + n->cfg.timing.autopilot_ms;
    a->publish_due = n->now + (any ? n->cfg.timing.stats_wait_ms : 0);
}

static bool judge_health(struct sim_node *n, int i, struct sim_health_server *ret)
{
    const struct sim_peer *peer = &sim_state_config(&n->durable.state)->peers[i];
    struct sim_autopilot_config c = sim_state_autopilot(&n->durable.state);
    struct sim_progress *p = &n->raft.peers[i];
    const struct sim_member *m = sim_serf_find(n, peer->addr);
    bool self = is_self(n, peer->addr);
    uint64_t last = n->durable.state.last_index;
    *ret = (struct sim_health_server){.id = peer->id,
                                      .addr = peer->addr,
                                      .rpc_port = peer->rpc_port,
                                      .leader = self,
                                      .voter = peer->voter};
    ret->serf = m != NULL ? m->status : SIM_SERF_NONE;
    if (m != NULL) {
        memcpy(ret->name, m->info.name, sizeof(ret->name));
        memcpy(ret->version, m->info.version, sizeof(ret->version));
    }
    ret->contact_ms = self ? 0 : n->now - p->acked_ms;
    ret->last_index = self ? last : p->match;
    ret->last_term = self ? n->durable.state.last_term : p->match_term;
    bool close = ret->last_index + (uint64_t)c.trailing >= last;
    int64_t contact = MAX_OF(c.contact_ms, 2 * n->cfg.timing.beat_ms);
    ret->healthy = ret->serf == SIM_ALIVE && !n->autopilot.hung[i] && !n->autopilot.unlucky[i] &&
                   ret->contact_ms <= contact && close &&
                   ret->last_term == n->durable.state.last_term;
    if (ret->healthy != p->was_healthy)
        p->stable_ms = n->now;
    p->was_healthy = ret->healthy;
    ret->stable_ms = p->stable_ms;
    return ret->healthy && ret->voter;
}

static void publish_health(struct sim_node *n)
{
    struct sim_health *h = &n->autopilot.health;
    int voters = sim_raft_voters(sim_state_config(&n->durable.state)), well = 0;
    h->revision++;
    h->known = h->healthy = true;
    h->n = n->raft.n;
    for (int i = 0; i < n->raft.n; i++) {
        well += judge_health(n, i, &h->servers[i]);
        h->healthy = h->healthy && h->servers[i].healthy;
    }
    h->tolerance = MAX_OF(well - (voters / 2 + 1), 0);
    n->autopilot.publish_due = 0;
    for (int i = 0; i < n->raft.n; i++)
        if (!is_self(n, n->raft.peers[i].addr) && !n->autopilot.hung[i])
            sim_autopilot_send(n, n->raft.peers[i].addr);
}

/* Removes dead servers, but at most (voters - 1) / 2: a quorum must stay. */
static void clean_up(struct sim_node *n)
{
    struct sim_autopilot_config ac = sim_state_autopilot(&n->durable.state);
    int voters = sim_raft_voters(sim_state_config(&n->durable.state));
    int may = (voters - 1) / 2;
    for (int i = 1; i < n->serf.n; i++) {
        struct sim_member *m = &n->serf.members[i];
        if (!sim_serf_is_ours(n, m))
            continue;
        bool gone = m->status == SIM_LEFT;
        bool dead = m->status == SIM_FAILED && ac.cleanup_dead;
        const struct sim_raft_config *c = sim_state_config(&n->durable.state);
        int place = sim_raft_place(c, m->info.addr);
        bool voter = place >= 0 && c->peers[place].voter;
        if (dead && voter && (may == 0 || voters - 1 < ac.min_quorum))
            continue;
        may -= dead && voter;
        voters -= (dead || gone) && voter;
        if ((dead || gone) && place >= 0)
            sim_replicate_remove(n, m->info.addr);
        if (dead)
            sim_serf_left(n, m);
    }
}

/* The fault nonvoter-return delays the promotion, until the fault ends. */
static bool held_back(struct sim_node *n, const struct sim_progress *p)
{
    const struct sim_member *m = sim_serf_find(n, p->addr);
    return n->now < p->held_until && (m == NULL || m->info.nonvoter_ms > 0);
}

static void promote_voters(struct sim_node *n)
{
    struct sim_autopilot_config c = sim_state_autopilot(&n->durable.state);
    for (int i = 0; i < n->raft.n; i++) {
        const struct sim_progress *p = &n->raft.peers[i];
        if (p->was_healthy && n->now - p->stable_ms > c.stabilize_ms && !held_back(n, p))
            sim_replicate_set_voter(n, p->addr, true);
    }
}

void sim_autopilot_tick(struct sim_node *n)
{
    struct sim_autopilot *a = &n->autopilot;
    if (n->raft.role != SIM_LEADER)
        return;
    if (a->publish_due != 0 && n->now >= a->publish_due)
        publish_health(n);
    if (n->now >= a->fetch_due && a->publish_due == 0)
        fetch_statistics(n);
    if (a->publish_due != 0 && n->now >= a->publish_due)
        publish_health(n);
    if (n->now >= a->reconcile_due) {
        a->reconcile_due = n->now + n->cfg.timing.reconcile_ms;
        clean_up(n);
        promote_voters(n);
    }
}

int64_t sim_autopilot_due(const struct sim_node *n)
{
    const struct sim_autopilot *a = &n->autopilot;
    if (n->raft.role != SIM_LEADER)
        return INT64_MAX;
    int64_t work = a->publish_due != 0 ? a->publish_due : a->fetch_due;
    return MIN_OF(work, a->reconcile_due);
}

void sim_autopilot_send(struct sim_node *n, struct sim_addr to)
{
    struct sim_message m = sim_node_message(n, SIM_MSG_HEALTH, to);
    m.u.health = n->autopilot.health;
    sim_node_say(n, &m);
}

void sim_autopilot_receive(struct sim_node *n, const struct sim_message *m)
{
    if (n->raft.role == SIM_LEADER || !sim_addr_eq(m->from, n->raft.leader))
        return;
    n->autopilot.health = m->u.health;
    n->autopilot.from = m->from;
}
