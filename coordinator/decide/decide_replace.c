/* Servers are replaced: new ones join, one at a time and all of them first; then old ones leave,
 * one at a time, the leader last. At every step the healthy voters are a quorum of the raft
 * configuration before and after it. */
#include "decide.h"

#include "advice.h"
#include "decide_keystore.h"
#include "decide_watch.h"
#include "raft_view.h"

static const struct plan_host *planned(const struct situation *s, size_t i)
{
    return &s->plan->hosts[i];
}

static bool leads(const struct situation *s, size_t i, const struct host *leader)
{
    return str_eq(planned(s, i)->key, leader->key);
}

static bool is_left(const struct situation *s, size_t i)
{
    return !host_finished(s->ledger->hosts[i].state);
}

/* By live data; SIZE_MAX: none is left. A dead voter costs quorum, so the dead leave before others
 * do. */
static size_t next_one(const struct situation *s, const struct host *leader)
{
    size_t last = SIZE_MAX;

    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (is_left(s, i) && (planned(s, i)->role == ROLE_JOINS || planned(s, i)->dead))
            return i;
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        if (!is_left(s, i))
            continue;
        if (!leads(s, i, leader))
            return i;
        last = i;
    }
    return last;
}

/* ---- a new one joins ---- */

static const char *cannot_begin(const struct situation *s, size_t i, const struct host *h)
{
    const char *why = host_disagrees(h, s->now);

    if (why == NULL && host_may_run_target(s, i, h))
        why = "whether it runs the target already is not known yet";
    return why;
}

/* Of one that votes already, whoever started it, the others are asked; else all. Nobody else asks
 * whether they are a quorum while one of them is dead. */
static bool is_quorum_without(const struct situation *s, struct decision *d, size_t i)
{
    struct gate_result g = gate_quorum(s->world, s->plan, s->ledger, planned(s, i)->key, s->now);
    if (g.kind != GATE_PASS)
        waiting_for(d, reason_of(g.kind), planned(s, i)->key, "%s", g.text);
    return g.kind == GATE_PASS;
}

static void begin_join(const struct situation *s, struct decision *d, size_t i,
                       const struct host *leader)
{
    const struct plan_host *p = planned(s, i);
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    const char *why = cannot_begin(s, i, h);

    if (why != NULL)
        waiting_for(d, REASON_OBSERVE, p->key, "%s: %s", p->name, why);
    else if (host_newer(s, h))
        intend_stop(s, d, p->name, "Plan anew: caravan abort, then caravan plan VERSION.",
                    "%s runs %s meanwhile, newer than %s", p->name, host_version(s->world, h),
                    s->plan->target);
    else if (!call_due(&lh->call, s->now))
        waiting_for(d, REASON_RETRY, p->key, "%s: %s", p->name, lh->text);
    else if (!is_quorum_without(s, d, i) || !all_counted(s, d, leader))
        return;
    else if (host_runs_target(s, i, h))
        intend_mark(d, p->key, HOST_SETTLING, "runs %s already: only its gates are asked",
                    s->plan->target);
    else
        intend(d, INTENT_SWAP, p->key);
}

/* ---- an old one leaves ---- */

/* One that was to join and has not, by now: it was taken out again, and the run goes on all the
 * same. With fewer voters than planned nobody leaves. */
static bool all_have_joined(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct plan_host *p = planned(s, i);
        if (p->role != ROLE_JOINS || s->ledger->hosts[i].state == HOST_DONE)
            continue;
        intend_stop(
            s, d, p->name,
            "Abort, which takes out what else has joined as long as no server has left, and "
            "begin anew.",
            "%s has not joined (%s), so no server is to leave", p->name,
            host_state_name(s->ledger->hosts[i].state));
        waiting_for(d, REASON_SERVERS, p->key, "%s has not joined", p->name);
        return false;
    }
    return true;
}

/* A server that has joined; NULL: none. */
static const struct host *heir(const struct situation *s)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct host *h = world_host(s->world, planned(s, i)->key);
        if (planned(s, i)->role == ROLE_JOINS && s->ledger->hosts[i].state == HOST_DONE &&
            h != NULL && h->is_server)
            return h;
    }
    return NULL;
}

/* What is left of it leaves the cluster; where it lives after all, its turn ends at once
 * (decide_service.c). */
static void begin_dead(const struct situation *s, struct decision *d, size_t i,
                       const struct host *leader)
{
    if (is_quorum_without(s, d, i) && all_counted(s, d, leader))
        intend_mark(d, planned(s, i)->key, HOST_LEAVING, "%s", "");
}

