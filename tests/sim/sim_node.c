#include "sim_node.h"
#include "sim_autopilot.h"
#include "sim_client.h"
#include "sim_fleet.h"
#include "sim_raft.h"
#include "sim_serf.h"
#include "str.h"

#define NET_LEAD_MS 20 /* gossip and raft begin this long before a server's API opens */

void sim_node_init(struct sim_node *n, const struct sim_config *cfg, uint64_t seed)
{
    memset(n, 0, sizeof(*n));
    n->cfg = *cfg;
    n->rng = seed != 0 ? seed : 1;
    sim_state_init(&n->durable.state);
    sim_id_random(&n->rng, &n->durable.server_id);
    sim_id_random(&n->rng, &n->durable.client_id);
}

void sim_node_free(struct sim_node *n)
{
    sim_state_free(&n->durable.state);
    free(n->fleet.deadline);
    free(n->out.items);
    memset(n, 0, sizeof(*n));
}

struct sim_addr sim_node_addr(const struct sim_node *n)
{
    return (struct sim_addr){n->cfg.ip, n->cfg.serf_port};
}

void sim_node_say(struct sim_node *n, const struct sim_message *m)
{
    struct sim_outbox *o = &n->out;
    if (o->n == o->cap) {
        o->cap = o->cap > 0 ? o->cap * 2 : 16;
        o->items = xrealloc(o->items, (size_t)o->cap * sizeof(*o->items));
    }
    memcpy(&o->items[o->n++], m, sim_message_size(m));
}

const struct sim_message *sim_node_sent(struct sim_node *n, int *ret_n)
{
    *ret_n = n->out.n;
    n->out.n = 0;
    return n->out.items;
}

bool sim_node_api(const struct sim_node *n)
{
    return n->running && n->now >= n->api_ms;
}

static void end_node_process(struct sim_node *n, int status, const char *text)
{
    sim_node_stop(n);
    n->exited = true;
    n->exit_status = status;
    str_cut(n->exit_text, sizeof(n->exit_text), text);
}

void sim_node_start(struct sim_node *n, int64_t now)
{
    int64_t took = n->cfg.client ? n->cfg.timing.start_ms : n->cfg.timing.restore_ms;
    n->now = n->started_ms = now;
    n->running = true;
    n->exited = false;
    n->leaving_ms = 0;
    n->api_ms = now + took + n->faults.slow_restore;
    n->durable.incarnation++;
    n->dirty = true;
    n->out.n = 0;
    memset(n->tickets, 0, sizeof(n->tickets));
    memset(&n->autopilot, 0, sizeof(n->autopilot));
    if (n->faults.will_not_start != 0) {
        end_node_process(n, 1, "Error starting agent: server setup failed: fault will-not-start");
        return;
    }
    if (n->faults.lose_state != 0)
        sim_state_lose(&n->durable.state);
    if (n->cfg.server) {
        sim_serf_start(n);
        sim_raft_start(n);
    }
    if (n->cfg.client)
        sim_client_start(n);
}

void sim_node_stop(struct sim_node *n)
{
    n->running = false;
    n->out.n = 0;
    n->raft.role = SIM_FOLLOWER;
}

void sim_node_leave(struct sim_node *n, int64_t now)
{
    n->now = now;
    if (!n->running || !n->cfg.server || n->leaving_ms != 0)
        return;
    n->leaving_ms = now;
    if (n->raft.role == SIM_LEADER && n->raft.n > 1) {
        sim_replicate_remove(n, sim_node_addr(n));
        sim_raft_follow(n, (struct sim_addr){0, 0});
    }
    sim_serf_leaving(n, &n->serf.members[0]);
}

static void leave_tick(struct sim_node *n)
{
    int64_t step = n->cfg.timing.leave_ms;
    if (n->leaving_ms == 0 || n->now < n->leaving_ms + step)
        return;
    if (n->serf.members[0].status == SIM_LEAVING)
        sim_serf_left(n, &n->serf.members[0]);
    else if (n->now >= n->leaving_ms + 3 * step)
        end_node_process(n, 0, "it has left");
}

static int64_t leave_due(const struct sim_node *n)
{
    int64_t step = n->cfg.timing.leave_ms;
    if (n->leaving_ms == 0)
        return INT64_MAX;
    return n->leaving_ms + (n->serf.members[0].status == SIM_LEAVING ? step : 3 * step);
}

/* When the network opens: a server that restores its state neither receives nor sends messages. */
static int64_t net_ms(const struct sim_node *n)
{
    return n->cfg.server ? MAX_OF(n->api_ms - NET_LEAD_MS, n->started_ms) : n->started_ms;
}

static void hear_grant(struct sim_node *n, const struct sim_message *m)
{
    if (n->cfg.client)
        sim_client_grant(n, m);
}

static void hear_order(struct sim_node *n, const struct sim_message *m)
{
    if (n->cfg.client)
        sim_client_order(n, m);
}

static void hear_told(struct sim_node *n, const struct sim_message *m)
{
    if (n->cfg.client)
        sim_client_told(n, m);
}

static struct sim_ticket *ticket_of(struct sim_node *n, uint32_t number)
{
    for (int i = 0; i < SIM_TICKETS_MAX; i++)
        if (n->tickets[i].number == number)
            return &n->tickets[i];
    return NULL;
}

