#include "sim_fleet.h"
#include "sim_build.h"
#include "sim_raft.h"
#include "str.h"

void sim_fleet_event(struct sim_node_record *r, enum sim_event_kind kind, int64_t now)
{
    int n = 0;
    while (n < SIM_EVENTS && r->events[n].kind != SIM_EVENT_NONE)
        n++;
    if (n == SIM_EVENTS)
        memmove(r->events, r->events + 1, sizeof(r->events[0]) * (size_t)--n);
    r->events[n] = (struct sim_event){kind, now};
}

/* The heartbeat timer of a node, by its slot. Timers are in the leader's memory only. */
static int64_t *timer_of_node(struct sim_node *n, int slot)
{
    struct sim_fleet *f = &n->fleet;
    if (slot >= f->n_deadline) {
        int cap = MAX_OF(n->durable.state.cap, slot + 1);
        f->deadline = xrealloc(f->deadline, (size_t)cap * sizeof(*f->deadline));
        for (int i = f->n_deadline; i < cap; i++)
            f->deadline[i] = INT64_MAX;
        f->n_deadline = cap;
    }
    return &f->deadline[slot];
}

/* Writes the two tokens that the settings may name. */
static void first_tokens(struct sim_node *n)
{
    static const struct sim_id none;
    for (int i = 0; i < 2; i++) {
        const struct sim_id *secret = i == 0 ? &n->cfg.management : &n->cfg.reader;
        struct sim_record r = {.kind = SIM_REC_TOKEN, .id = *secret};
        r.id.b[0] = (unsigned char)(r.id.b[0] ^ 0x80);
        if (sim_id_eq(secret, &none) ||
            sim_state_find(&n->durable.state, SIM_REC_TOKEN, &r.id) != NULL)
            continue;
        r.u.token.secret = *secret;
        r.u.token.management = i == 0;
        r.u.token.agent = r.u.token.node = r.u.token.operator_ = SIM_RIGHT_READ;
        str_cut(r.u.token.name, SIM_NAME, i == 0 ? "Bootstrap Token" : "reader");
        r.u.token.created_ms = n->now;
        r.u.token.create_index = n->durable.state.last_index + 1;
        sim_replicate_write(n, &r);
    }
}

void sim_fleet_begin(struct sim_node *n)
{
    if (n->cfg.acl)
        first_tokens(n);
    const struct sim_state *s = &n->durable.state;
    n->fleet.due = n->now + n->cfg.timing.fleet_ms;
    n->fleet.migrate_due = n->now + n->cfg.timing.migrate_ms;
    for (int i = 0; i < s->n; i++)
        if (s->slots[i].r.kind == SIM_REC_NODE)
            *timer_of_node(n, i) = n->now + n->cfg.timing.failover_ttl_ms;
}

/* ---- allocations ---- */

void sim_fleet_order(struct sim_node *n, const struct sim_record *alloc, bool force)
{
    const struct sim_record *node =
        sim_state_find(&n->durable.state, SIM_REC_NODE, &alloc->u.alloc.node);
    if (node == NULL || node->u.node.steady)
        return;
    struct sim_message m = sim_node_message(n, SIM_MSG_ORDER, node->u.node.info.addr);
    m.u.order = (struct sim_order){alloc->id, alloc->u.alloc.slot, alloc->u.alloc.stop, force};
    sim_node_say(n, &m);
}

static void write_job(struct sim_node *n)
{
    if (sim_state_find(&n->durable.state, SIM_REC_JOB, NULL) != NULL)
        return;
    struct sim_record r = {.kind = SIM_REC_JOB};
    str_cut(r.u.job.name, sizeof(r.u.job.name), "web");
    r.u.job.submitted_ms = n->now;
    r.u.job.create_index = n->durable.state.last_index + 1;
    sim_replicate_write(n, &r);
}

