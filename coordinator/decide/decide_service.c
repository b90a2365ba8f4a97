/* A host that joins or leaves, by orders to its service. The unit of a new server is enabled
 * when the server votes. A server that leaves, or has failed to join, is disabled, stopped and
 * taken out of the cluster.
 *
 * The agent reports what the service does. The cluster shows what is left of the server. The
 * peer and the member are removed only after the process has ended: the agent reports that, or,
 * if the agent reports nothing any more, all other servers do. */
#include "decide.h"

#include "raft_view.h"

/* If Nomad does not show what it was asked for, Caravan asks again after this time, in
 * milliseconds. Raft shows the change at once. A member that is not known to have failed is
 * `left` after 37 to 63 s (measured with 1.10.1). */
#define PEER_AGAIN_MS   20000
#define MEMBER_AGAIN_MS 70000
#define REMOVALS_MAX    20

struct turn {
    const struct situation *s;
    struct decision *d;
    size_t i;
    const struct ledger_host *lh;
    const struct plan_host *p;
    const struct host *h; /* NULL: this observation does not contain the host */
    struct raft_view view;
    struct gate_result unused;
};

static bool was_to_join(const struct turn *t)
{
    return t->p->role == ROLE_JOINS;
}

static bool is_run_to_end(const struct turn *t)
{
    return t->s->ledger->ending != RUN_NONE || t->s->ledger->state == RUN_ABORTING;
}

/* Returns the agent's hello, asked after the last order there; NULL: the agent gave no such
 * answer. */
static const struct receipt_hello *fresh_hello(const struct turn *t)
{
    const struct agent_view *a = t->h != NULL ? &t->h->agent : NULL;

    if (a == NULL || host_disagrees(t->h, t->s->now) != NULL || a->hello_at <= t->lh->effect_ms)
        return NULL;
    return &a->hello;
}

/* ---- orders ---- */

static bool is_order_pending(const struct turn *t)
{
    return t->lh->order == MSG_SERVICE && !t->lh->answered;
}

static bool is_order_accepted(const struct turn *t)
{
    return t->lh->order == MSG_SERVICE && t->lh->answered && t->lh->refusal == REFUSAL_NONE;
}

/* The run sends the same bytes once more after start_by of the order has passed. The host does
 * not carry them out then, and only answers. */
static void wait_for_answer(const struct turn *t)
{
    if (order_is_void(t->s, t->d, t->i))
        return;
    if (call_due(&t->lh->call, t->s->now) && t->s->now - t->lh->ordered_ms > SWAP_BY_MS)
        intent_new(t->d, INTENT_RESEND, t->lh->key);
    (void)swap_is_dead(t->s, t->d, t->i);
    waiting_for(t->d, REASON_RETRY, t->lh->key, "%s (%s): no answer to the order yet (%u %s)",
                t->p->name, host_state_name(t->lh->state), t->lh->call.failures,
                str_count(t->lh->call.failures, "try", "tries"));
}

static void give_service_order(const struct turn *t, enum service_op op)
{
    const char *why = host_disagrees(t->h, t->s->now);

    if (!t->s->lease->majority || t->s->lease->taken)
        waiting_for(t->d, REASON_LEASE, t->lh->key, "%s", t->s->lease->text);
    else if (why != NULL)
        waiting_for(t->d, REASON_OBSERVE, t->lh->key, "%s: %s", t->p->name, why);
    else if (t->s->lease->claims[t->i] != CLAIM_HELD)
        waiting_for(t->d, REASON_LEASE, t->lh->key, "%s: this run does not hold its lease",
                    t->p->name);
    else if (!call_due(&t->lh->call, t->s->now))
        waiting_for(t->d, REASON_RETRY, t->lh->key, "%s: %s", t->p->name, t->lh->text);
    else
        intent_new(t->d, INTENT_SERVICE, t->lh->key)->service = op;
}

/* Changes the state and keeps the text that the turn is to end with (intents.c). */
static void mark_state(const struct turn *t, enum host_state state)
{
    intent_new(t->d, INTENT_MARK, t->lh->key)->state = state;
}

static void conclude_service_failed(const struct turn *t, const char *why)
{
    intend_conclude(t->s, t->d, t->i, OUTCOME_LEFT, FAILURE_SERVICE, "%s: %s",
                    failure_name(FAILURE_SERVICE), why);
}

/* ---- a server that is gone by all other servers ---- */

static const char *raft_id(const struct turn *t)
{
    if (t->h == NULL)
        return t->p->key; /* the key of a server that leaves is its raft id */
    return t->h->server_id[0] != '\0' ? t->h->server_id : t->h->agent.hello.server_id;
}