static void begin_leave(const struct situation *s, struct decision *d, size_t i,
                        const struct host *leader)
{
    const struct plan_host *p = planned(s, i);
    const struct ledger_host *lh = &s->ledger->hosts[i];
    /* On a bad pair it would crash as a follower of the new one: it goes as it is. */
    const struct host *to = leads(s, i, leader) && !s->plan->bad_leader_pair ? heir(s) : NULL;
    const char *why = host_disagrees(world_host(s->world, p->key), s->now);

    if (why != NULL)
        waiting_for(d, REASON_OBSERVE, p->key, "%s: %s", p->name, why);
    else if (!call_due(&lh->call, s->now))
        waiting_for(d, REASON_RETRY, p->key, "%s: %s", p->name, lh->text);
    else if (!is_quorum_without(s, d, i) || !all_counted(s, d, leader))
        return;
    else if (to != NULL && s->plan->transfer && lh->transfers < TRANSFERS_MAX)
        str_cut(intend(d, INTENT_TRANSFER, p->key)->peer, UUID_MAX, to->server_id);
    else
        intend(d, INTENT_SERVICE, p->key)->service = SERVICE_DISABLE;
}

/* ---- the next one, whichever it is ---- */

/* What must be so before any server of the region is changed. */
static const struct host *may_change(const struct situation *s, struct decision *d)
{
    const char *region = planned(s, 0)->region;
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
        waiting_for(d, REASON_LEADER, "", "region %s: who leads is not clear", region);
    return leader;
}

/* Some that are to leave are still there, and alive. */
static bool some_old_run(const struct situation *s)
{
    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (planned(s, i)->role == ROLE_LEAVES && !planned(s, i)->dead && is_left(s, i))
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
    const struct host *leader = may_change(s, d);
    if (leader == NULL)
        return;
    size_t next = next_one(s, leader);
    if (some_old_run(s) && early_leader(s, d, planned(s, 0)->region, leader))
        return;
    if (s->ledger->hosts[next].state != HOST_STAGED)
        waiting_for(d, REASON_STAGING, planned(s, next)->key, "%s is not staged",
                    planned(s, next)->name);
    else if (!snapshots_taken(s, d) || !keystores_copied(s, d))
        return;
    else if (planned(s, next)->role == ROLE_JOINS)
        begin_join(s, d, next, leader);
    else if (all_have_joined(s, d))
        (planned(s, next)->dead ? begin_dead : begin_leave)(s, d, next, leader);
}

/* ---- one that died before its turn, or is back after it ---- */

bool dead_lives(const struct situation *s, size_t i)
{
    const struct plan_host *p = planned(s, i);
    const struct host *h = world_host(s->world, p->key);
    bool runs =
        h != NULL && host_disagrees(h, s->now) == NULL && h->agent.hello.stamp.main_pid != 0;

    return p->dead && (runs || region_words(s->world, p->region, p->key, s->now).alive > 0);
}

static bool has_died(const struct situation *s, size_t i)
{
    const struct plan_host *p = planned(s, i);
    const struct host *h = world_host(s->world, p->key);

    return !p->dead && h != NULL && !fresh(h->agent.hello_at, s->now) &&
           region_has_failed(s->world, p->region, p->key, s->now);
}

void check_dead(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct plan_host *p = planned(s, i);
        if (p->role != ROLE_LEAVES || !is_left(s, i) || host_served(s->ledger->hosts[i].state))
            continue;
        if (has_died(s, i))
            waiting_for(d, REASON_DIED, p->key,
                        "%s, which is to leave, has failed by everybody's list, and its agent "
                        "does not answer",
                        p->name);
        if (!dead_lives(s, i))
            continue;
        intend_stop(s, d, p->name, advice_after(s, i), "%s was accepted as dead, and it lives",
                    p->name);
        waiting_for(d, REASON_DIED, p->key, "%s was accepted as dead, and it lives", p->name);
    }
}

static bool has_left(const struct situation *s, size_t i)
{
    enum host_state state = s->ledger->hosts[i].state;

    return planned(s, i)->role == ROLE_LEAVES && (state == HOST_DONE || state == HOST_GONE);
}

void check_returned(const struct situation *s, struct decision *d)
{
    for (size_t i = 0; i < s->plan->n_servers; i++) {
        const struct plan_host *p = planned(s, i);
        if (!has_left(s, i))
            continue;
        bool alive = region_words(s->world, p->region, p->key, s->now).alive > 0;
        if (!alive && region_has_peer(s->world, p->region, p->key, s->now) != TRI_YES)
            continue;
        intend_conclude(s, d, i, OUTCOME_LEFT, FAILURE_SERVICE,
                        "%s: it is back after it was removed (%s): somebody has started it",
                        failure_name(FAILURE_SERVICE), alive ? "an alive member" : "a raft peer");
    }
}

