/* New servers that join and old servers that leave: what Nomad and the agents do, with the times
 * measured on real clusters. */
#include "built_in.h"
#include "truth.h"

#define GAP_MS         30000
#define LEFT_MS        800 /* with leave_on_interrupt, after the stop */
#define TAKEN_BACK_MS  36000
#define FORCED_LEFT_MS 37000 /* for a member that is not known to have failed yet; from here to */
#define FORCED_LAST_MS 63000

/* ---- which worlds, which servers ---- */

bool t_replaces(uint64_t seed)
{
    return ((seed + 15) * UINT64_C(0x9e3779b97f4a7c15) >> 40) % 8 == 3;
}

bool t_waits_to_join(const struct t_host *h)
{
    return h->role == ROLE_JOINS && !h->listed;
}

static void add_new(struct truth *t)
{
    int i = t_add_host(t, true, 0);
    struct t_host *h = &t->hosts[i];

    h->role = ROLE_JOINS;
    snprintf(h->key, sizeof(h->key), "agent/%032x", 0xa0000 + i);
    h->listed = h->up = h->enabled = h->peer = h->voter = h->ran[BIN_OLD] = false;
    h->stop_hangs = t_chance(t, 20);
    h->faulted = h->stop_hangs;
}

/* Chooses one of the servers that leave. */
static void choose_dead(struct truth *t)
{
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].role == ROLE_LEAVES) {
            t->hosts[i].dead = true;
            return;
        }
}

void t_replace_dies(struct truth *t)
{
    for (int i = 0; i < t->n_hosts; i++) {
        struct t_host *h = &t->hosts[i];
        if (!h->dead)
            continue;
        t_stop(t, i);
        h->machine_up = false;
        h->agent.generation++;
        h->failed = true;
        t->plan.regions[0].voters--;
        t_sight_blank(t); /* that was long ago */
    }
}

void t_replace_choose(struct truth *t)
{
    int servers = 0, n;

    for (int i = 0; i < t->n_hosts; i++)
        servers += t->hosts[i].is_server;
    n = (int)t_between(t, 1, servers);
    t->voters_first = (size_t)servers;
    for (int left = n; left > 0;) {
        struct t_host *h = &t->hosts[t_between(t, 0, servers - 1)];
        if (h->role == ROLE_LEAVES)
            continue;
        h->role = ROLE_LEAVES;
        h->leaves_itself = t_chance(t, 250);
        h->stop_hangs = t_chance(t, 20);
        h->faulted = h->stop_hangs;
        left--;
    }
    for (int i = 0; i < n; i++)
        add_new(t);
    if (t_chance(t, 150))
        choose_dead(t);
}

/* ---- the plan ---- */

static void make_new_host(const struct truth *t, int i, struct plan_host *ret)
{
    const struct t_host *h = &t->hosts[i];

    *ret = (struct plan_host){.is_server = true,
                              .role = ROLE_JOINS,
                              .managed = true,
                              .digest = t->digests[BIN_NEW][h->arch],
                              .before = t->digests[BIN_OLD][h->arch]};
    str_cut(ret->key, sizeof(ret->key), h->key);
    str_cut(ret->name, sizeof(ret->name), h->name);
    str_cut(ret->region, sizeof(ret->region), t->regions[h->region].name);
    str_cut(ret->os, sizeof(ret->os), "linux");
    str_cut(ret->arch, sizeof(ret->arch), t_arch_names[h->arch]);
}

/* First the servers that join, then the servers that leave in the order of the upgrade, the
 * leader last. */
static void take_hosts(const struct truth *t, struct plan *p)
{
    const struct plan_host *was = p->hosts;
    size_t n_was = p->n_servers;

    p->hosts = arena_array(&p->arena, T_HOSTS, sizeof(*p->hosts));
    p->n_hosts = 0;
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].role == ROLE_JOINS)
            make_new_host(t, i, &p->hosts[p->n_hosts++]);
    for (size_t k = 0; k < n_was; k++) {
        if (t->hosts[t_host_of(t, was[k].key)].role != ROLE_LEAVES)
            continue;
        p->hosts[p->n_hosts] = was[k];
        p->hosts[p->n_hosts].dead = t->hosts[t_host_of(t, was[k].key)].dead;
        p->hosts[p->n_hosts++].role = ROLE_LEAVES;
    }
}

