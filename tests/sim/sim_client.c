#include "sim_client.h"
#include "str.h"

static void lose_tasks(struct sim_node *n)
{
    for (int i = 0; i < SIM_ALLOCS_MAX; i++) {
        struct sim_task *t = &n->durable.tasks[i];
        if (!t->used || t->status != SIM_RUNNING)
            continue;
        t->restarts++;
        t->started_ms = n->now;
        t->told = false;
        t->pid = -t->pid; /* the shell ends it and starts another */
    }
}

void sim_client_start(struct sim_node *n)
{
    struct sim_client *c = &n->client;
    memset(c, 0, sizeof(*c));
    c->register_due = n->api_ms + n->faults.late_register;
    c->beat_due = c->drivers_due = c->give_up_ms = INT64_MAX;
    c->tasks_due = n->api_ms;
    c->attributes_due = n->faults.attributes_lost != 0   ? INT64_MAX
                        : n->faults.attributes_late != 0 ? n->api_ms + n->faults.attributes_late
                                                         : n->now;
    for (int i = 0; i < n->cfg.n_join; i++)
        c->servers[c->n_servers++] = n->cfg.join[i];
    c->server = (int)sim_between(&n->rng, 0, MAX_OF(c->n_servers, 1));
    if (n->faults.lose_tasks != 0)
        lose_tasks(n);
}

static struct sim_message to_server(struct sim_node *n, enum sim_message_kind kind)
{
    struct sim_client *c = &n->client;
    struct sim_addr to = c->n_servers > 0 ? c->servers[c->server % c->n_servers] : sim_node_addr(n);
    return sim_node_message(n, kind, to);
}

static void ask_next_server(struct sim_node *n)
{
    struct sim_client *c = &n->client;
    c->server = c->n_servers > 0 ? (c->server + 1) % c->n_servers : 0;
}

/* Registers. Without an answer it tries the next server after a second, for hold_ms; then it waits
 * retry_ms, as Nomad does. */
static void register_node(struct sim_node *n)
{
    struct sim_client *c = &n->client;
    if (c->give_up_ms == INT64_MAX)
        c->give_up_ms = n->now + n->cfg.timing.hold_ms;
    if (n->now >= c->give_up_ms) {
        int64_t wait = n->cfg.timing.retry_ms;
        c->register_due = n->now + sim_between(&n->rng, wait, 2 * wait);
        c->give_up_ms = INT64_MAX;
        return;
    }
    struct sim_message m = to_server(n, SIM_MSG_REGISTER);
    struct sim_client_info *i = &m.u.enlist;
    memset(i, 0, sizeof(*i));
    i->id = n->durable.client_id;
    i->addr = sim_node_addr(n);
    i->http_port = n->cfg.http_port;
    i->tls = n->cfg.tls;
    i->drivers_healthy = c->drivers_healthy;
    i->incarnation = n->durable.incarnation;
    i->bare = n->now < c->attributes_due;
    i->ineligible = n->faults.ineligible != 0;
    i->drained = n->faults.drained_by_stop != 0;
    memcpy(i->name, n->cfg.name, sizeof(i->name));
    memcpy(i->region, n->cfg.region, sizeof(i->region));
    memcpy(i->dc, n->cfg.dc, sizeof(i->dc));
    memcpy(i->node_class, n->cfg.node_class, sizeof(i->node_class));
    if (n->faults.other_class != 0)
        str_cut(i->node_class, sizeof(i->node_class), "other");
    memcpy(i->version, n->cfg.version, sizeof(i->version));
    sim_node_say(n, &m);
    c->register_due = n->now + MIN_OF(1000, n->cfg.timing.hold_ms / 5);
    ask_next_server(n);
}

static void send_beat(struct sim_node *n)
{
    struct sim_client *c = &n->client;
    struct sim_message m = to_server(n, SIM_MSG_BEAT);
    m.u.beat =
        (struct sim_beat){n->durable.client_id, c->drivers_healthy, n->now < c->attributes_due};
    sim_node_say(n, &m);
    c->asked_ms = n->now;
    c->beat_due = n->now + 1000; /* without an answer until then the client asks another server */
    ask_next_server(n);
}

void sim_client_grant(struct sim_node *n, const struct sim_message *m)
{
    const struct sim_grant *g = &m->u.grant;
    struct sim_client *c = &n->client;
    if (g->unknown) {
        c->registered = false;
        c->register_due = n->now;
        return;
    }
    c->ttl_ms = g->ttl_ms;
    c->last_beat_ms = n->now;
    c->n_servers = MIN_OF(g->n, SIM_SERVERS_MAX);
    memcpy(c->servers, g->servers, sizeof(c->servers));
    c->beat_due = n->now + g->ttl_ms;
    if (!g->registered || c->registered)
        return;
    c->registered = true;
    c->register_due = INT64_MAX;
    c->beat_due = n->now + n->cfg.timing.init_ms;
    c->drivers_due = n->faults.drivers_sick != 0 ? INT64_MAX : n->now + n->cfg.timing.drivers_ms;
    for (int i = 0; i < SIM_ALLOCS_MAX; i++)
        n->durable.tasks[i].told = false;
    c->tasks_due = n->now;
}