/* True if every other server of the region, asked just now, lists this server as failed or left.
 * If no server lists a new server, that proves nothing: its Nomad may run and reach no server. */
static bool is_dead_by_all(const struct turn *t)
{
    size_t asked = 0;

    for (size_t i = 0; i < t->view.n; i++) {
        const struct host *by = t->view.servers[i];
        if (by == t->h || t->view.without[i])
            continue;
        enum member_status is = raft_view_member_status(&by->server, raft_id(t));
        bool dead =
            is == MEMBER_FAILED || is == MEMBER_LEFT || (is == MEMBER_NONE && !was_to_join(t));
        if (!is_fresh(by->server.members_at, t->s->now) || !dead)
            return false;
        asked++;
    }
    return asked > 0;
}

static bool is_dead_without_agent(const struct turn *t)
{
    if (t->h == NULL)
        return region_has_left(t->s->world, t->p->region, raft_id(t), t->s->now);
    return !is_fresh(t->h->agent.hello_at, t->s->now) && is_dead_by_all(t);
}

static const char *member_name(const struct turn *t)
{
    for (size_t i = 0; i < t->view.n; i++) {
        const struct server_view *v = &t->view.servers[i]->server;
        for (size_t k = 0; t->view.servers[i] != t->h && k < v->n_members; k++)
            if (str_eq(v->members[k].id, raft_id(t)))
                return v->members[k].name;
    }
    return "";
}

/* ---- removal from the cluster ---- */

static bool is_just_asked(const struct turn *t, enum effect_kind kind)
{
    const struct effect *e = ledger_effect_last(t->s->ledger, kind, t->lh->key);
    int64_t again = kind == EFFECT_REMOVE_PEER ? PEER_AGAIN_MS : MEMBER_AGAIN_MS;

    return e != NULL && (!effect_finished(e) || (e->done_ms > 0 && t->s->now - e->done_ms < again));
}

static void take_out(const struct turn *t, enum effect_kind kind, const char *what)
{
    bool peer = kind == EFFECT_REMOVE_PEER;

    if (t->lh->attempts >= REMOVALS_MAX) {
        conclude_service_failed(t, peer ? "its peer stays in the raft configuration"
                                        : "the other servers do not list it as left");
    } else if (what[0] == '\0' || is_just_asked(t, kind) || t->s->lease->taken ||
               !t->s->lease->majority) {
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key, "%s: its Nomad has ended; %s", t->p->name,
                    peer ? "Caravan removes its peer from raft"
                         : "not every server lists it as left yet");
    } else {
        struct intent *in =
            intent_new(t->d, peer ? INTENT_REMOVE_PEER : INTENT_FORCE_LEAVE, t->lh->key);
        str_cut(in->member, sizeof(in->member), what);
    }
}

static void conclude_removed(const struct turn *t)
{
    struct intent *in;

    if (!regions_settled(t->s, t->d, t->lh->effect_ms))
        return;
    if (was_to_join(t)) {
        mark_state(t, t->lh->failure != FAILURE_NONE ? HOST_FAILED : HOST_GONE);
        return;
    }
    in = intend_conclude(
        t->s, t->d, t->i, OUTCOME_SETTLED, FAILURE_NONE, "%s",
        t->p->dead ? "has left the cluster; it was dead, so its unit is not disabled: keep it off"
                   : "has left the cluster");
    in->state = HOST_DONE;
}

/* No order changed a dead server. So until its peer is removed, it may as well stay. True: its
 * turn ends, or waits. */
static bool stop_dead_turn(const struct turn *t)
{
    if (!t->p->dead)
        return false;
    if (dead_server_lives(t->s, t->i))
        conclude_service_failed(t, "it was accepted as dead, but it is alive");
    else if (is_run_to_end(t) && t->lh->attempts == 0)
        intend_mark(t->d, t->lh->key, HOST_PENDING, "not begun: the run ended");
    else
        return false;
    return true;
}

static void step_leaving(const struct turn *t)
{
    const struct receipt_hello *hello = fresh_hello(t);
    bool ended = hello != NULL ? hello->stamp.main_pid == 0 : is_dead_without_agent(t);
    bool left = region_has_left(t->s->world, t->p->region, raft_id(t), t->s->now);
    enum tri peer = region_has_peer(t->s->world, t->p->region, raft_id(t), t->s->now);

    if (stop_dead_turn(t))
        return;
    if (hello != NULL && !ended)
        conclude_service_failed(
            t, "its Nomad runs again, after it was stopped: somebody has started it");
    else if (peer == TRI_UNKNOWN)
        waiting_for(t->d, REASON_GATE_UNKNOWN, t->lh->key,
                    "%s: the raft configuration could not be read", t->p->name);
    else if (peer == TRI_NO && left)
        conclude_removed(t);
    else if (!ended)
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key,
                    "%s: its agent does not report whether its Nomad has ended", t->p->name);
    else if (peer == TRI_YES)
        take_out(t, EFFECT_REMOVE_PEER, raft_id(t));
    else
        take_out(t, EFFECT_FORCE_LEAVE, member_name(t));
}

