#include "sim_raft.h"
#include "sim_autopilot.h"
#include "sim_serf.h"
#include "str.h"

static struct sim_progress *progress_of(struct sim_node *n, struct sim_addr addr)
{
    for (int i = 0; i < n->raft.n; i++)
        if (sim_addr_eq(n->raft.peers[i].addr, addr))
            return &n->raft.peers[i];
    return NULL;
}

/* Puts the peers into the order of the configuration, and keeps the known progress of each. */
static void follow_config(struct sim_node *n)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    struct sim_progress next[SIM_SERVERS_MAX];
    for (int i = 0; i < c->n; i++) {
        const struct sim_progress *was = progress_of(n, c->peers[i].addr);
        if (was != NULL)
            next[i] = *was;
        else
            next[i] = (struct sim_progress){.addr = c->peers[i].addr,
                                            .cursor = -1,
                                            .acked_ms = n->now,
                                            .stable_ms = n->now,
                                            .backoff_ms = n->cfg.timing.beat_ms,
                                            .beat_due = n->now};
    }
    memcpy(n->raft.peers, next, sizeof(next[0]) * (size_t)c->n);
    n->raft.n = c->n;
    n->autopilot.publish_due = 0; /* the requested statistics are about another configuration */
}

static void send_append(struct sim_node *n, struct sim_progress *p)
{
    const struct sim_state *s = &n->durable.state;
    struct sim_message m = sim_node_message(n, SIM_MSG_APPEND, p->addr);
    struct sim_append *a = &m.u.append;
    a->term = n->durable.term;
    a->prev_index = p->match;
    a->prev_term = p->match_term;
    a->commit = n->raft.commit;
    a->reset = p->reset;
    a->lost_state = n->raft.leader_lost_state;
    a->health_revision = n->autopilot.health.revision;
    int slot = p->reset ? s->head : p->cursor;
    a->has_record = p->known && slot >= 0;
    if (a->has_record)
        a->record = s->slots[slot].r;
    p->sent_ms = n->now;
    sim_node_say(n, &m);
}

uint64_t sim_replicate_write(struct sim_node *n, struct sim_record *r)
{
    struct sim_state *s = &n->durable.state;
    int old = sim_state_slot(s, r->kind, &r->id);
    for (int i = 0; i < n->raft.n; i++)
        if (old >= 0 && n->raft.peers[i].cursor == old)
            n->raft.peers[i].cursor = s->slots[old].next;
    int slot = sim_state_append(s, r, n->durable.term);
    n->dirty = true;
    if (r->kind == SIM_REC_CONFIG)
        follow_config(n);
    for (int i = 0; i < n->raft.n; i++) {
        struct sim_progress *p = &n->raft.peers[i];
        if (p->cursor >= 0 || sim_addr_eq(p->addr, sim_node_addr(n)))
            continue;
        p->cursor = slot;
        if (p->known && !p->reset && p->match + 1 == r->index)
            send_append(n, p);
    }
    if (n->raft.n == 1)
        n->raft.commit = s->last_index;
    return r->index;
}

void sim_replicate_begin(struct sim_node *n)
{
    struct sim_record noop = {.kind = SIM_REC_NOOP};
    n->raft.n = 0;
    n->raft.rejoin_due = n->now + n->cfg.timing.rejoin_ms;
    follow_config(n);
    sim_replicate_write(n, &noop);
    if (sim_state_find(&n->durable.state, SIM_REC_AUTOPILOT, NULL) == NULL) {
        struct sim_record r = {.kind = SIM_REC_AUTOPILOT};
        r.u.autopilot = sim_state_autopilot(&n->durable.state);
        r.u.autopilot.stabilize_ms = n->cfg.timing.stabilize_ms;
        r.u.autopilot.create_index = n->durable.state.last_index + 1;
        sim_replicate_write(n, &r);
    }
    sim_replicate_join(n);
}

static void advance_commit(struct sim_node *n)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    uint64_t match[SIM_SERVERS_MAX];
    int k = 0;
    for (int i = 0; i < c->n; i++) {
        if (!c->peers[i].voter)
            continue;
        bool self = sim_addr_eq(c->peers[i].addr, sim_node_addr(n));
        uint64_t x = self ? n->durable.state.last_index : n->raft.peers[i].match;
        int at = k++;
        for (; at > 0 && match[at - 1] < x; at--)
            match[at] = match[at - 1];
        match[at] = x;
    }
    if (k > 0)
        n->raft.commit = MAX_OF(n->raft.commit, match[k / 2]);
}