static struct sim_id new_alloc(struct sim_node *n, int slot, const struct sim_id *node, bool steady)
{
    struct sim_record r = {.kind = SIM_REC_ALLOC};
    write_job(n);
    sim_id_random(&n->rng, &r.id);
    r.u.alloc.node = *node;
    r.u.alloc.slot = slot;
    r.u.alloc.status = steady ? SIM_RUNNING : SIM_PENDING;
    r.u.alloc.started_ms = steady ? n->now : 0;
    r.u.alloc.created_ms = r.u.alloc.modified_ms = n->now;
    r.u.alloc.create_index = n->durable.state.last_index + 1;
    sim_replicate_write(n, &r);
    sim_fleet_order(n, &r, false);
    return r.id;
}

/* Counts the wanted allocations of each node, by its slot. The caller frees the array. */
static int *count_allocs(const struct sim_state *s)
{
    int *count = xzalloc((size_t)s->n + 1, sizeof(*count));
    for (int i = 0; i < s->n; i++) {
        const struct sim_record *r = &s->slots[i].r;
        if (r->kind != SIM_REC_ALLOC || r->u.alloc.stop)
            continue;
        int node = sim_state_slot(s, SIM_REC_NODE, &r->u.alloc.node);
        if (node >= 0)
            count[node]++;
    }
    return count;
}

bool sim_fleet_place(struct sim_node *n, int slot, const struct sim_id *not_here,
                     struct sim_id *ret)
{
    const struct sim_state *s = &n->durable.state;
    autofree int *count = count_allocs(s);
    int best = -1;
    for (int i = 0; i < s->n; i++) {
        const struct sim_record *r = &s->slots[i].r;
        if (r->kind != SIM_REC_NODE || r->u.node.status != SIM_READY || !r->u.node.eligible ||
            r->u.node.steady || sim_id_eq(&r->id, not_here))
            continue;
        if (best < 0 || count[i] < count[best])
            best = i;
    }
    if (best < 0)
        return false;
    struct sim_id node = s->slots[best].r.id;
    *ret = new_alloc(n, slot, &node, false);
    return true;
}

static void lose_allocs(struct sim_node *n, const struct sim_id *node)
{
    const struct sim_state *s = &n->durable.state;
    for (int i = 0; i < s->n; i++) {
        struct sim_record r = s->slots[i].r;
        bool live = r.kind == SIM_REC_ALLOC && sim_id_eq(&r.u.alloc.node, node) &&
                    r.u.alloc.status <= SIM_RUNNING;
        if (!live)
            continue;
        r.u.alloc.stop = true;
        r.u.alloc.status = SIM_LOST;
        r.u.alloc.modified_ms = n->now;
        sim_replicate_write(n, &r);
    }
}

/* Gives every stopped allocation a successor as soon as a node has a place, and repeats orders
 * until the client has answered. */
static void tend_allocs(struct sim_node *n)
{
    static const struct sim_id none;
    const struct sim_state *s = &n->durable.state;
    for (int i = 0, end = s->n; i < end; i++) {
        struct sim_record r = s->slots[i].r;
        if (r.kind != SIM_REC_ALLOC)
            continue;
        struct sim_alloc_record *a = &r.u.alloc;
        if (a->stop && sim_id_eq(&a->next, &none) &&
            sim_fleet_place(n, a->slot, &a->node, &a->next))
            sim_replicate_write(n, &r);
        if (a->status == SIM_PENDING || (a->stop && a->status == SIM_RUNNING))
            sim_fleet_order(n, &r, false);
    }
}

/* ---- registration and heartbeats ---- */

/* True: this server does not lead and has passed the message on; the leader answers its origin. */
static bool pass_on(struct sim_node *n, const struct sim_message *m)
{
    if (n->raft.role == SIM_LEADER)
        return false;
    if (n->raft.leader.ip != 0 && m->origin.ip == 0) {
        struct sim_message on = *m;
        on.origin = m->from;
        on.from = sim_node_addr(n);
        on.to = n->raft.leader;
        sim_node_say(n, &on);
    }
    return true;
}