/* ---- stopped ---- */

/* True if an order has ended its Nomad, or there was nothing to end. A Nomad that starts again
 * by itself has not ended. */
static bool has_nomad_ended(const struct turn *t)
{
    const struct receipt_hello *hello = fresh_hello(t);
    bool nothing =
        t->lh->order == MSG_SERVICE && t->lh->answered && t->lh->refusal == REFUSAL_PHASE;

    return hello != NULL && hello->stamp.main_pid == 0 && (is_order_accepted(t) || nothing);
}

static bool may_stop_nomad(const struct turn *t)
{
    struct gate_result g =
        gate_quorum(t->s->world, t->s->plan, t->s->ledger, t->lh->key, t->s->now);

    if (g.kind != GATE_PASS)
        waiting_for(t->d, reason_of(g.kind), t->lh->key, "%s", g.text);
    return g.kind == GATE_PASS &&
           (was_to_join(t) ||
            (may_begin(t->s, t->d) && region_is_well(t->s, t->d, t->lh->key, t->p->region)));
}

/* True if the server came to lead after its turn began, while other servers are to leave before
 * the leader. */
static bool is_leading_too_early(const struct turn *t)
{
    bool others = false;

    for (size_t i = 0; i < t->s->plan->n_servers; i++) {
        const struct plan_host *p = &t->s->plan->hosts[i];
        others = others || (i != t->i && p->role == ROLE_LEAVES &&
                            !host_finished(t->s->ledger->hosts[i].state) &&
                            !region_has_left(t->s->world, p->region, p->key, t->s->now));
    }
    return others &&
           region_leader(t->s->world, t->s->plan, t->s->ledger, t->p->region, t->s->now) == t->h;
}

/* True if the agent reports that this order failed and Nomad still runs. An older agent does not
 * report this; then the patience of the run ends the wait. */
static bool has_stop_failed(const struct turn *t)
{
    const struct fact_view *f = t->h != NULL ? agent_fact(&t->h->agent, "stop-failed") : NULL;
    uint64_t order = 0;

    return f != NULL && f->value == TRI_YES && str_to_u64(f->text, UINT64_MAX, &order) == 0 &&
           order == t->lh->call.sequence && t->h->agent.status_at > t->lh->effect_ms;
}

static void step_stopping(const struct turn *t)
{
    if (has_nomad_ended(t) || is_dead_without_agent(t))
        mark_state(t, HOST_LEAVING);
    else if (is_order_pending(t))
        wait_for_answer(t);
    else if (is_order_accepted(t) && has_stop_failed(t))
        conclude_service_failed(t, "its Nomad could not be stopped and still runs");
    else if (is_order_accepted(t))
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key, "%s: its Nomad is being stopped",
                    t->p->name);
    else if (!was_to_join(t) && (is_run_to_end(t) || is_leading_too_early(t)))
        mark_state(t, HOST_ENABLING);
    else if (may_stop_nomad(t))
        give_service_order(t, SERVICE_STOP);
}

/* ---- whether Nomad starts with the machine ---- */

/* True if the receipt says that the unit was changed and read back. If the agent reports facts,
 * they must agree. */
static bool is_enabled_as(const struct turn *t, enum tri enabled)
{
    const struct agent_view *a = t->h != NULL ? &t->h->agent : NULL;

    if (!is_order_accepted(t) || a == NULL || a->status_at <= t->lh->effect_ms)
        return false;
    const struct fact_view *f = agent_fact(a, "unit-enabled");
    return f == NULL || f->value == enabled;
}

static const char *silence_text(const struct turn *t)
{
    return t->h == NULL || !is_fresh(t->h->agent.hello_at, t->s->now)
               ? ", when its agent answers again"
               : "";
}

static void step_disabling(const struct turn *t)
{
    if (is_dead_without_agent(t))
        mark_state(t, HOST_LEAVING);
    else if (is_order_pending(t))
        wait_for_answer(t);
    else if (!was_to_join(t) && is_run_to_end(t))
        mark_state(t, HOST_ENABLING);
    else if (is_enabled_as(t, TRI_NO))
        mark_state(t, HOST_STOPPING);
    else if (is_order_accepted(t))
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key,
                    "%s: Caravan reads back that its unit is disabled%s", t->p->name,
                    silence_text(t));
    else
        give_service_order(t, SERVICE_DISABLE);
}

