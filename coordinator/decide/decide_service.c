/* A host that joins or leaves, by orders to its service: enabled when it votes; disabled, stopped
 * and taken out of the cluster when it leaves, or has failed to join.
 *
 * Its agent says what the service does, the cluster what is left of the server. Only of a process
 * that has ended the peer and the member are removed: by its agent's word, or where that tells
 * nothing any more, by everybody's. */
#include "decide.h"

#include "raft_view.h"

/* What Nomad was asked for and does not show is asked for again: raft shows it at once, a member
 * that is not known to have failed is left after 37 to 63 s (measured, 1.10.1). */
#define PEER_AGAIN_MS   20000
#define MEMBER_AGAIN_MS 70000
#define REMOVALS_MAX    20

struct turn {
    const struct situation *s;
    struct decision *d;
    size_t i;
    const struct ledger_host *lh;
    const struct plan_host *p;
    const struct host *h; /* NULL: not in this observation */
    struct view view;
    struct gate_result unused;
};

static bool was_to_join(const struct turn *t)
{
    return t->p->role == ROLE_JOINS;
}

static bool run_ends(const struct turn *t)
{
    return t->s->ledger->ending != RUN_NONE || t->s->ledger->state == RUN_ABORTING;
}

/* Its agent's word, asked after whatever was last done there; NULL: it does not tell. */
static const struct receipt_hello *told(const struct turn *t)
{
    const struct agent_view *a = t->h != NULL ? &t->h->agent : NULL;

    if (a == NULL || host_disagrees(t->h, t->s->now) != NULL || a->hello_at <= t->lh->effect_ms)
        return NULL;
    return &a->hello;
}

/* ---- orders ---- */

static bool is_asked(const struct turn *t)
{
    return t->lh->order == MSG_SERVICE && !t->lh->answered;
}

static bool is_obeyed(const struct turn *t)
{
    return t->lh->order == MSG_SERVICE && t->lh->answered && t->lh->refusal == REFUSAL_NONE;
}

/* The same bytes once more, when they are too late to be obeyed: then they merely ask. */
static void wait_for_answer(const struct turn *t)
{
    if (order_is_void(t->s, t->d, t->i))
        return;
    if (call_due(&t->lh->call, t->s->now) && t->s->now - t->lh->ordered_ms > SWAP_BY_MS)
        intend(t->d, INTENT_RESEND, t->lh->key);
    (void)swap_is_dead(t->s, t->d, t->i);
    waiting_for(t->d, REASON_RETRY, t->lh->key, "%s (%s): no answer to the order yet (%u %s)",
                t->p->name, host_state_name(t->lh->state), t->lh->call.failures,
                str_count(t->lh->call.failures, "try", "tries"));
}

static void give_order(const struct turn *t, enum service_op op)
{
    const char *why = host_disagrees(t->h, t->s->now);

    if (!t->s->lease->majority || t->s->lease->taken)
        waiting_for(t->d, REASON_LEASE, t->lh->key, "%s", t->s->lease->text);
    else if (why != NULL)
        waiting_for(t->d, REASON_OBSERVE, t->lh->key, "%s: %s", t->p->name, why);
    else if (t->s->lease->claims[t->i] != CLAIM_HELD)
        waiting_for(t->d, REASON_LEASE, t->lh->key, "%s: its lease is not held", t->p->name);
    else if (!call_due(&t->lh->call, t->s->now))
        waiting_for(t->d, REASON_RETRY, t->lh->key, "%s: %s", t->p->name, t->lh->text);
    else
        intend(t->d, INTENT_SERVICE, t->lh->key)->service = op;
}

/* Without a text: what it is to end with stands (act.c). */
static void go_on(const struct turn *t, enum host_state state)
{
    intend(t->d, INTENT_MARK, t->lh->key)->state = state;
}

static void fails(const struct turn *t, const char *why)
{
    intend_conclude(t->s, t->d, t->i, OUTCOME_LEFT, FAILURE_SERVICE, "%s: %s",
                    failure_name(FAILURE_SERVICE), why);
}

