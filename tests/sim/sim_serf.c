#include "sim_serf.h"
#include "sim_raft.h"

struct sim_info sim_serf_self(const struct sim_node *n)
{
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    struct sim_info i = {
        .id = n->durable.server_id,
        .addr = sim_node_addr(n),
        .rpc_port = n->cfg.rpc_port,
        .http_port = n->cfg.http_port,
        .raft_vsn = n->cfg.raft_vsn,
        .expect = n->cfg.expect,
        .bootstrapped = c != NULL,
        .incarnation = n->durable.incarnation,
        .nonvoter_ms = n->faults.nonvoter_return,
    };
    if (c != NULL)
        i.alone = c->alone;
    memcpy(i.name, n->cfg.name, sizeof(i.name));
    memcpy(i.region, n->cfg.region, sizeof(i.region));
    memcpy(i.dc, n->cfg.dc, sizeof(i.dc));
    memcpy(i.version, n->cfg.version, sizeof(i.version));
    return i;
}

struct sim_member *sim_serf_find(struct sim_node *n, struct sim_addr addr)
{
    for (int i = 0; i < n->serf.n; i++)
        if (sim_addr_eq(n->serf.members[i].info.addr, addr))
            return &n->serf.members[i];
    return NULL;
}

static void full_name(const struct sim_info *info, char dst[static SIM_NAME * 2])
{
    snprintf(dst, SIM_NAME * 2, "%s.%s", info->name, info->region);
}

struct sim_member *sim_serf_named(struct sim_node *n, const char *name)
{
    for (int i = 0; i < n->serf.n; i++) {
        char full[SIM_NAME * 2];
        full_name(&n->serf.members[i].info, full);
        if (strcmp(full, name) == 0)
            return &n->serf.members[i];
    }
    return NULL;
}

static void set_status(struct sim_node *n, struct sim_member *m, enum sim_serf_status status)
{
    if (m->status == status)
        return;
    m->status = status;
    m->since_ms = n->now;
    sim_raft_members_changed(n);
}

/* NULL: there is no room, or another member has this name. */
static struct sim_member *add_member(struct sim_node *n, const struct sim_info *info)
{
    char name[SIM_NAME * 2];
    full_name(info, name);
    if (n->serf.n == SIM_MEMBERS_MAX || sim_serf_named(n, name) != NULL)
        return NULL;
    struct sim_member *m = &n->serf.members[n->serf.n++];
    int64_t base = n->cfg.timing.failed_after_ms;
    *m = (struct sim_member){.info = *info, .heard_ms = n->now, .since_ms = n->now};
    m->fail_after_ms = sim_between(&n->rng, base, base + base / 2);
    return m;
}

void sim_serf_start(struct sim_node *n)
{
    struct sim_info self = sim_serf_self(n);
    n->serf.n = 0;
    struct sim_member *m = add_member(n, &self);
    m->status = SIM_ALIVE;
    n->serf.probe_due = n->now;
}

static void say_alive(struct sim_node *n, struct sim_addr to)
{
    if (n->serf.members[0].status != SIM_ALIVE)
        return; /* this server leaves */
    struct sim_message m = sim_node_message(n, SIM_MSG_ALIVE, to);
    m.u.alive = n->serf.members[0].info;
    sim_node_say(n, &m);
}

static void say_tell(struct sim_node *n, const struct sim_member *about, struct sim_addr to)
{
    struct sim_message m = sim_node_message(n, SIM_MSG_TELL, to);
    m.u.tell.info = about->info;
    m.u.tell.status = about->status;
    sim_node_say(n, &m);
}

static void tell_all(struct sim_node *n, const struct sim_member *about)
{
    for (int i = 1; i < n->serf.n; i++)
        if (n->serf.members[i].status == SIM_ALIVE && &n->serf.members[i] != about)
            say_tell(n, about, n->serf.members[i].info.addr);
}

void sim_serf_leaving(struct sim_node *n, struct sim_member *m)
{
    set_status(n, m, SIM_LEAVING);
    tell_all(n, m);
}