bool join_has_ended(const struct situation *s, size_t i)
{
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = world_host(s->world, p->key);

    if (p->role != ROLE_JOINS || h == NULL || host_disagrees(h, s->now) != NULL ||
        h->agent.hello_at <= s->ledger->hosts[i].effect_ms || h->agent.hello.stamp.main_pid != 0)
        return false;
    struct member_words n = region_words(s->world, p->region, h->agent.hello.server_id, s->now);
    return n.lists > 0 && n.alive == 0;
}

/* The server voted and ended before its unit was enabled, so it does not start again by itself. */
static void conclude_ended_early(const struct turn *t)
{
    intend_conclude(t->s, t->d, t->i, OUTCOME_LEFT, FAILURE_SERVICE,
                    "%s: its Nomad voted and then ended, before its unit was known to be enabled",
                    failure_name(FAILURE_SERVICE));
    undo_failed_join(t->s, t->d, t->i);
}

/* Enabling may have taken long. So the newest observation must show that this server and all
 * others are well. */
static void conclude_joined(const struct turn *t)
{
    if (t->lh->outcome == OUTCOME_LEFT) /* the run was aborted, and the server stays */
        mark_state(t, HOST_FAILED);
    else if (region_is_well(t->s, t->d, t->lh->key, t->p->region))
        intend_conclude(t->s, t->d, t->i, OUTCOME_SETTLED, FAILURE_NONE, "has joined as %s",
                        t->h->name);
}

static void step_enabling(const struct turn *t)
{
    if (is_order_pending(t))
        wait_for_answer(t);
    else if (join_has_ended(t->s, t->i))
        conclude_ended_early(t);
    else if (is_enabled_as(t, TRI_YES) && was_to_join(t))
        conclude_joined(t);
    else if (is_enabled_as(t, TRI_YES))
        intend_mark(t->d, t->lh->key, HOST_PENDING, "not begun: the run ended, or it leads now");
    else if (is_order_accepted(t))
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key,
                    "%s: Caravan reads back that its unit is enabled", t->p->name);
    else
        give_service_order(t, SERVICE_ENABLE);
}

void decide_service(const struct situation *s, struct decision *d, size_t i)
{
    static void (*const by_state[HOST_STATE_COUNT])(const struct turn *) = {
        [HOST_ENABLING] = step_enabling,
        [HOST_DISABLING] = step_disabling,
        [HOST_STOPPING] = step_stopping,
        [HOST_LEAVING] = step_leaving,
    };
    struct turn t = {.s = s,
                     .d = d,
                     .i = i,
                     .lh = &s->ledger->hosts[i],
                     .p = &s->plan->hosts[i],
                     .h = world_host(s->world, s->plan->hosts[i].key)};

    raft_view_init(&t.view, s->world, s->plan, s->ledger, t.p->region, s->now, &t.unused);
    by_state[t.lh->state](&t);
}

/* ---- a new server that has failed to join ---- */

bool server_is_needed(const struct situation *s, size_t i, char ret_why[static 120])
{
    const struct host *h = world_host(s->world, s->plan->hosts[i].key);
    struct gate_result unused;
    struct raft_view v;

    if (h == NULL || !h->is_server)
        return false;
    raft_view_init(&v, s->world, s->plan, s->ledger, h->region, s->now, &unused);
    if (raft_view_is_voter(&v, h) != TRI_YES)
        return false;
    raft_view_leave_out(&v, h);
    struct voter_count t = gate_voters(&v);
    snprintf(ret_why, 120, "without it %u of %u voters would be left, and %u are a quorum", t.asked,
             t.voters, quorum_of(t.voters));
    return t.unread == NULL && t.asked < quorum_of(t.voters);
}

void undo_failed_join(const struct situation *s, struct decision *d, size_t i)
{
    const char *key = s->plan->hosts[i].key;
    char why[120];

    for (size_t k = 0; k < d->n_intents; k++) {
        struct intent *in = &d->intents[k];
        if (in->kind != INTENT_MARK || in->state != HOST_FAILED || !str_eq(in->key, key) ||
            in->outcome == OUTCOME_NONE)
            continue;
        size_t len = strlen(in->text);
        if (server_is_needed(s, i, why)) {
            snprintf(in->text + len, sizeof(in->text) - len, "; it stays: %s", why);
            continue;
        }
        in->state = HOST_DISABLING;
        in->outcome = OUTCOME_UNDONE;
        snprintf(in->text + len, sizeof(in->text) - len, "; taken out again");
    }
}
