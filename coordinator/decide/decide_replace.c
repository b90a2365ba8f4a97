/* The replacement of servers. First all new servers join, one at a time. Then the old servers
 * leave, one at a time, the leader last. At every step the healthy voters are a quorum of the
 * raft configuration before the step and after it. */
#include "decide.h"

#include "advice.h"
#include "decide_keystore.h"
#include "decide_safeguards.h"
#include "raft_view.h"

static const struct plan_host *planned_server(const struct situation *s, size_t i)
{
    return &s->plan->hosts[i];
}

static bool is_leader(const struct situation *s, size_t i, const struct host *leader)
{
    return str_eq(planned_server(s, i)->key, leader->key);
}

static bool is_turn_left(const struct situation *s, size_t i)
{
    return !host_finished(s->ledger->hosts[i].state);
}

/* Returns the next server, by live data; SIZE_MAX: no server is left. A dead voter makes the
 * quorum harder to reach, so dead servers leave before the others. */
static size_t next_to_replace(const struct situation *s, const struct host *leader)
{
    size_t last = SIZE_MAX;

    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (is_turn_left(s, i) &&
            (planned_server(s, i)->role == ROLE_JOINS || planned_server(s, i)->dead))
            return i;
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        if (!is_turn_left(s, i))
            continue;
        if (!is_leader(s, i, leader))
            return i;
        last = i;
    }
    return last;
}

/* ---- a new server joins ---- */

static const char *why_cannot_join(const struct situation *s, size_t i, const struct host *h)
{
    const char *why = host_disagrees(h, s->now);

    if (why == NULL && host_may_run_target(s, i, h))
        why = "it is not known yet whether it already runs the target";
    return why;
}

/* True if the voters without this server are a quorum. The function asks this also when one of
 * the planned servers is dead, because no other gate asks it then. */
static bool has_quorum_without(const struct situation *s, struct decision *d, size_t i)
{
    struct gate_result g =
        gate_quorum(s->world, s->plan, s->ledger, planned_server(s, i)->key, s->now);
    if (g.kind != GATE_PASS)
        waiting_for(d, reason_of(g.kind), planned_server(s, i)->key, "%s", g.text);
    return g.kind == GATE_PASS;
}

static void begin_join(const struct situation *s, struct decision *d, size_t i,
                       const struct host *leader)
{
    const struct plan_host *p = planned_server(s, i);
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    const char *why = why_cannot_join(s, i, h);

    if (why != NULL)
        waiting_for(d, REASON_OBSERVE, p->key, "%s: %s", p->name, why);
    else if (host_is_newer(s, h))
        intend_stop(s, d, p->name, "Make a new plan: caravan abort, then caravan plan VERSION.",
                    "%s now runs %s, newer than %s", p->name, host_version(s->world, h),
                    s->plan->target);
    else if (!call_due(&lh->call, s->now))
        waiting_for(d, REASON_RETRY, p->key, "%s: %s", p->name, lh->text);
    else if (!has_quorum_without(s, d, i) || !all_counted(s, d, leader))
        return;
    else if (host_runs_target(s, i, h))
        intend_mark(d, p->key, HOST_SETTLING, "runs %s already; Caravan only checks its gates",
                    s->plan->target);
    else
        intent_new(d, INTENT_SWAP, p->key);
}

/* ---- an old server leaves ---- */

/* A new server that has not joined by now was taken out again, while the run went on. With fewer
 * voters than planned, no server leaves. */
static bool all_have_joined(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct plan_host *p = planned_server(s, i);
        if (p->role != ROLE_JOINS || s->ledger->hosts[i].state == HOST_DONE)
            continue;
        intend_stop(
            s, d, p->name,
            "Type caravan abort: as long as no server has left, this takes out the other new "
            "servers. Then begin a new run.",
            "%s has not joined (%s), so no server may leave", p->name,
            host_state_name(s->ledger->hosts[i].state));
        waiting_for(d, REASON_SERVERS, p->key, "%s has not joined", p->name);
        return false;
    }
    return true;
}