static void hear_write(struct sim_node *n, const struct sim_message *m)
{
    struct sim_message reply = sim_node_message(n, SIM_MSG_WROTE, m->from);
    reply.u.wrote.ticket = m->u.write.ticket;
    if (n->raft.role != SIM_LEADER)
        return;
    memset(&reply.u.wrote.written, 0, sizeof(reply.u.wrote.written));
    reply.u.wrote.written.status = 200;
    sim_fleet_write(n, &m->u.write.write, &reply.u.wrote.written);
    sim_node_say(n, &reply);
}

static void hear_wrote(struct sim_node *n, const struct sim_message *m)
{
    struct sim_ticket *t = m->u.wrote.ticket != 0 ? ticket_of(n, m->u.wrote.ticket) : NULL;
    if (t == NULL)
        return;
    t->written = m->u.wrote.written;
    t->wait_index = t->written.index;
    t->done = t->passed_on = true;
}

struct hears {
    void (*fn)(struct sim_node *n, const struct sim_message *m);
    bool server; /* for servers only */
};

void sim_node_receive(struct sim_node *n, const struct sim_message *m, int64_t now)
{
    static const struct hears table[SIM_MSG_COUNT] = {
        [SIM_MSG_ALIVE] = {sim_serf_alive, true},
        [SIM_MSG_TELL] = {sim_serf_tell, true},
        [SIM_MSG_APPEND] = {sim_raft_append, true},
        [SIM_MSG_APPENDED] = {sim_replicate_appended, true},
        [SIM_MSG_VOTE_ASK] = {sim_raft_vote_ask, true},
        [SIM_MSG_VOTE] = {sim_raft_vote, true},
        [SIM_MSG_LEAD_NOW] = {sim_raft_lead_now, true},
        [SIM_MSG_HEALTH] = {sim_autopilot_receive, true},
        [SIM_MSG_WRITE] = {hear_write, true},
        [SIM_MSG_WROTE] = {hear_wrote, true},
        [SIM_MSG_REGISTER] = {sim_fleet_register, true},
        [SIM_MSG_BEAT] = {sim_fleet_beat, true},
        [SIM_MSG_GRANT] = {hear_grant, false},
        [SIM_MSG_ORDER] = {hear_order, false},
        [SIM_MSG_TASKS] = {sim_fleet_tasks, true},
        [SIM_MSG_TOLD] = {hear_told, false},
    };
    n->now = MAX_OF(n->now, now);
    if (!n->running || n->now < net_ms(n) || m->kind >= SIM_MSG_COUNT)
        return;
    if (n->cfg.server || !table[m->kind].server)
        table[m->kind].fn(n, m);
}

void sim_node_tick(struct sim_node *n, int64_t now)
{
    n->now = MAX_OF(n->now, now);
    if (!n->running)
        return;
    if (n->faults.crash_after > 0 && n->now >= n->started_ms + n->faults.crash_after) {
        end_node_process(n, 2, "panic: runtime error: fault crash-after");
        return;
    }
    if (n->now < net_ms(n))
        return;
    if (n->cfg.server) {
        sim_serf_tick(n);
        sim_raft_tick(n);
        sim_autopilot_tick(n);
        sim_fleet_tick(n);
        leave_tick(n);
    }
    if (n->cfg.client && n->running)
        sim_client_tick(n);
}

int64_t sim_node_due(const struct sim_node *n)
{
    int64_t due = INT64_MAX;
    if (!n->running)
        return due;
    if (n->cfg.server) {
        due = MIN_OF(n->serf.probe_due, sim_raft_due(n));
        due = MIN_OF(due, sim_autopilot_due(n));
        due = MIN_OF(due, sim_fleet_due(n));
        due = MIN_OF(due, leave_due(n));
    }
    if (n->cfg.client)
        due = MIN_OF(due, sim_client_due(n));
    due = MAX_OF(due, net_ms(n));
    if (n->now < n->api_ms)
        due = MIN_OF(due, MAX_OF(n->api_ms, n->now + 1));
    if (n->faults.crash_after > 0)
        due = MIN_OF(due, n->started_ms + n->faults.crash_after);
    return due;
}

/* ---- writes ---- */

uint32_t sim_node_write(struct sim_node *n, const struct sim_write *w)
{
    struct sim_ticket *t = ticket_of(n, 0);
    if (t == NULL || n->raft.leader.ip == 0)
        return 0;
    n->last_ticket = n->last_ticket + 1 != 0 ? n->last_ticket + 1 : 1;
    *t = (struct sim_ticket){.number = n->last_ticket, .begun_ms = n->now};
    t->written.status = 200;
    if (n->raft.role == SIM_LEADER) {
        sim_fleet_write(n, w, &t->written);
        t->wait_index = t->written.index;
        t->done = true;
    } else {
        struct sim_message m = sim_node_message(n, SIM_MSG_WRITE, n->raft.leader);
        m.u.write.ticket = t->number;
        m.u.write.write = *w;
        sim_node_say(n, &m);
    }
    return t->number;
}

int sim_node_written(struct sim_node *n, uint32_t ticket, struct sim_written *ret)
{
    struct sim_ticket *t = ticket_of(n, ticket);
    bool late = t != NULL && n->now >= t->begun_ms + n->cfg.timing.hold_ms;
    bool seen = t != NULL && t->done && t->wait_index <= n->raft.commit;
    if (t != NULL && !seen && !late)
        return 0;
    if (t == NULL || (!seen && !t->passed_on)) {
        *ret = (struct sim_written){.status = 500};
        str_cut(ret->text, sizeof(ret->text), "rpc error: leadership lost while committing log");
    } else {
        *ret = t->written;
    }
    if (t != NULL)
        t->number = 0;
    return 1;
}