static void grant_ttl(struct sim_node *n, const struct sim_message *m, bool registered,
                      bool unknown)
{
    struct sim_message reply =
        sim_node_message(n, SIM_MSG_GRANT, m->origin.ip != 0 ? m->origin : m->from);
    struct sim_grant *g = &reply.u.grant;
    int64_t ttl = n->cfg.timing.ttl_ms;
    *g = (struct sim_grant){.registered = registered, .unknown = unknown};
    g->ttl_ms = sim_between(&n->rng, ttl, 2 * ttl);
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    for (int i = 0; i < c->n; i++)
        g->servers[g->n++] = c->peers[i].addr;
    sim_node_say(n, &reply);
    const struct sim_id *id = registered ? &m->u.enlist.id : &m->u.beat.id;
    int slot = sim_state_slot(&n->durable.state, SIM_REC_NODE, id);
    if (slot >= 0)
        *timer_of_node(n, slot) = n->now + g->ttl_ms + n->cfg.timing.grace_ms;
}

static void first_allocs(struct sim_node *n, const struct sim_id *node, bool steady)
{
    int slot = 0;
    const struct sim_state *s = &n->durable.state;
    for (int i = s->tail; i >= 0 && n->cfg.allocs > 0; i = s->slots[i].prev)
        if (s->slots[i].r.kind == SIM_REC_ALLOC)
            slot = MAX_OF(slot, s->slots[i].r.u.alloc.slot + 1);
    for (int i = 0; i < n->cfg.allocs; i++)
        new_alloc(n, slot + i, node, steady);
}

/* Sets what the client's stop or a fault did to the node: a drain by itself, as in
 * client/drain.go. */
static void come_back(struct sim_node_record *node, const struct sim_client_info *info, int64_t now)
{
    node->eligible = node->eligible && !info->ineligible && !info->drained;
    if (!info->drained)
        return;
    node->draining = true;
    node->drain = (struct sim_drain){.deadline_ms = 3600000, .started_ms = now};
    str_cut(node->drain.meta, sizeof(node->drain.meta), "{\"message\":\"shutting down\"}");
    node->last_drain = SIM_DRAINING;
    node->last_drain_ms = now;
    sim_fleet_event(node, SIM_EVENT_DRAIN_SET, now);
}

void sim_fleet_register(struct sim_node *n, const struct sim_message *m)
{
    if (pass_on(n, m))
        return;
    const struct sim_client_info *info = &m->u.enlist;
    const struct sim_record *was = sim_state_find(&n->durable.state, SIM_REC_NODE, &info->id);
    struct sim_record r = {.kind = SIM_REC_NODE, .id = info->id};
    struct sim_node_record *node = &r.u.node;
    bool known = was != NULL;
    if (known) {
        r = *was;
        bool keep = sim_build_has(n->cfg.version, SIM_FEATURE_KEEP_STATUS);
        if (node->status != SIM_READY || !keep)
            node->status = SIM_INITIALIZING;
    } else {
        node->create_index = n->durable.state.last_index + 1;
        node->eligible = true;
    }
    bool anew = !known || node->info.incarnation != info->incarnation;
    if (anew)
        sim_fleet_event(node, known ? SIM_EVENT_REREGISTERED : SIM_EVENT_REGISTERED, n->now);
    if (anew && known)
        come_back(node, info, n->now);
    node->info = *info;
    node->status_ms = node->drivers_ms = n->now;
    sim_replicate_write(n, &r);
    grant_ttl(n, m, true, false);
    if (!known)
        first_allocs(n, &info->id, false);
}

void sim_fleet_beat(struct sim_node *n, const struct sim_message *m)
{
    if (pass_on(n, m))
        return;
    const struct sim_beat *b = &m->u.beat;
    const struct sim_record *was = sim_state_find(&n->durable.state, SIM_REC_NODE, &b->id);
    if (was == NULL) {
        grant_ttl(n, m, false, true);
        return;
    }
    struct sim_record r = *was;
    struct sim_node_record *node = &r.u.node;
    bool drivers = node->info.drivers_healthy != b->drivers_healthy;
    if (node->status == SIM_DOWN)
        sim_fleet_event(node, SIM_EVENT_BACK, n->now);
    if (node->status != SIM_READY)
        node->status_ms = n->now;
    if (drivers)
        node->drivers_ms = n->now;
    bool changed = drivers || node->status != SIM_READY || node->info.bare != b->bare;
    node->info.bare = b->bare;
    node->info.drivers_healthy = b->drivers_healthy;
    node->status = SIM_READY;
    if (changed)
        sim_replicate_write(n, &r);
    grant_ttl(n, m, false, false);
}