/* Returns a server that has joined; NULL: no server has. */
static const struct host *joined_heir(const struct situation *s)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct host *h = world_host(s->world, planned_server(s, i)->key);
        if (planned_server(s, i)->role == ROLE_JOINS && s->ledger->hosts[i].state == HOST_DONE &&
            h != NULL && h->is_server)
            return h;
    }
    return NULL;
}

/* Takes what is left of a dead server out of the cluster. If the server is alive after all, its
 * turn ends at once (decide_service.c). */
static void begin_dead_leave(const struct situation *s, struct decision *d, size_t i,
                             const struct host *leader)
{
    if (has_quorum_without(s, d, i) && all_counted(s, d, leader))
        intend_mark(d, planned_server(s, i)->key, HOST_LEAVING, "%s", "");
}

static void begin_leave(const struct situation *s, struct decision *d, size_t i,
                        const struct host *leader)
{
    const struct plan_host *p = planned_server(s, i);
    const struct ledger_host *lh = &s->ledger->hosts[i];
    /* On a bad pair of versions this server would crash as a follower of the new leader, so it
     * leaves while it leads. */
    const struct host *to =
        is_leader(s, i, leader) && !s->plan->bad_leader_pair ? joined_heir(s) : NULL;
    const char *why = host_disagrees(world_host(s->world, p->key), s->now);

    if (why != NULL)
        waiting_for(d, REASON_OBSERVE, p->key, "%s: %s", p->name, why);
    else if (!call_due(&lh->call, s->now))
        waiting_for(d, REASON_RETRY, p->key, "%s: %s", p->name, lh->text);
    else if (!has_quorum_without(s, d, i) || !all_counted(s, d, leader))
        return;
    else if (to != NULL && s->plan->transfer && lh->transfers < TRANSFERS_MAX)
        str_cut(intent_new(d, INTENT_TRANSFER, p->key)->peer, UUID_MAX, to->server_id);
    else
        intent_new(d, INTENT_SERVICE, p->key)->service = SERVICE_DISABLE;
}

/* ---- the next server, new or old ---- */

/* Checks all that must hold before any server of the region is changed. Returns the leader;
 * NULL: the wait is stated. */
static const struct host *may_change_server(const struct situation *s, struct decision *d)
{
    const char *region = planned_server(s, 0)->region;
    const struct host *leader;

    if (ledger_in_flight(s->ledger, s->plan, true) > 0 || transfer_asked(s, d) || !may_begin(s, d))
        return NULL;
    if (!s->lease->all) {
        waiting_for(d, REASON_LEASE, "", "%s", s->lease->text);
        return NULL;
    }
    if (!regions_settled(s, d, servers_disturbed(s->ledger, s->plan)))
        return NULL;
    leader = region_leader(s->world, s->plan, s->ledger, region, s->now);
    if (leader == NULL)
        waiting_for(d, REASON_LEADER, "", "region %s: no single leader is known", region);
    return leader;
}

/* True if a server that is to leave is still there and not dead. */
static bool some_old_run(const struct situation *s)
{
    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (planned_server(s, i)->role == ROLE_LEAVES && !planned_server(s, i)->dead &&
            is_turn_left(s, i))
            return true;
    return false;
}

void decide_replace(const struct situation *s, struct decision *d)
{
    decide_staging(s, d);
    if (region_at_work(s) == NULL) {
        if (counts_after(s, d, true))
            intend_run(d, RUN_CLIENTS);
        return;
    }
    const struct host *leader = may_change_server(s, d);
    if (leader == NULL)
        return;
    size_t next = next_to_replace(s, leader);
    if (some_old_run(s) && early_leader(s, d, planned_server(s, 0)->region, leader))
        return;
    if (s->ledger->hosts[next].state != HOST_STAGED)
        waiting_for(d, REASON_STAGING, planned_server(s, next)->key, "%s is not staged",
                    planned_server(s, next)->name);
    else if (!snapshots_taken(s, d) || !keystores_copied(s, d))
        return;
    else if (planned_server(s, next)->role == ROLE_JOINS)
        begin_join(s, d, next, leader);
    else if (all_have_joined(s, d))
        (planned_server(s, next)->dead ? begin_dead_leave : begin_leave)(s, d, next, leader);
}

/* ---- a server that died before its turn, or came back after it ---- */