/* ---- who is gone by everybody's word ---- */

static const char *raft_id(const struct turn *t)
{
    if (t->h == NULL)
        return t->p->key; /* of one that leaves it is the raft id */
    return t->h->server_id[0] != '\0' ? t->h->server_id : t->h->agent.hello.server_id;
}

/* By every other server of the region, asked just now, it has failed or left. That nobody lists one
 * that was to join says nothing: it may run and reach nobody. */
static bool all_call_it_dead(const struct turn *t)
{
    size_t asked = 0;

    for (size_t i = 0; i < t->view.n; i++) {
        const struct host *by = t->view.servers[i];
        if (by == t->h || t->view.without[i])
            continue;
        enum member_status is = view_status(&by->server, raft_id(t));
        bool dead =
            is == MEMBER_FAILED || is == MEMBER_LEFT || (is == MEMBER_NONE && !was_to_join(t));
        if (!fresh(by->server.members_at, t->s->now) || !dead)
            return false;
        asked++;
    }
    return asked > 0;
}

static bool is_dead_without_agent(const struct turn *t)
{
    if (t->h == NULL)
        return region_has_left(t->s->world, t->p->region, raft_id(t), t->s->now);
    return !fresh(t->h->agent.hello_at, t->s->now) && all_call_it_dead(t);
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

/* ---- out of the cluster ---- */

static bool just_asked(const struct turn *t, enum effect_kind kind)
{
    const struct effect *e = ledger_effect_last(t->s->ledger, kind, t->lh->key);
    int64_t again = kind == EFFECT_REMOVE_PEER ? PEER_AGAIN_MS : MEMBER_AGAIN_MS;

    return e != NULL && (!effect_finished(e) || (e->done_ms > 0 && t->s->now - e->done_ms < again));
}

static void take_out(const struct turn *t, enum effect_kind kind, const char *what)
{
    bool peer = kind == EFFECT_REMOVE_PEER;

    if (t->lh->attempts >= REMOVALS_MAX) {
        fails(t, peer ? "the raft configuration keeps its peer"
                      : "the other servers do not call it left");
    } else if (what[0] == '\0' || just_asked(t, kind) || t->s->lease->taken ||
               !t->s->lease->majority) {
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key, "%s: its Nomad has ended; %s", t->p->name,
                    peer ? "its peer is being removed from raft"
                         : "it is not yet left by everybody's list");
    } else {
        struct intent *in =
            intend(t->d, peer ? INTENT_REMOVE_PEER : INTENT_FORCE_LEAVE, t->lh->key);
        str_cut(in->member, sizeof(in->member), what);
    }
}

static void is_out(const struct turn *t)
{
    struct intent *in;

    if (!regions_settled(t->s, t->d, t->lh->effect_ms))
        return;
    if (was_to_join(t)) {
        go_on(t, t->lh->failure != FAILURE_NONE ? HOST_FAILED : HOST_GONE);
        return;
    }
    in = intend_conclude(
        t->s, t->d, t->i, OUTCOME_SETTLED, FAILURE_NONE, "%s",
        t->p->dead ? "has left the cluster; it was dead, so it is not disabled: keep it off"
                   : "has left the cluster");
    in->state = HOST_DONE;
}

/* Nothing was done to it by an order, so until its peer is removed it may as well stay. True: its
 * turn ends, or waits. */
static bool dead_stays(const struct turn *t)
{
    if (!t->p->dead)
        return false;
    if (dead_lives(t->s, t->i))
        fails(t, "it was accepted as dead, and it lives");
    else if (run_ends(t) && t->lh->attempts == 0)
        intend_mark(t->d, t->lh->key, HOST_PENDING, "not begun: the run ended");
    else
        return false;
    return true;
}

