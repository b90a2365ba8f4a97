#include "sim_view.h"
#include "sim_autopilot.h"
#include "sim_raft.h"

enum sim_reach sim_view_reach(const struct sim_node *n, bool leader_accepts)
{
    if (n->raft.leader.ip == 0)
        return SIM_REACH_NO_LEADER;
    if (n->raft.role == SIM_LEADER)
        return SIM_REACH_OK;
    if (!leader_accepts)
        return SIM_REACH_REFUSED;
    bool again = false; /* the leader has restarted, and the new process does not lead */
    for (int i = 0; i < n->serf.n; i++)
        if (sim_addr_eq(n->serf.members[i].info.addr, n->raft.leader))
            again = n->serf.members[i].info.incarnation != n->raft.leader_runs;
    bool heard = n->raft.heard_ms > n->raft.refused_ms &&
                 n->now - n->raft.heard_ms <= 2 * n->cfg.timing.beat_ms + 50;
    return heard && !again ? SIM_REACH_OK : SIM_REACH_SILENT;
}

struct sim_addr sim_view_leader(const struct sim_node *n)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    int place = sim_raft_place(c, n->raft.leader);
    struct sim_addr a = n->raft.leader;
    if (a.ip != 0)
        a.port = place >= 0 ? c->peers[place].rpc_port : (uint16_t)(a.port - 1);
    return a;
}

int sim_view_members(struct sim_node *n, struct sim_view_member ret[static SIM_MEMBERS_MAX])
{
    bool lied = n->faults.disagree_members == 0;
    int k = 0;
    for (; k < n->serf.n; k++) {
        const struct sim_member *m = &n->serf.members[k];
        struct sim_view_member v = {m->info, m->status};
        if (k > 0 && !lied) {
            v.status = SIM_FAILED;
            lied = true;
        }
        int at = (int)sim_between(&n->rng, 0, k + 1);
        ret[k] = ret[at];
        ret[at] = v;
    }
    return k;
}

int sim_view_health(const struct sim_node *n, struct sim_health *ret)
{
    if (n->faults.autopilot_500 != 0 || sim_autopilot_old_protocol(n))
        return 500;
    if (!sim_addr_eq(n->autopilot.from, n->raft.leader))
        return 0;
    *ret = n->autopilot.health;
    if (n->faults.autopilot_null != 0) {
        *ret = (struct sim_health){0};
    } else if (n->faults.autopilot_429 != 0 && ret->n > 0) {
        ret->healthy = ret->servers[ret->n - 1].healthy = false;
        ret->tolerance = 0;
    }
    return ret->known && ret->healthy ? 200 : 429;
}

struct sim_view_raft sim_view_raft(const struct sim_node *n)
{
    const struct sim_state *s = &n->durable.state;
    const struct sim_raft_config *c = sim_state_config(s);
    int place = sim_raft_place(c, sim_node_addr(n));
    struct sim_view_raft v = {.role = n->raft.role,
                              .leader = sim_view_leader(n),
                              .term = n->durable.term,
                              .last_index = s->last_index,
                              .last_term = s->last_term,
                              .commit = n->raft.commit,
                              .applied = n->raft.commit};
    if (place >= 0)
        v.other_voters = sim_raft_voters(c) - c->peers[place].voter;
    v.last_contact_ms = n->raft.heard_ms == 0 ? -1 : MAX_OF(n->now - n->raft.heard_ms, 1);
    if (n->raft.role == SIM_LEADER)
        v.last_contact_ms = 0;
    return v;
}

const struct sim_record *sim_view_next(const struct sim_node *n, enum sim_record_kind kind,
                                       int *slot)
{
    const struct sim_state *s = &n->durable.state;
    while (*slot < s->n) {
        const struct sim_record *r = &s->slots[(*slot)++].r;
        if (r->kind == kind)
            return r;
    }
    return NULL;
}

bool sim_view_empty(const struct sim_node *n, bool stale)
{
    return !stale && n->raft.leader_lost_state;
}

uint64_t sim_view_index(const struct sim_node *n, enum sim_record_kind kind)
{
    uint64_t index = n->durable.state.table_index[kind];
    return index > 0 ? index : 1;
}