bool dead_server_lives(const struct situation *s, size_t i)
{
    const struct plan_host *p = planned_server(s, i);
    const struct host *h = world_host(s->world, p->key);
    bool runs =
        h != NULL && host_disagrees(h, s->now) == NULL && h->agent.hello.stamp.main_pid != 0;

    return p->dead && (runs || region_words(s->world, p->region, p->key, s->now).alive > 0);
}

static bool has_died(const struct situation *s, size_t i)
{
    const struct plan_host *p = planned_server(s, i);
    const struct host *h = world_host(s->world, p->key);

    return !p->dead && h != NULL && !is_fresh(h->agent.hello_at, s->now) &&
           region_has_failed(s->world, p->region, p->key, s->now);
}

void check_dead(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct plan_host *p = planned_server(s, i);
        if (p->role != ROLE_LEAVES || !is_turn_left(s, i) || host_served(s->ledger->hosts[i].state))
            continue;
        if (has_died(s, i))
            waiting_for(d, REASON_DIED, p->key,
                        "%s, which is to leave, has failed in the lists of all servers, and its "
                        "agent does not answer",
                        p->name);
        if (!dead_server_lives(s, i))
            continue;
        intend_stop(s, d, p->name, advice_after(s, i), "%s was accepted as dead, but it is alive",
                    p->name);
        waiting_for(d, REASON_DIED, p->key, "%s was accepted as dead, but it is alive", p->name);
    }
}

static bool has_left_by_run(const struct situation *s, size_t i)
{
    enum host_state state = s->ledger->hosts[i].state;

    return planned_server(s, i)->role == ROLE_LEAVES && (state == HOST_DONE || state == HOST_GONE);
}

void check_returned(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct plan_host *p = planned_server(s, i);
        if (!has_left_by_run(s, i))
            continue;
        bool alive = region_words(s->world, p->region, p->key, s->now).alive > 0;
        if (!alive && region_has_peer(s->world, p->region, p->key, s->now) != TRI_YES)
            continue;
        intend_conclude(s, d, i, OUTCOME_LEFT, FAILURE_SERVICE,
                        "%s: it is back after it was removed (as %s): somebody has started it",
                        failure_name(FAILURE_SERVICE), alive ? "an alive member" : "a raft peer");
    }
}

bool stayed_away(const struct situation *s, struct decision *d)
{
    const struct policy *policy = &s->plan->policy;
    int64_t last = 0;
    char left[24];

    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (has_left_by_run(s, i))
            last =
                MAX_OF(last, MAX_OF(s->ledger->hosts[i].settled_ms, s->ledger->hosts[i].effect_ms));
    int64_t until = last + policy->replace.watch_ms;
    if (!s->plan->replaces || last == 0 || s->now >= until)
        return true;
    str_for_ms(left, sizeof(left), until - s->now);
    waiting_until(d, REASON_WATCH, "", until,
                  "no removed server has come back; Caravan watches this for %s more", left);
    return false;
}

/* ---- an abort before the first server has left ---- */

static bool has_any_left(const struct situation *s)
{
    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (has_left_by_run(s, i))
            return true;
    return false;
}

/* True if, by its agent's answer from just now, its Nomad does not run. Also true for a server
 * whose turn never began. */
static bool does_not_run(const struct situation *s, const struct ledger_host *lh)
{
    const struct host *h = world_host(s->world, lh->key);

    if (lh->order == MSG_NONE)
        return true;
    if (h == NULL || host_disagrees(h, s->now) != NULL)
        return lh->order == MSG_STAGE;
    return h->agent.hello.stamp.main_pid == 0;
}

/* An abort left the server as it is, because the quorum needs it. */
static bool stays_after_abort(const struct ledger_host *lh)
{
    return lh->state == HOST_FAILED && lh->outcome == OUTCOME_LEFT && lh->failure == FAILURE_NONE;
}

/* True if this run let the server join, and something of it is or may be still in the cluster. */
static bool has_joined_by_run(const struct situation *s, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];

    if (planned_server(s, i)->role != ROLE_JOINS || lh->state == HOST_GONE ||
        lh->outcome == OUTCOME_UNDONE || stays_after_abort(lh))
        return false;
    return lh->state == HOST_DONE || !does_not_run(s, lh);
}

