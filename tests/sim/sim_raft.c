#include "sim_raft.h"
#include "sim_autopilot.h"
#include "sim_fleet.h"
#include "sim_serf.h"

bool sim_raft_is_leader(const struct sim_node *n)
{
    return n->running && n->raft.role == SIM_LEADER;
}

int sim_raft_place(const struct sim_raft_config *c, struct sim_addr addr)
{
    for (int i = 0; c != NULL && i < c->n; i++)
        if (sim_addr_eq(c->peers[i].addr, addr))
            return i;
    return -1;
}

int sim_raft_voters(const struct sim_raft_config *c)
{
    int voters = 0;
    for (int i = 0; c != NULL && i < c->n; i++)
        voters += c->peers[i].voter;
    return voters;
}

static void wait_for_leader(struct sim_node *n)
{
    int64_t e = n->cfg.timing.election_ms;
    n->raft.election_due = n->now + sim_between(&n->rng, e, 2 * e);
}

static void set_leader(struct sim_node *n, struct sim_addr leader)
{
    if (leader.ip == 0 && n->raft.leader.ip != 0)
        n->raft.no_leader_since = n->now;
    n->raft.leader = leader;
}

static void set_term(struct sim_node *n, uint64_t term, struct sim_addr voted_for)
{
    n->durable.term = term;
    n->durable.voted_for = voted_for;
    n->dirty = true;
}

void sim_raft_follow(struct sim_node *n, struct sim_addr leader)
{
    n->raft.role = SIM_FOLLOWER;
    set_leader(n, leader);
    wait_for_leader(n);
}

void sim_raft_start(struct sim_node *n)
{
    memset(&n->raft, 0, sizeof(n->raft));
    n->raft.commit = n->durable.state.last_index;
    n->raft.no_leader_since = n->now;
    sim_raft_follow(n, (struct sim_addr){0, 0});
}

/* ---- elections ---- */

static void ask_votes(struct sim_node *n)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    for (int i = 0; i < c->n; i++) {
        if (!c->peers[i].voter || sim_addr_eq(c->peers[i].addr, sim_node_addr(n)))
            continue;
        struct sim_message m = sim_node_message(n, SIM_MSG_VOTE_ASK, c->peers[i].addr);
        m.u.vote = (struct sim_vote){.term = n->durable.term + n->raft.pre,
                                     .last_index = n->durable.state.last_index,
                                     .last_term = n->durable.state.last_term,
                                     .pre = n->raft.pre,
                                     .transfer = n->raft.transfer};
        sim_node_say(n, &m);
    }
}

static void win_election(struct sim_node *n)
{
    n->raft.role = SIM_LEADER;
    set_leader(n, sim_node_addr(n));
    n->raft.lead_since = n->now;
    n->raft.leader_lost_state = n->faults.lose_state != 0;
    int64_t every = n->faults.election_every;
    n->raft.step_down_due = every > 0 ? n->now + every : INT64_MAX;
    sim_replicate_begin(n);
    sim_autopilot_begin(n);
    sim_fleet_begin(n);
}

static void count_votes(struct sim_node *n);

/* pre: only ask; when a majority would agree, the real election follows. */
static void start_election(struct sim_node *n, bool pre, bool transfer)
{
    int place = sim_raft_place(sim_state_config(&n->durable.state), sim_node_addr(n));
    n->raft.role = SIM_CANDIDATE;
    n->raft.pre = pre;
    n->raft.transfer = transfer;
    n->raft.votes = 1u << place;
    set_leader(n, (struct sim_addr){0, 0});
    wait_for_leader(n);
    if (!pre)
        set_term(n, n->durable.term + 1, sim_node_addr(n));
    ask_votes(n);
    count_votes(n);
}

static void count_votes(struct sim_node *n)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    int have = 0;
    for (int i = 0; i < c->n; i++)
        have += c->peers[i].voter && (n->raft.votes >> i & 1) != 0;
    if (have <= sim_raft_voters(c) / 2)
        return;
    if (n->raft.pre)
        start_election(n, false, n->raft.transfer);
    else
        win_election(n);
}

void sim_raft_tick(struct sim_node *n)
{
    if (n->raft.role == SIM_LEADER) {
        sim_replicate_tick(n);
        return;
    }
    if (n->now < n->raft.election_due)
        return;
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    int place = sim_raft_place(c, sim_node_addr(n));
    set_leader(n, (struct sim_addr){0, 0});
    if (place >= 0 && c->peers[place].voter)
        start_election(n, true, false);
    else
        wait_for_leader(n);
}

int64_t sim_raft_due(const struct sim_node *n)
{
    return n->raft.role == SIM_LEADER ? sim_replicate_due(n) : n->raft.election_due;
}

static bool log_is_enough(const struct sim_node *n, const struct sim_vote *v)
{
    const struct sim_state *s = &n->durable.state;
    return v->last_term > s->last_term ||
           (v->last_term == s->last_term && v->last_index >= s->last_index);
}