static void leaving(const struct turn *t)
{
    const struct receipt_hello *hello = told(t);
    bool ended = hello != NULL ? hello->stamp.main_pid == 0 : is_dead_without_agent(t);
    bool left = region_has_left(t->s->world, t->p->region, raft_id(t), t->s->now);
    enum tri peer = region_has_peer(t->s->world, t->p->region, raft_id(t), t->s->now);

    if (dead_stays(t))
        return;
    if (hello != NULL && !ended)
        fails(t, "its Nomad runs again, after it was stopped: somebody has started it");
    else if (peer == TRI_UNKNOWN)
        waiting_for(t->d, REASON_GATE_UNKNOWN, t->lh->key,
                    "%s: the raft configuration could not be read", t->p->name);
    else if (peer == TRI_NO && left)
        is_out(t);
    else if (!ended)
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key,
                    "%s: its agent does not tell whether its Nomad has ended", t->p->name);
    else if (peer == TRI_YES)
        take_out(t, EFFECT_REMOVE_PEER, raft_id(t));
    else
        take_out(t, EFFECT_FORCE_LEAVE, member_name(t));
}

/* ---- stopped ---- */

/* An order has ended it, or there was nothing to end: not one that starts again by itself. */
static bool has_ended(const struct turn *t)
{
    const struct receipt_hello *hello = told(t);
    bool nothing =
        t->lh->order == MSG_SERVICE && t->lh->answered && t->lh->refusal == REFUSAL_PHASE;

    return hello != NULL && hello->stamp.main_pid == 0 && (is_obeyed(t) || nothing);
}

static bool may_end(const struct turn *t)
{
    struct gate_result g =
        gate_quorum(t->s->world, t->s->plan, t->s->ledger, t->lh->key, t->s->now);

    if (g.kind != GATE_PASS)
        waiting_for(t->d, reason_of(g.kind), t->lh->key, "%s", g.text);
    return g.kind == GATE_PASS &&
           (was_to_join(t) ||
            (may_begin(t->s, t->d) && region_well(t->s, t->d, t->lh->key, t->p->region)));
}

/* It has come to lead since its turn began, and others are to leave before it does. */
static bool leads_too_early(const struct turn *t)
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

/* By its agent, this very order has come to nothing and Nomad runs. An older agent does not tell:
 * patience ends that wait. */
static bool has_given_up(const struct turn *t)
{
    const struct fact_view *f = t->h != NULL ? agent_fact(&t->h->agent, "stop-failed") : NULL;
    uint64_t order = 0;

    return f != NULL && f->value == TRI_YES && str_to_u64(f->text, UINT64_MAX, &order) == 0 &&
           order == t->lh->call.sequence && t->h->agent.status_at > t->lh->effect_ms;
}

static void stopping(const struct turn *t)
{
    if (has_ended(t) || is_dead_without_agent(t))
        go_on(t, HOST_LEAVING);
    else if (is_asked(t))
        wait_for_answer(t);
    else if (is_obeyed(t) && has_given_up(t))
        fails(t, "its Nomad could not be stopped, and runs on");
    else if (is_obeyed(t))
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key, "%s: its Nomad is being stopped",
                    t->p->name);
    else if (!was_to_join(t) && (run_ends(t) || leads_too_early(t)))
        go_on(t, HOST_ENABLING);
    else if (may_end(t))
        give_order(t, SERVICE_STOP);
}

/* ---- at boot ---- */

/* Its receipt says that it was done and read back; where its agent tells facts, they agree. */
static bool is_set(const struct turn *t, enum tri enabled)
{
    const struct agent_view *a = t->h != NULL ? &t->h->agent : NULL;

    if (!is_obeyed(t) || a == NULL || a->status_at <= t->lh->effect_ms)
        return false;
    const struct fact_view *f = agent_fact(a, "unit-enabled");
    return f == NULL || f->value == enabled;
}

static const char *silence(const struct turn *t)
{
    return t->h == NULL || !fresh(t->h->agent.hello_at, t->s->now)
               ? ", when its agent answers again"
               : "";
}