/* The advice told the operator to repair this. So a resume tries the undo once more. */
static void stop_undo(const struct situation *s, struct decision *d, size_t i)
{
    struct intent *in = intent_new(d, INTENT_RUN, "");

    in->run = RUN_STOPPED;
    str_cut(in->host, sizeof(in->host), planned_server(s, i)->name);
    snprintf(in->text, sizeof(in->text), "%s could not be %s again: %s", planned_server(s, i)->name,
             planned_server(s, i)->role == ROLE_JOINS ? "taken out" : "enabled",
             s->ledger->hosts[i].text);
    snprintf(in->advice, sizeof(in->advice), "%s To go on with the abort: caravan resume.",
             advice_after(s, i));
}

static void undo_join(const struct situation *s, struct decision *d, size_t i)
{
    struct intent *in = intent_new(d, INTENT_MARK, planned_server(s, i)->key);

    in->state = HOST_DISABLING;
    in->outcome = OUTCOME_UNDONE;
    snprintf(in->text, sizeof(in->text), "taken out again: the run was aborted");
}

/* True if a server that was to leave still runs and its unit is disabled. Its stop was refused,
 * or did not last. */
static enum tri is_left_disabled(const struct situation *s, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, lh->key);

    if (planned_server(s, i)->role != ROLE_LEAVES || planned_server(s, i)->dead ||
        has_left_by_run(s, i) || lh->order != MSG_SERVICE || h == NULL || has_died(s, i))
        return TRI_NO;
    if (host_disagrees(h, s->now) != NULL || h->agent.status_at <= lh->effect_ms)
        return TRI_UNKNOWN;
    const struct fact_view *f = agent_fact(&h->agent, "unit-enabled");
    return h->agent.hello.stamp.main_pid != 0 && f != NULL && f->value != TRI_YES ? TRI_YES
                                                                                  : TRI_NO;
}

static bool all_enabled(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        enum tri disabled = is_left_disabled(s, i);
        if (disabled == TRI_NO)
            continue;
        if (disabled == TRI_UNKNOWN)
            waiting_for(d, REASON_UNDO, planned_server(s, i)->key,
                        "%s: its agent does not report whether its unit is disabled",
                        planned_server(s, i)->name);
        else if (s->ledger->hosts[i].state == HOST_FAILED)
            stop_undo(s, d, i);
        else
            intend_mark(d, planned_server(s, i)->key, HOST_ENABLING, "%s", "");
        return false;
    }
    return true;
}

/* This needs no healthy region, because it takes nothing away. An enabled server starts with its
 * machine. */
static void keep_joined(const struct situation *s, struct decision *d, size_t i, const char *why)
{
    struct intent *in = intent_new(d, INTENT_MARK, planned_server(s, i)->key);

    in->state = HOST_ENABLING;
    in->outcome = OUTCOME_LEFT;
    snprintf(in->text, sizeof(in->text), "the run was aborted, and it stays: %s", why);
}

/* The order to enable it was refused, or failed. */
static bool cannot_stay(const struct ledger_host *lh)
{
    return lh->state == HOST_FAILED && lh->outcome == OUTCOME_LEFT && lh->order == MSG_SERVICE &&
           lh->failure != FAILURE_NONE;
}

bool joined_undone(const struct situation *s, struct decision *d)
{
    size_t last = SIZE_MAX;
    char why[120];

    if (s->plan->replaces && !all_enabled(s, d))
        return false;
    if (!s->plan->replaces || has_any_left(s))
        return true;
    for (size_t i = 0; i < s->plan->n_servers; i++)
        last = has_joined_by_run(s, i) ? i : last;
    if (last == SIZE_MAX)
        return true;
    if (server_is_needed(s, last, why) && !cannot_stay(&s->ledger->hosts[last]))
        keep_joined(s, d, last, why);
    else if (s->ledger->hosts[last].state == HOST_FAILED)
        stop_undo(s, d, last);
    else if (regions_settled(s, d, servers_disturbed(s->ledger, s->plan)))
        undo_join(s, d, last);
    return false;
}