/* ---- tasks ---- */

static struct sim_task *task_of(struct sim_node *n, const struct sim_id *alloc)
{
    for (int i = 0; i < SIM_ALLOCS_MAX; i++)
        if (n->durable.tasks[i].used && sim_id_eq(&n->durable.tasks[i].alloc, alloc))
            return &n->durable.tasks[i];
    return NULL;
}

/* A place for a new task: a free one, or that of an ended task whose end the servers know. */
static struct sim_task *free_task(struct sim_node *n)
{
    for (int i = 0; i < SIM_ALLOCS_MAX; i++)
        if (!n->durable.tasks[i].used)
            return &n->durable.tasks[i];
    for (int i = 0; i < SIM_ALLOCS_MAX; i++)
        if (n->durable.tasks[i].status == SIM_COMPLETE && n->durable.tasks[i].told)
            return &n->durable.tasks[i];
    return NULL;
}

void sim_client_order(struct sim_node *n, const struct sim_message *m)
{
    const struct sim_order *o = &m->u.order;
    struct sim_task *t = task_of(n, &o->alloc);
    if (t == NULL) {
        t = free_task(n);
        if (t == NULL)
            return;
        *t = (struct sim_task){.alloc = o->alloc, .slot = o->slot, .used = true};
        t->status = o->stop ? SIM_COMPLETE : SIM_PENDING;
        t->due_ms = o->stop ? 0 : n->now + n->cfg.timing.task_start_ms;
    }
    bool hangs = n->faults.drain_hangs != 0 && !o->force;
    if (o->stop && !t->stop && !hangs) {
        t->stop = true;
        if (t->status <= SIM_RUNNING)
            t->due_ms = n->now + n->cfg.timing.task_start_ms;
    } else if (o->stop || t->status == SIM_RUNNING) {
        t->told = false; /* the leader may not know the state: report it again */
    }
    n->client.tasks_due = n->now;
    n->dirty = true;
}

static void report_task(struct sim_node *n, const struct sim_task *t)
{
    struct sim_message m = to_server(n, SIM_MSG_TASKS);
    m.u.tasks = (struct sim_tasks){.node = n->durable.client_id,
                                   .alloc = t->alloc,
                                   .status = t->status,
                                   .started_ms = t->started_ms,
                                   .finished_ms = t->finished_ms,
                                   .restarts = t->restarts};
    sim_node_say(n, &m);
}

void sim_client_told(struct sim_node *n, const struct sim_message *m)
{
    struct sim_task *t = task_of(n, &m->u.tasks.alloc);
    if (t != NULL && t->status == m->u.tasks.status && t->started_ms == m->u.tasks.started_ms)
        t->told = true;
}

static void tend_tasks(struct sim_node *n)
{
    int64_t due = INT64_MAX;
    for (int i = 0; i < SIM_ALLOCS_MAX && n->durable.tasks[i].used; i++) {
        struct sim_task *t = &n->durable.tasks[i];
        if (t->due_ms != 0 && n->now >= t->due_ms) {
            t->status = t->stop ? SIM_COMPLETE : SIM_RUNNING;
            *(t->stop ? &t->finished_ms : &t->started_ms) = n->now;
            t->due_ms = 0;
            t->told = false;
            n->dirty = true;
        }
        if (t->due_ms != 0)
            due = MIN_OF(due, t->due_ms);
        if (!t->told && n->client.registered) {
            report_task(n, t);
            due = MIN_OF(due, n->now + 500);
        }
    }
    n->client.tasks_due = due;
}

void sim_client_tick(struct sim_node *n)
{
    struct sim_client *c = &n->client;
    if (n->now < n->api_ms)
        return;
    if (!c->registered && n->now >= c->register_due)
        register_node(n);
    if (c->registered && n->now >= c->drivers_due) {
        c->drivers_healthy = true;
        c->drivers_due = INT64_MAX;
        c->beat_due = n->now;
    }
    if (c->registered && c->bare && n->now >= c->attributes_due)
        c->beat_due = n->now;
    c->bare = n->now < c->attributes_due;
    if (c->registered && n->now >= c->beat_due)
        send_beat(n);
    if (n->now >= c->tasks_due)
        tend_tasks(n);
}

int64_t sim_client_due(const struct sim_node *n)
{
    const struct sim_client *c = &n->client;
    int64_t due = c->registered ? MIN_OF(c->beat_due, c->drivers_due) : c->register_due;
    if (c->bare)
        due = MIN_OF(due, c->attributes_due);
    return MAX_OF(MIN_OF(due, c->tasks_due), n->api_ms);
}