int t_replace_plan(struct truth *t, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;

    take_hosts(t, &t->plan);
    t->plan.replaces = true;
    plan_text(&t->plan, &text);
    plan_free(&t->plan);
    return plan_read(buf_str(&text), text.len, built_in(), &t->plan, err);
}

void t_replace_row(const struct truth *t, int i, struct host *h)
{
    const struct t_host *th = &t->hosts[i];

    h->joins = true;
    h->is_server = th->listed;
    h->name = th->listed ? th->name : t->addresses[i];
    h->region = th->listed ? t->regions[th->region].name : "";
    h->server_id = th->listed ? th->id : "";
}

/* ---- the agent ---- */

static enum refusal stop_nomad(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (!h->up)
        return h->stop_obeyed ? REFUSAL_NONE : REFUSAL_PHASE;
    if (t->now - h->agent.last_swap_ms < GAP_MS)
        return REFUSAL_GAP;
    enum refusal r = t_quorum(t, host);
    if (r != REFUSAL_NONE)
        return r;
    t_moment(t, MOMENT_STOPPED, host);
    h->stop_obeyed = true;
    h->agent.last_swap_ms = t->now;
    if (h->stop_hangs)
        return REFUSAL_NONE;
    t_schedule(t, t_between(t, 50, 3000), T_END, host, h->life, -1, 0);
    if (h->leaves_itself)
        t_schedule(t, LEFT_MS, T_LEFT, host, h->life, -1, 1);
    return REFUSAL_NONE;
}

enum refusal t_service_order(struct truth *t, int host, enum service_op op)
{
    struct t_host *h = &t->hosts[host];

    if (t_agent_works(t, host))
        return REFUSAL_BUSY;
    if (h->agent.held_by_root)
        return REFUSAL_HELD;
    if (op == SERVICE_STOP)
        return stop_nomad(t, host);
    if (op != SERVICE_ENABLE && op != SERVICE_DISABLE)
        return REFUSAL_UNSUPPORTED;
    h->enabled = op == SERVICE_ENABLE;
    if (!h->enabled && h->role == ROLE_LEAVES)
        t_moment(t, MOMENT_DISABLED, host);
    return REFUSAL_NONE;
}

/* ---- Nomad ---- */

int t_server_of(const struct truth *t, const char *id)
{
    for (int i = 0; i < t->n_hosts; i++)
        if (t->hosts[i].is_server && str_eq(t->hosts[i].id, id))
            return i;
    return -1;
}

/* The member leaves by itself when it stops, or other servers call it left after it has ended. */
void t_left(struct truth *t, struct t_host *h, int host)
{
    (void)host;
    t_say(t, "%s: has left", h->name);
    h->left = true;
    h->peer = h->voter = false;
}

void t_taken_back(struct truth *t, struct t_host *h, int host)
{
    if (!h->up || h->peer || h->left)
        return;
    t_say(t, "%s: is a raft peer again", h->name);
    h->peer = true;
    h->voter = false;
    t_schedule(t, t_between(t, 10000, 21000), T_PROMOTE, host, h->life, -1, 0);
}

bool t_remove_peer(struct truth *t, const char *id)
{
    int i = t_server_of(t, id);

    if (i < 0 || !t->hosts[i].peer)
        return false;
    t->hosts[i].peer = t->hosts[i].voter = false;
    if (t->hosts[i].up)
        t_schedule(t, TAKEN_BACK_MS, T_TAKEN_BACK, i, t->hosts[i].life, -1, 0);
    return true;
}

bool t_force_leave(struct truth *t, const char *member)
{
    for (int i = 0; i < t->n_hosts; i++) {
        struct t_host *h = &t->hosts[i];
        if (!h->is_server || !h->listed || !str_eq(h->member, member))
            continue;
        if (!h->up) /* a living member refutes it */
            t_schedule(t, h->failed ? 0 : t_between(t, FORCED_LEFT_MS, FORCED_LAST_MS), T_LEFT, i,
                       h->life, -1, 0);
        return true;
    }
    return false;
}