static void disabling(const struct turn *t)
{
    if (is_dead_without_agent(t))
        go_on(t, HOST_LEAVING);
    else if (is_asked(t))
        wait_for_answer(t);
    else if (!was_to_join(t) && run_ends(t))
        go_on(t, HOST_ENABLING);
    else if (is_set(t, TRI_NO))
        go_on(t, HOST_STOPPING);
    else if (is_obeyed(t))
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key,
                    "%s: that its unit is disabled is read back%s", t->p->name, silence(t));
    else
        give_order(t, SERVICE_DISABLE);
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

/* It voted, and ended before all was done: it does not start again by itself. */
static void has_ended_early(const struct turn *t)
{
    intend_conclude(t->s, t->d, t->i, OUTCOME_LEFT, FAILURE_SERVICE,
                    "%s: its Nomad has ended since it voted, before it was known to start with its "
                    "machine",
                    failure_name(FAILURE_SERVICE));
    undo_failed_join(t->s, t->d, t->i);
}

/* Enabling may have taken long: by the newest look it is well, as all others are. */
static void has_joined(const struct turn *t)
{
    if (t->lh->outcome == OUTCOME_LEFT) /* the run was aborted, and it stays */
        go_on(t, HOST_FAILED);
    else if (region_well(t->s, t->d, t->lh->key, t->p->region))
        intend_conclude(t->s, t->d, t->i, OUTCOME_SETTLED, FAILURE_NONE, "has joined as %s",
                        t->h->name);
}

static void enabling(const struct turn *t)
{
    if (is_asked(t))
        wait_for_answer(t);
    else if (join_has_ended(t->s, t->i))
        has_ended_early(t);
    else if (is_set(t, TRI_YES) && was_to_join(t))
        has_joined(t);
    else if (is_set(t, TRI_YES))
        intend_mark(t->d, t->lh->key, HOST_PENDING, "not begun: the run ended, or it leads now");
    else if (is_obeyed(t))
        waiting_for(t->d, REASON_IN_FLIGHT, t->lh->key, "%s: that its unit is enabled is read back",
                    t->p->name);
    else
        give_order(t, SERVICE_ENABLE);
}

void decide_service(const struct situation *s, struct decision *d, size_t i)
{
    static void (*const by_state[HOST_STATE_COUNT])(const struct turn *) = {
        [HOST_ENABLING] = enabling,
        [HOST_DISABLING] = disabling,
        [HOST_STOPPING] = stopping,
        [HOST_LEAVING] = leaving,
    };
    struct turn t = {.s = s,
                     .d = d,
                     .i = i,
                     .lh = &s->ledger->hosts[i],
                     .p = &s->plan->hosts[i],
                     .h = world_host(s->world, s->plan->hosts[i].key)};

    view_init(&t.view, s->world, s->plan, s->ledger, t.p->region, s->now, &t.unused);
    by_state[t.lh->state](&t);
}

/* ---- one that was to join and has failed ---- */

bool is_needed(const struct situation *s, size_t i, char ret_why[static 120])
{
    const struct host *h = world_host(s->world, s->plan->hosts[i].key);
    struct gate_result unused;
    struct view v;

    if (h == NULL || !h->is_server)
        return false;
    view_init(&v, s->world, s->plan, s->ledger, h->region, s->now, &unused);
    if (view_voter(&v, h) != TRI_YES)
        return false;
    view_without(&v, h);
    struct voter_count t = gate_voters(&v);
    snprintf(ret_why, 120, "without it %u of %u voters would be left, %u are a quorum", t.asked,
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
        if (is_needed(s, i, why)) {
            snprintf(in->text + len, sizeof(in->text) - len, "; it stays: %s", why);
            continue;
        }
        in->state = HOST_DISABLING;
        in->outcome = OUTCOME_UNDONE;
        snprintf(in->text + len, sizeof(in->text) - len, "; taken out again");
    }
}