bool stayed_away(const struct situation *s, struct decision *d)
{
    const struct policy *policy = &s->plan->policy;
    int64_t last = 0;
    char left[24];

    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (has_left(s, i))
            last =
                MAX_OF(last, MAX_OF(s->ledger->hosts[i].settled_ms, s->ledger->hosts[i].effect_ms));
    int64_t until = last + policy->replace.watch_ms;
    if (!s->plan->replaces || last == 0 || s->now >= until)
        return true;
    str_for_ms(left, sizeof(left), until - s->now);
    waiting_until(d, REASON_WATCH, "", until,
                  "no server that was removed has come back; that is watched for %s more", left);
    return false;
}

/* ---- and back, before the first has left ---- */

static bool some_has_left(const struct situation *s)
{
    for (size_t i = 0; i < s->plan->n_servers; i++)
        if (has_left(s, i))
            return true;
    return false;
}

/* By its agent, asked just now, its Nomad does not run; nor does that of one never begun. */
static bool does_not_run(const struct situation *s, const struct ledger_host *lh)
{
    const struct host *h = world_host(s->world, lh->key);

    if (lh->order == MSG_NONE)
        return true;
    if (h == NULL || host_disagrees(h, s->now) != NULL)
        return lh->order == MSG_STAGE;
    return h->agent.hello.stamp.main_pid == 0;
}

/* An abort has left it as it is: it is needed. */
static bool stays(const struct ledger_host *lh)
{
    return lh->state == HOST_FAILED && lh->outcome == OUTCOME_LEFT && lh->failure == FAILURE_NONE;
}

/* By this run, and there is something of it left, or may be. */
static bool has_joined(const struct situation *s, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];

    if (planned(s, i)->role != ROLE_JOINS || lh->state == HOST_GONE ||
        lh->outcome == OUTCOME_UNDONE || stays(lh))
        return false;
    return lh->state == HOST_DONE || !does_not_run(s, lh);
}

/* Whoever resumes was told to mend it: then it is tried once more. */
static void cannot_undo(const struct situation *s, struct decision *d, size_t i)
{
    struct intent *in = intend(d, INTENT_RUN, "");

    in->run = RUN_STOPPED;
    str_cut(in->host, sizeof(in->host), planned(s, i)->name);
    snprintf(in->text, sizeof(in->text), "%s could not be %s again: %s", planned(s, i)->name,
             planned(s, i)->role == ROLE_JOINS ? "taken out" : "enabled", s->ledger->hosts[i].text);
    snprintf(in->advice, sizeof(in->advice), "%s To go on undoing: caravan resume.",
             advice_after(s, i));
}

static void undo_join(const struct situation *s, struct decision *d, size_t i)
{
    struct intent *in = intend(d, INTENT_MARK, planned(s, i)->key);

    in->state = HOST_DISABLING;
    in->outcome = OUTCOME_UNDONE;
    snprintf(in->text, sizeof(in->text), "taken out again: the run was aborted");
}

/* One that was to leave runs on, and its unit was disabled: a stop was refused, or did not last. */
static enum tri left_disabled(const struct situation *s, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct host *h = world_host(s->world, lh->key);

    if (planned(s, i)->role != ROLE_LEAVES || planned(s, i)->dead || has_left(s, i) ||
        lh->order != MSG_SERVICE || h == NULL || has_died(s, i))
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
        enum tri disabled = left_disabled(s, i);
        if (disabled == TRI_NO)
            continue;
        if (disabled == TRI_UNKNOWN)
            waiting_for(d, REASON_UNDO, planned(s, i)->key,
                        "%s: its agent does not tell whether its unit is disabled",
                        planned(s, i)->name);
        else if (s->ledger->hosts[i].state == HOST_FAILED)
            cannot_undo(s, d, i);
        else
            intend_mark(d, planned(s, i)->key, HOST_ENABLING, "%s", "");
        return false;
    }
    return true;
}

/* Whatever its region is like: nothing is taken. Enabled it starts with its machine. */
static void leave_join(const struct situation *s, struct decision *d, size_t i, const char *why)
{
    struct intent *in = intend(d, INTENT_MARK, planned(s, i)->key);

    in->state = HOST_ENABLING;
    in->outcome = OUTCOME_LEFT;
    snprintf(in->text, sizeof(in->text), "the run was aborted, and it stays: %s", why);
}

/* To enable it was refused, or did not succeed. */
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
    if (!s->plan->replaces || some_has_left(s))
        return true;
    for (size_t i = 0; i < s->plan->n_servers; i++)
        last = has_joined(s, i) ? i : last;
    if (last == SIZE_MAX)
        return true;
    if (is_needed(s, last, why) && !cannot_stay(&s->ledger->hosts[last]))
        leave_join(s, d, last, why);
    else if (s->ledger->hosts[last].state == HOST_FAILED)
        cannot_undo(s, d, last);
    else if (regions_settled(s, d, servers_disturbed(s->ledger, s->plan)))
        undo_join(s, d, last);
    return false;
}
