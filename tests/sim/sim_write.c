/* sim_fleet_write: the changes that the API can request from a leader. Contract: sim_fleet.h. */
#include "sim_fleet.h"
#include "sim_raft.h"
#include "sim_serf.h"
#include "str.h"

static void set_autopilot(struct sim_node *n, const struct sim_write *w, struct sim_written *ret)
{
    struct sim_autopilot_config now = sim_state_autopilot(&n->durable.state);
    if (w->cas && w->autopilot.modify_index != now.modify_index) {
        ret->no = true;
        return;
    }
    struct sim_record r = {.kind = SIM_REC_AUTOPILOT};
    r.u.autopilot = w->autopilot;
    r.u.autopilot.create_index = now.create_index;
    ret->index = sim_replicate_write(n, &r);
}

static void write_transfer(struct sim_node *n, const struct sim_write *w, struct sim_written *ret)
{
    sim_replicate_transfer(n, &w->id, ret);
}

static void force_leave(struct sim_node *n, const struct sim_write *w, struct sim_written *ret)
{
    (void)ret;
    struct sim_member *m = sim_serf_named(n, w->name);
    if (m == NULL || m == &n->serf.members[0])
        return;
    if (m->status == SIM_ALIVE)
        sim_serf_leaving(n, m);
    if (m->status != SIM_FAILED)
        return;
    sim_serf_left(n, m);
    sim_replicate_remove(n, m->info.addr);
}

static void remove_peer(struct sim_node *n, const struct sim_write *w, struct sim_written *ret)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    for (int i = 0; i < c->n; i++)
        if (sim_id_eq(&c->peers[i].id, &w->id)) {
            sim_replicate_remove(n, c->peers[i].addr);
            return;
        }
    ret->status = 500;
    str_cut(ret->text, sizeof(ret->text), "id was not found in the Raft configuration");
}

static void write_token_record(struct sim_node *n, const struct sim_write *w,
                               struct sim_written *ret)
{
    struct sim_record r = {.kind = SIM_REC_TOKEN, .id = w->id};
    r.u.token = w->token;
    r.u.token.created_ms = n->now;
    r.u.token.create_index = n->durable.state.last_index + 1;
    ret->index = sim_replicate_write(n, &r);
}

void sim_fleet_write(struct sim_node *n, const struct sim_write *w, struct sim_written *ret)
{
    static void (*const table[SIM_WRITE_KIND_COUNT])(struct sim_node *, const struct sim_write *,
                                                     struct sim_written *) = {
        [SIM_WRITE_DRAIN] = sim_drain_set,      [SIM_WRITE_ELIGIBILITY] = sim_drain_eligibility,
        [SIM_WRITE_AUTOPILOT] = set_autopilot,  [SIM_WRITE_TRANSFER] = write_transfer,
        [SIM_WRITE_FORCE_LEAVE] = force_leave,  [SIM_WRITE_PEER_REMOVE] = remove_peer,
        [SIM_WRITE_TOKEN] = write_token_record,
    };
    table[w->kind](n, w, ret);
}