void sim_serf_left(struct sim_node *n, struct sim_member *m)
{
    set_status(n, m, SIM_LEFT);
    tell_all(n, m);
}

/* Sends `alive` to every known member, and to configured addresses until they answer. */
static void probe_members(struct sim_node *n)
{
    n->serf.members[0].info = sim_serf_self(n);
    for (int i = 1; i < n->serf.n; i++)
        if (n->serf.members[i].status != SIM_LEFT)
            say_alive(n, n->serf.members[i].info.addr);
    for (int i = 0; i < n->cfg.n_join; i++)
        if (sim_serf_find(n, n->cfg.join[i]) == NULL)
            say_alive(n, n->cfg.join[i]);
    const struct sim_raft_config *c = sim_state_config(&n->durable.state);
    for (int i = 0; c != NULL && i < c->n; i++)
        if (sim_serf_find(n, c->peers[i].addr) == NULL)
            say_alive(n, c->peers[i].addr);
}

void sim_serf_tick(struct sim_node *n)
{
    if (n->now < n->serf.probe_due)
        return;
    n->serf.probe_due = n->now + n->cfg.timing.probe_ms;
    if (n->durable.term == 0)
        sim_raft_members_changed(n); /* a server that is alone receives no messages */
    probe_members(n);
    for (int i = 1; i < n->serf.n; i++) {
        struct sim_member *m = &n->serf.members[i];
        int64_t wait = MAX_OF(m->fail_after_ms, n->faults.stale_alive);
        if ((m->status == SIM_ALIVE || m->status == SIM_LEAVING) && n->now - m->heard_ms > wait) {
            set_status(n, m, m->status == SIM_ALIVE ? SIM_FAILED : SIM_LEFT);
            tell_all(n, m);
        }
    }
}

void sim_serf_alive(struct sim_node *n, const struct sim_message *msg)
{
    const struct sim_info *info = &msg->u.alive;
    struct sim_member *m = sim_serf_find(n, info->addr);
    bool fresh = m == NULL || m->info.incarnation != info->incarnation || m->status != SIM_ALIVE;
    if (m == NULL)
        m = add_member(n, info);
    if (m == NULL || m == &n->serf.members[0])
        return;
    bool changed = fresh || m->info.bootstrapped != info->bootstrapped;
    m->info = *info;
    m->heard_ms = n->now;
    if (m->status != SIM_ALIVE)
        m->status = SIM_ALIVE, m->since_ms = n->now;
    if (fresh) {
        say_alive(n, info->addr);
        for (int i = 1; i < n->serf.n; i++)
            if (&n->serf.members[i] != m)
                say_tell(n, &n->serf.members[i], info->addr);
    }
    if (changed)
        sim_raft_members_changed(n);
}

void sim_serf_tell(struct sim_node *n, const struct sim_message *msg)
{
    const struct sim_tell *t = &msg->u.tell;
    struct sim_member *m = sim_serf_find(n, t->info.addr);
    if (m == &n->serf.members[0]) {
        if (t->status == SIM_FAILED || t->status == SIM_LEFT) {
            n->durable.incarnation += t->info.incarnation >= n->durable.incarnation;
            probe_members(n); /* refutes the rumour that this server is dead */
        }
        return;
    }
    if (m == NULL) {
        m = add_member(n, &t->info);
        if (m != NULL)
            set_status(n, m, t->status);
        return;
    }
    bool quiet = n->now - m->heard_ms > 2 * n->cfg.timing.probe_ms;
    if (t->info.incarnation < m->info.incarnation || n->faults.stale_alive > 0)
        return;
    if (t->status == SIM_LEFT || (m->status == SIM_ALIVE &&
                                  (t->status == SIM_LEAVING || (t->status == SIM_FAILED && quiet))))
        set_status(n, m, t->status);
}

bool sim_serf_is_ours(const struct sim_node *n, const struct sim_member *m)
{
    return strcmp(m->info.region, n->cfg.region) == 0;
}