void sim_fleet_tasks(struct sim_node *n, const struct sim_message *m)
{
    if (pass_on(n, m))
        return;
    const struct sim_tasks *t = &m->u.tasks;
    const struct sim_record *was = sim_state_find(&n->durable.state, SIM_REC_ALLOC, &t->alloc);
    struct sim_message told =
        sim_node_message(n, SIM_MSG_TOLD, m->origin.ip != 0 ? m->origin : m->from);
    told.u.tasks = *t;
    sim_node_say(n, &told);
    if (was == NULL)
        return;
    struct sim_record r = *was;
    struct sim_alloc_record *a = &r.u.alloc;
    if (a->stop && t->status <= SIM_RUNNING)
        sim_fleet_order(n, &r, a->status == SIM_LOST);
    if (a->status == SIM_LOST && t->status <= SIM_RUNNING)
        return;
    if (a->status == t->status && a->started_ms == t->started_ms && a->restarts == t->restarts)
        return;
    a->status = a->status == SIM_LOST ? SIM_LOST : t->status;
    a->started_ms = t->started_ms;
    a->finished_ms = t->finished_ms;
    a->restarts = t->restarts;
    a->modified_ms = n->now;
    sim_replicate_write(n, &r);
}

static void expire_timers(struct sim_node *n)
{
    const struct sim_state *s = &n->durable.state;
    for (int i = 0; i < s->n; i++) {
        struct sim_record *seen = &s->slots[i].r;
        if (seen->kind != SIM_REC_NODE || seen->u.node.steady || seen->u.node.status == SIM_DOWN ||
            n->now < *timer_of_node(n, i))
            continue;
        struct sim_record r = *seen;
        r.u.node.status = SIM_DOWN;
        r.u.node.status_ms = n->now;
        sim_fleet_event(&r.u.node, SIM_EVENT_MISSED, n->now);
        sim_replicate_write(n, &r);
        lose_allocs(n, &r.id);
    }
}

void sim_fleet_tick(struct sim_node *n)
{
    if (n->raft.role != SIM_LEADER || n->now < n->fleet.due)
        return;
    n->fleet.due = n->now + n->cfg.timing.fleet_ms;
    expire_timers(n);
    sim_drain_tick(n);
    tend_allocs(n);
}

int64_t sim_fleet_due(const struct sim_node *n)
{
    return n->raft.role == SIM_LEADER ? n->fleet.due : INT64_MAX;
}

void sim_fleet_crowd(struct sim_node *n, int count, const char *version)
{
    for (int i = 0; i < count; i++) {
        struct sim_record r = {.kind = SIM_REC_NODE};
        struct sim_client_info *info = &r.u.node.info;
        sim_id_random(&n->rng, &r.id);
        info->id = r.id;
        info->addr.ip = 0x7f010000u + (uint32_t)i + 1;
        info->http_port = 4646;
        info->drivers_healthy = true;
        snprintf(info->name, sizeof(info->name), "crowd%d", i + 1);
        str_cut(info->region, sizeof(info->region), n->cfg.region);
        str_cut(info->dc, sizeof(info->dc), n->cfg.dc);
        str_cut(info->version, sizeof(info->version), version);
        r.u.node.status = SIM_READY;
        r.u.node.eligible = r.u.node.steady = true;
        r.u.node.status_ms = r.u.node.drivers_ms = n->now;
        r.u.node.create_index = n->durable.state.last_index + 1;
        sim_fleet_event(&r.u.node, SIM_EVENT_REGISTERED, n->now);
        sim_replicate_write(n, &r);
    }
}