/* Has the leader received messages of a majority within the lease? */
static bool holds_lease(const struct sim_node *n)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    int heard = 0;
    for (int i = 0; i < c->n; i++) {
        bool self = sim_addr_eq(c->peers[i].addr, sim_node_addr(n));
        bool recent = n->now - n->raft.peers[i].acked_ms <= n->cfg.timing.lease_ms;
        heard += c->peers[i].voter && (self || recent);
    }
    return heard > sim_raft_voters(c) / 2;
}

void sim_replicate_tick(struct sim_node *n)
{
    if (n->now >= n->raft.step_down_due || !holds_lease(n)) {
        sim_raft_follow(n, (struct sim_addr){0, 0});
        n->raft.election_due += 2 * n->cfg.timing.election_ms;
        return;
    }
    if (n->now >= n->raft.rejoin_due) {
        n->raft.rejoin_due = n->now + n->cfg.timing.rejoin_ms;
        sim_replicate_join(n);
    }
    for (int i = 0; i < n->raft.n; i++) {
        struct sim_progress *p = &n->raft.peers[i];
        if (sim_addr_eq(p->addr, sim_node_addr(n)) || n->now < p->beat_due)
            continue;
        int64_t beat = n->cfg.timing.beat_ms, most = MAX_OF(n->cfg.timing.election_ms / 2, beat);
        bool silent = p->sent_ms > p->acked_ms;
        p->backoff_ms = silent ? MIN_OF(MAX_OF(2 * p->backoff_ms, 4 * beat), most) : beat;
        p->beat_due = n->now + p->backoff_ms;
        send_append(n, p);
    }
}

int64_t sim_replicate_due(const struct sim_node *n)
{
    int64_t due = MIN_OF(n->raft.step_down_due, n->raft.rejoin_due);
    for (int i = 0; i < n->raft.n; i++)
        if (!sim_addr_eq(n->raft.peers[i].addr, sim_node_addr(n)))
            due = MIN_OF(due, n->raft.peers[i].beat_due);
    return due;
}

static void note_log(struct sim_node *n, struct sim_progress *p, const struct sim_appended *a)
{
    const struct sim_state *s = &n->durable.state;
    if (!sim_state_has(s, a->last_index, a->last_term)) {
        p->known = p->reset = true;
        send_append(n, p);
        return;
    }
    bool moved = !p->known || p->reset || p->match != a->last_index;
    bool next = p->cursor >= 0 && s->slots[p->cursor].r.index == a->last_index;
    p->known = true;
    p->reset = false;
    p->match = a->last_index;
    p->match_term = a->last_term;
    if (moved)
        p->cursor = next ? s->slots[p->cursor].next : sim_state_after(s, p->match);
    if (moved && p->cursor >= 0)
        send_append(n, p);
}

void sim_replicate_appended(struct sim_node *n, const struct sim_message *m)
{
    const struct sim_appended *a = &m->u.appended;
    struct sim_progress *p = progress_of(n, m->from);
    if (a->term > n->durable.term) {
        n->durable.term = a->term;
        n->durable.voted_for = (struct sim_addr){0, 0};
        n->dirty = true;
        if (n->raft.role == SIM_LEADER)
            sim_raft_follow(n, (struct sim_addr){0, 0});
        return;
    }
    if (n->raft.role != SIM_LEADER || p == NULL || a->term < n->durable.term)
        return;
    p->acked_ms = n->now;
    note_log(n, p, a);
    advance_commit(n);
    if (a->health_revision != n->autopilot.health.revision)
        sim_autopilot_send(n, p->addr);
}

/* ---- the configuration ---- */

static struct sim_record config_record(const struct sim_node *n)
{
    struct sim_record r = {.kind = SIM_REC_CONFIG};
    r.u.config = *sim_state_config(&n->durable.state);
    return r;
}

/* The connection to the old process is dead. Until the leader's next try the restarted server knows
 * no leader (recorded: 0.3 s). */
static void note_restart(struct sim_node *n, const struct sim_member *m)
{
    struct sim_progress *p = progress_of(n, m->info.addr);
    if (p == NULL || p->runs == m->info.incarnation)
        return;
    if (p->runs != 0) {
        p->known = false;
        p->beat_due = n->now + MIN_OF(3 * n->cfg.timing.beat_ms, n->cfg.timing.election_ms / 2);
    }
    p->runs = m->info.incarnation;
}