void sim_raft_vote_ask(struct sim_node *n, const struct sim_message *m)
{
    const struct sim_vote *v = &m->u.vote;
    bool led = n->raft.role == SIM_LEADER ||
               (n->raft.leader.ip != 0 && n->now - n->raft.heard_ms < n->cfg.timing.election_ms);
    struct sim_message reply = sim_node_message(n, SIM_MSG_VOTE, m->from);
    reply.u.vote = *v;
    reply.u.vote.granted = false;
    if ((led && !v->transfer) || v->term < n->durable.term) {
        reply.u.vote.term = n->durable.term;
        sim_node_say(n, &reply);
        return;
    }
    if (!v->pre && v->term > n->durable.term) {
        set_term(n, v->term, (struct sim_addr){0, 0});
        if (n->raft.role != SIM_FOLLOWER)
            sim_raft_follow(n, (struct sim_addr){0, 0});
    }
    bool free_vote =
        v->pre || n->durable.voted_for.ip == 0 || sim_addr_eq(n->durable.voted_for, m->from);
    reply.u.vote.granted = free_vote && log_is_enough(n, v);
    if (reply.u.vote.granted && !v->pre) {
        set_term(n, v->term, m->from);
        wait_for_leader(n);
    }
    sim_node_say(n, &reply);
}

void sim_raft_vote(struct sim_node *n, const struct sim_message *m)
{
    const struct sim_vote *v = &m->u.vote;
    if (!v->granted && v->term > n->durable.term && !v->pre) {
        set_term(n, v->term, (struct sim_addr){0, 0});
        sim_raft_follow(n, (struct sim_addr){0, 0});
        return;
    }
    bool mine = v->pre == n->raft.pre && v->term == n->durable.term + n->raft.pre;
    int place = sim_raft_place(sim_state_config(&n->durable.state), m->from);
    if (n->raft.role != SIM_CANDIDATE || !v->granted || !mine || place < 0)
        return;
    n->raft.votes |= 1u << place;
    count_votes(n);
}

void sim_raft_lead_now(struct sim_node *n, const struct sim_message *m)
{
    int place = sim_raft_place(sim_state_config(&n->durable.state), sim_node_addr(n));
    if (m->u.vote.term == n->durable.term && place >= 0 && n->raft.role == SIM_FOLLOWER)
        start_election(n, false, true);
}

/* ---- following ---- */

static void take_record(struct sim_node *n, const struct sim_append *a)
{
    struct sim_state *s = &n->durable.state;
    if (a->reset)
        sim_state_clear(s);
    if (!a->has_record || n->faults.never_catches_up != 0)
        return;
    if (!a->reset && (a->prev_index != s->last_index || a->prev_term != s->last_term))
        return;
    sim_state_apply(s, &a->record);
    n->dirty = true;
}

void sim_raft_append(struct sim_node *n, const struct sim_message *m)
{
    const struct sim_append *a = &m->u.append;
    if (n->faults.raft_deaf != 0)
        return;
    struct sim_message reply = sim_node_message(n, SIM_MSG_APPENDED, m->from);
    if (a->term >= n->durable.term) {
        if (a->term > n->durable.term)
            set_term(n, a->term, (struct sim_addr){0, 0});
        sim_raft_follow(n, m->from);
        const struct sim_member *leader = sim_serf_find(n, m->from);
        n->raft.heard_ms = n->now;
        n->raft.leader_runs = leader != NULL ? leader->info.incarnation : 0;
        n->raft.leader_lost_state = a->lost_state;
        take_record(n, a);
        n->raft.commit = MIN_OF(MAX_OF(n->raft.commit, a->commit), n->durable.state.last_index);
    }
    bool same = sim_addr_eq(n->autopilot.from, m->from);
    reply.u.appended = (struct sim_appended){
        .term = n->durable.term,
        .last_index = n->durable.state.last_index,
        .last_term = n->durable.state.last_term,
        .health_revision = same ? n->autopilot.health.revision : 0,
    };
    sim_node_say(n, &reply);
}

/* ---- forming the cluster ---- */

static void bootstrap_cluster(struct sim_node *n)
{
    struct sim_record r = {.index = 1, .term = 1, .term_first = 1, .kind = SIM_REC_CONFIG};
    struct sim_raft_config *c = &r.u.config;
    for (int i = 0; i < n->serf.n; i++) {
        const struct sim_info *info = &n->serf.members[i].info;
        if (n->serf.members[i].status != SIM_ALIVE || c->n == SIM_SERVERS_MAX ||
            !sim_serf_is_ours(n, &n->serf.members[i]))
            continue;
        int at = c->n++;
        for (; at > 0 && c->peers[at - 1].addr.ip > info->addr.ip; at--)
            c->peers[at] = c->peers[at - 1];
        c->peers[at] = (struct sim_peer){info->id, info->addr, info->rpc_port, true};
    }
    if (n->cfg.expect == 1)
        c->alone = n->durable.server_id;
    sim_state_apply(&n->durable.state, &r);
    set_term(n, 1, (struct sim_addr){0, 0});
    wait_for_leader(n);
}

void sim_raft_members_changed(struct sim_node *n)
{
    if (n->raft.role == SIM_LEADER) {
        sim_replicate_join(n);
        return;
    }
    int alive = 0;
    bool formed = n->durable.term > 0 || n->cfg.expect == 0;
    for (int i = 0; i < n->serf.n; i++) {
        if (!sim_serf_is_ours(n, &n->serf.members[i]))
            continue;
        alive += n->serf.members[i].status == SIM_ALIVE;
        formed = formed || (i > 0 && n->serf.members[i].info.bootstrapped);
    }
    if (!formed && alive >= n->cfg.expect)
        bootstrap_cluster(n);
}
