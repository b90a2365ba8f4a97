#include "sim_fleet.h"
#include "sim_raft.h"
#include "str.h"

static int fail_write(struct sim_written *ret, int status, const char *text)
{
    ret->status = status;
    str_cut(ret->text, sizeof(ret->text), text);
    return -1;
}

static int find_node(struct sim_node *n, const struct sim_id *id, struct sim_record *ret_record,
                     struct sim_written *ret)
{
    const struct sim_record *r = sim_state_find(&n->durable.state, SIM_REC_NODE, id);
    if (r == NULL)
        return fail_write(ret, 500, "node not found");
    *ret_record = *r;
    return 0;
}

void sim_drain_set(struct sim_node *n, const struct sim_write *w, struct sim_written *ret)
{
    struct sim_record r;
    if (find_node(n, &w->id, &r, ret) < 0)
        return;
    struct sim_node_record *node = &r.u.node;
    if (w->on) {
        int64_t started = node->draining ? node->drain.started_ms : n->now;
        sim_fleet_event(node, node->draining ? SIM_EVENT_DRAIN_UPDATED : SIM_EVENT_DRAIN_SET,
                        n->now);
        node->drain = w->drain;
        node->drain.started_ms = started;
        node->eligible = false;
        node->last_drain = SIM_DRAINING;
        n->fleet.migrate_due =
            MAX_OF(n->fleet.migrate_due, n->now + n->cfg.timing.migrate_ms * 7 / 10);
    } else {
        if (node->draining)
            node->last_drain = SIM_DRAIN_CANCELED;
        node->eligible = node->eligible || w->mark_eligible;
        sim_fleet_event(node, SIM_EVENT_DRAIN_OFF, n->now);
    }
    node->draining = w->on;
    node->last_drain_ms = n->now;
    ret->index = sim_replicate_write(n, &r);
}

void sim_drain_eligibility(struct sim_node *n, const struct sim_write *w, struct sim_written *ret)
{
    struct sim_record r;
    if (find_node(n, &w->id, &r, ret) < 0)
        return;
    if (w->on && r.u.node.draining) {
        fail_write(ret, 500,
                   "can not set node's scheduling eligibility to eligible while it is draining");
        return;
    }
    if (r.u.node.eligible == w->on)
        return;
    r.u.node.eligible = w->on;
    sim_fleet_event(&r.u.node, w->on ? SIM_EVENT_ELIGIBLE : SIM_EVENT_INELIGIBLE, n->now);
    ret->index = sim_replicate_write(n, &r);
}

/* Stops one allocation. Unless forced, first places its successor on another node. */
static bool move_alloc(struct sim_node *n, struct sim_record *r, bool force)
{
    struct sim_alloc_record *a = &r->u.alloc;
    if (!sim_fleet_place(n, a->slot, &a->node, &a->next) && !force)
        return false;
    a->stop = true;
    a->modified_ms = n->now;
    sim_replicate_write(n, r);
    sim_fleet_order(n, r, force);
    return true;
}

static bool deadline_passed(const struct sim_node *n, const struct sim_node_record *node)
{
    int64_t d = node->drain.deadline_ms;
    return d < 0 || (d > 0 && n->now >= node->drain.started_ms + d);
}

static void drain_over(struct sim_node *n, const struct sim_id *id, bool forced)
{
    struct sim_record r = *sim_state_find(&n->durable.state, SIM_REC_NODE, id);
    r.u.node.draining = false;
    r.u.node.last_drain = SIM_DRAIN_COMPLETE;
    r.u.node.last_drain_ms = n->now;
    sim_fleet_event(&r.u.node, forced ? SIM_EVENT_DRAIN_FORCED : SIM_EVENT_DRAIN_DONE, n->now);
    sim_replicate_write(n, &r);
}

static void drain_node(struct sim_node *n, const struct sim_node_record *node)
{
    const struct sim_state *s = &n->durable.state;
    struct sim_id id = node->info.id;
    bool force = deadline_passed(n, node);
    int left = 0;
    for (int i = 0, end = s->n; i < end; i++) {
        struct sim_record r = s->slots[i].r;
        if (r.kind != SIM_REC_ALLOC || !sim_id_eq(&r.u.alloc.node, &id) ||
            r.u.alloc.status > SIM_RUNNING)
            continue;
        left++;
        if (!r.u.alloc.stop && (force || n->now >= n->fleet.migrate_due)) {
            if (move_alloc(n, &r, force) && !force)
                n->fleet.migrate_due = n->now + n->cfg.timing.migrate_ms;
        } else if (r.u.alloc.stop && force) {
            sim_fleet_order(n, &r, true);
        }
    }
    if (left == 0)
        drain_over(n, &id, force);
}

void sim_drain_tick(struct sim_node *n)
{
    const struct sim_state *s = &n->durable.state;
    for (int i = 0, end = s->n; i < end; i++)
        if (s->slots[i].r.kind == SIM_REC_NODE && s->slots[i].r.u.node.draining) {
            struct sim_node_record node = s->slots[i].r.u.node;
            drain_node(n, &node);
        }
}