/* Fault nonvoter-return: after its start the server is a non-voter for a while. */
static void hold_back(struct sim_node *n, const struct sim_member *m)
{
    struct sim_progress *p = progress_of(n, m->info.addr);
    if (p == NULL || m->info.nonvoter_ms == 0 || p->demoted == m->info.incarnation)
        return;
    p->demoted = m->info.incarnation;
    p->held_until = n->now + m->info.nonvoter_ms;
    sim_replicate_set_voter(n, m->info.addr, false);
}

/* True: the two clusters differ, and one server alone formed one of them. */
static bool is_foreign_cluster(const struct sim_raft_config *c, const struct sim_info *info)
{
    return info->bootstrapped && !sim_id_eq(&c->alone, &info->alone);
}

/* Adds live servers that are not in the configuration: as non-voters with raft protocol 3, as
 * voters with older protocols. */
void sim_replicate_join(struct sim_node *n)
{
    struct sim_record r = config_record(n);
    struct sim_raft_config *c = &r.u.config;
    bool changed = false;
    for (int i = 0; i < n->serf.n; i++) {
        const struct sim_info *info = &n->serf.members[i].info;
        int place = sim_raft_place(c, info->addr);
        if (n->serf.members[i].status != SIM_ALIVE || !sim_serf_is_ours(n, &n->serf.members[i]))
            continue;
        if (place < 0 && is_foreign_cluster(c, info))
            continue;
        if (place < 0 && c->n < SIM_SERVERS_MAX) {
            bool voter = info->raft_vsn < 3 && info->nonvoter_ms == 0;
            c->peers[c->n++] = (struct sim_peer){info->id, info->addr, info->rpc_port, voter};
            changed = true;
        } else if (place >= 0 && !sim_id_eq(&c->peers[place].id, &info->id)) {
            c->peers[place].id = info->id; /* the same address with a new data directory */
            changed = true;
        }
    }
    if (changed)
        sim_replicate_write(n, &r);
    for (int i = 1; i < n->serf.n; i++) {
        if (n->serf.members[i].status == SIM_LEFT)
            sim_replicate_remove(n, n->serf.members[i].info.addr);
        note_restart(n, &n->serf.members[i]);
        hold_back(n, &n->serf.members[i]);
    }
}

void sim_replicate_remove(struct sim_node *n, struct sim_addr addr)
{
    struct sim_record r = config_record(n);
    struct sim_raft_config *c = &r.u.config;
    int place = sim_raft_place(c, addr);
    if (place < 0)
        return;
    memmove(c->peers + place, c->peers + place + 1,
            sizeof(c->peers[0]) * (size_t)(c->n - place - 1));
    c->n--;
    sim_replicate_write(n, &r);
}

void sim_replicate_set_voter(struct sim_node *n, struct sim_addr addr, bool voter)
{
    struct sim_record r = config_record(n);
    int place = sim_raft_place(&r.u.config, addr);
    if (place < 0 || r.u.config.peers[place].voter == voter)
        return;
    r.u.config.peers[place].voter = voter;
    sim_replicate_write(n, &r);
}

void sim_replicate_transfer(struct sim_node *n, const struct sim_id *id, struct sim_written *ret)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    const struct sim_peer *best = NULL;
    for (int i = 0; i < c->n; i++)
        if (sim_id_eq(&c->peers[i].id, id))
            best = &c->peers[i];
    if (best == NULL) {
        ret->status = 400;
        str_cut(ret->text, sizeof(ret->text), "could not find server in the raft configuration");
        return;
    }
    if (sim_addr_eq(best->addr, sim_node_addr(n))) {
        ret->no = true;
        return;
    }
    struct sim_progress *p = progress_of(n, best->addr);
    if (!best->voter || !p->known || n->now - p->acked_ms > n->cfg.timing.lease_ms) {
        ret->status = 500;
        str_cut(ret->text, sizeof(ret->text), "leadership transfer failed: target is not ready");
        return;
    }
    struct sim_message m = sim_node_message(n, SIM_MSG_LEAD_NOW, best->addr);
    m.u.vote.term = n->durable.term;
    sim_node_say(n, &m);
}
