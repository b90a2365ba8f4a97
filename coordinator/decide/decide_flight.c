/* A host in flight: from the commit of its order until an observation that began after its
 * receipt shows the host settled, reverted or failed. A host whose state is unknown is in
 * flight. */
#include "decide.h"

#include "decide_safeguards.h"
#include "effects.h"
#include "fingerprint.h"
#include "gate_host.h"
#include "raft_view.h"
#include "same_node.h"

struct flight {
    const struct situation *s;
    struct decision *d;
    size_t i;
    const struct ledger_host *lh;
    const struct plan_host *p;
    const struct host *h; /* NULL: this observation does not contain the host */
};

/* Returns what the agent reported about this order, after the order was given. NULL: nothing
 * yet. */
static const struct agent_view *order_report(const struct flight *f)
{
    if (f->h == NULL || f->h->agent.status_at <= f->lh->effect_ms ||
        f->h->agent.work.order_sequence < f->lh->call.sequence)
        return NULL;
    return &f->h->agent;
}

/* Without a receipt, the run sends the same bytes once more, but only after start_by of the
 * order has passed. Then the host does not carry the order out, and only answers what became of
 * it. If the host never carried it out, the next order passes all gates again. */
static void resend_order(const struct flight *f)
{
    if (order_is_void(f->s, f->d, f->i))
        return;
    if (call_due(&f->lh->call, f->s->now) && f->s->now - f->lh->ordered_ms > SWAP_BY_MS)
        intent_new(f->d, INTENT_RESEND, f->lh->key);
    (void)swap_is_dead(f->s, f->d,
                       f->i); /* an unknown host stays in flight, also when the run stops */
    if (f->lh->refusal != REFUSAL_NONE)
        waiting_for(f->d, REASON_RETRY, f->lh->key, "%s: %s", f->p->name, f->lh->text);
    else if (f->lh->call.failures == 0)
        waiting_for(f->d, REASON_RETRY, f->lh->key, "%s: %s ordered", f->p->name,
                    message_kind_name(f->lh->order));
    else
        waiting_for(f->d, REASON_RETRY, f->lh->key, "%s: no answer to the %s order (%u %s)",
                    f->p->name, message_kind_name(f->lh->order), f->lh->call.failures,
                    str_count(f->lh->call.failures, "try", "tries"));
}

/* The swap order may wait for a heartbeat. Returns how many milliseconds of that wait are left,
 * by what is known now. */
static int64_t heartbeat_wait_left(const struct flight *f)
{
    if (f->p->is_server || f->lh->order != MSG_SWAP || f->h == NULL)
        return 0;
    int64_t wait = heartbeat_wait(f->s, f->h, f->lh->ordered_ms);
    return wait > 0 ? f->lh->ordered_ms + wait - f->s->now : 0;
}

/* The host accepted the order, and its phase has not changed for a while. So the run sends the
 * same bytes once more. Their start_by has passed, so the host does not carry the order out;
 * while caravan-swap is alive, it repeats its answer. */
static bool ask_whether_swap_is_alive(const struct flight *f)
{
    bool answers = f->h != NULL && is_fresh(f->h->agent.hello_at, f->s->now);

    if (f->lh->answered && answers && call_due(&f->lh->call, f->s->now) &&
        f->s->now - f->lh->receipt_ms > SWAP_ALIVE_MS)
        intent_new(f->d, INTENT_RESEND, f->lh->key);
    if (!swap_is_dead(f->s, f->d, f->i))
        return true;
    waiting_for(f->d, REASON_RETRY, f->lh->key, "%s: its caravan-swap does not answer", f->p->name);
    return false; /* an unknown host stays in flight, also when the run stops */
}

static void wait_for_work(const struct flight *f, const struct agent_view *a)
{
    if (!ask_whether_swap_is_alive(f))
        return;
    char took[24];
    int64_t left = a == NULL || a->work.phase == PHASE_SWAPPING ? heartbeat_wait_left(f) : 0;
    int64_t since = f->s->now - f->lh->ordered_ms;
    bool silent = a != NULL && !is_fresh(a->hello_at, f->s->now);

    if (silent)
        since = f->s->now - a->hello_at;
    str_for_ms(took, sizeof(took), left > 0 ? left : since);
    if (left > 0)
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key,
                    "%s: waits until right after its heartbeat, %s", f->p->name, took);
    else if (a == NULL && since < SWAP_BY_MS)
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key, "%s: accepted the %s order", f->p->name,
                    message_kind_name(f->lh->order));
    else if (silent)
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key,
                    "%s: its agent does not answer; %s ago it reported %s", f->p->name, took,
                    phase_name(a->work.phase));
    else
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key, "%s: %s for %s", f->p->name,
                    a == NULL ? "no report from its agent" : phase_name(a->work.phase), took);
}

/* Before the rename, and again after a revert, the host runs the old binary. */
static const char *version_that_failed(const struct flight *f, const struct agent_view *a)
{
    return a->work.failed_in == PHASE_PROBING ? f->s->plan->target : f->p->from;
}

/* If the host's own stop drained its node, the drain is undone before the turn ends, in whatever
 * way it ends. */
static void give_back_drain(const struct flight *f, const struct same_node *same, struct intent *in)
{
    size_t len = strlen(in->text);

    if (!same->drained || (!same->drains && f->h->client.eligible))
        return;
    in->give_back = true;
    in->state = HOST_RESTORING;
    snprintf(in->text + len, sizeof(in->text) - len,
             "%sits own stop drained it (drain_on_shutdown): Caravan undoes that",
             len > 0 ? "; " : "");
}

static void give_back_after_failure(const struct flight *f, struct intent *in)
{
    struct same_node same;

    same_node(f->s->world, f->s->plan, f->s->ledger, f->lh->key, f->s->now, &same);
    give_back_drain(f, &same, in);
}

/* Ends the turn with the cause that the agent reported. Nomad's last lines are kept beside it
 * (ledger). */
static void conclude_failed(const struct flight *f, const struct agent_view *a,
                            enum outcome outcome)
{
    const char *version = version_that_failed(f, a);

    struct intent *in = intend_conclude(
        f->s, f->d, f->i, outcome, a->failure, "%s in phase %s%s%s: %s; %s",
        failure_name(a->failure), phase_name(a->work.failed_in), version[0] != '\0' ? " of " : "",
        version, a->failure_text,
        outcome == OUTCOME_REVERTED ? "reverted to the old binary" : "left as it is");
    in->failed_in = a->work.failed_in;
    give_back_after_failure(f, in);
}

/* Nothing was changed on the host (the order was too late, or cancelled), so the host may have
 * another turn. */
static bool is_untouched(const struct flight *f, const struct agent_view *a)
{
    const struct digest none = {{0}}, *ran = f->p->role == ROLE_JOINS ? &none : &f->p->before;

    return a->work.failed_in == PHASE_SWAPPING && failure_may_retry(a->failure) &&
           !digest_is_zero(&f->p->before) && digest_eq(&a->hello.disk, &f->p->before) &&
           digest_eq(&a->hello.running, ran) && a->hello_at > f->lh->effect_ms &&
           f->lh->turns < TURNS_MAX;
}

/* A swap that ends before its rename leaves the host in the phase where it began, with the
 * reason. Such a swap was cancelled or too late, or its process or its host was restarted. */
static bool is_back_in_earlier_phase(const struct agent_view *a, enum phase from)
{
    return a->failure != FAILURE_NONE && a->work.failed_in == from && phase_rests(a->work.phase) &&
           a->work.phase != PHASE_REVERTED && a->work.phase != PHASE_FAILED;
}

/* The machine booted during the turn. A client is then in flight until Nomad lists it as ready
 * again. */
static bool is_away_after_boot(const struct flight *f, const struct agent_view *a)
{
    const struct client_view *c = &f->h->client;

    if (f->p->is_server || memcmp(a->session, f->lh->session, SESSION_LEN) == 0)
        return false;
    return c->list_at <= f->lh->effect_ms || !str_eq(c->status, "ready") ||
           c->modify_index <= f->lh->base_modify_index;
}

/* The run asks what binary the host runs before it judges the host. After a reboot, Nomad may
 * still be starting. */
static bool is_still_starting(const struct flight *f, const struct agent_view *a)
{
    int64_t deadline = plan_ready_ms(f->s->plan, f->p);

    bool runs = !digest_is_zero(&a->hello.running) ||
                f->p->role == ROLE_JOINS; /* a new server runs nothing yet */

    return (a->hello_at <= f->lh->effect_ms || !runs) && f->s->now - f->lh->effect_ms < deadline;
}

/* The staged binary is still there, so the turn goes on from it. */
static void retry_turn(const struct flight *f, const struct agent_view *a)
{
    bool drained = ledger_effect_const(f->s->ledger, EFFECT_DRAIN, f->lh->key) != NULL;
    enum host_state again = a->work.phase != PHASE_STAGED ? HOST_PENDING
                            : drained                     ? HOST_DRAINING
                                                          : HOST_STAGED;

    if (is_still_starting(f, a) || is_away_after_boot(f, a))
        wait_for_work(f, a);
    else if (is_untouched(f, a))
        intend_mark(f->d, f->lh->key, again, "%s: %s; Caravan tries again",
                    failure_name(a->failure), a->failure_text);
    else
        intend_conclude(f->s, f->d, f->i, OUTCOME_NONE, a->failure,
                        "%s before the rename: %s; the swap was not begun",
                        failure_name(a->failure), a->failure_text)
            ->failed_in = a->work.failed_in;
}

static bool stop_for_other_orders(const struct flight *f, const struct agent_view *a)
{
    if (a->work.order_sequence <= f->lh->call.sequence)
        return false;
    intend_stop(f->s, f->d, f->p->name, "Find out who else gives orders: caravan status.",
                "%s carried out an order (sequence %llu) that this run did not give", f->p->name,
                (unsigned long long)a->work.order_sequence);
    waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key, "%s: carries out orders of another run",
                f->p->name);
    return true;
}

/* The leader's index for a server is noted only now: the server must also receive what was
 * committed while it restarted. Without a clear leader this waits. A new server does not wait:
 * nobody depends on it yet, and its time to be ready begins now. */
static void mark_settling(const struct flight *f)
{
    struct gate_result why;

    if (f->p->role != ROLE_JOINS && f->p->is_server &&
        region_leader_why(f->s->world, f->s->plan, f->s->ledger, f->p->region, f->s->now, &why) ==
            NULL) {
        waiting_for(f->d, REASON_LEADER, f->lh->key, "region %s: no single leader is known: %.160s",
                    f->p->region, why.text);
        return;
    }
    intend_mark(f->d, f->lh->key, HOST_SETTLING, "its agent reports that it runs %s",
                f->s->plan->target);
}

static void step_swapping(const struct flight *f)
{
    const struct agent_view *a = order_report(f);

    if (a == NULL && !f->lh->answered) {
        resend_order(f);
        return;
    }
    if (a != NULL && stop_for_other_orders(f, a))
        return;
    if (a != NULL && a->work.phase == PHASE_SETTLED)
        mark_settling(f);
    else if (a != NULL && a->work.phase == PHASE_REVERTED)
        conclude_failed(f, a, OUTCOME_REVERTED);
    else if (a == NULL ||
             (a->work.phase != PHASE_FAILED && !is_back_in_earlier_phase(a, PHASE_SWAPPING)))
        wait_for_work(f, a);
    else if (is_back_in_earlier_phase(a, PHASE_SWAPPING))
        retry_turn(f, a);
    else if (is_untouched(f, a))
        intend_mark(f->d, f->lh->key, HOST_PENDING, "%s: %s; Caravan tries again",
                    failure_name(a->failure), a->failure_text);
    else
        conclude_failed(f, a, OUTCOME_LEFT);
}

static void step_reverting(const struct flight *f)
{
    const struct agent_view *a = order_report(f);

    if (a == NULL && !f->lh->answered) {
        resend_order(f);
        return;
    }
    if (a != NULL && stop_for_other_orders(f, a))
        return;
    if (a != NULL && a->work.phase == PHASE_REVERTED)
        give_back_after_failure(f, intend_conclude(f->s, f->d, f->i, OUTCOME_REVERTED,
                                                   FAILURE_NOT_CAUGHT_UP,
                                                   "%s; reverted to the old binary", f->lh->text));
    else if (a != NULL &&
             (a->work.phase == PHASE_FAILED || is_back_in_earlier_phase(a, PHASE_REVERTING)))
        conclude_failed(f, a, OUTCOME_LEFT);
    else
        wait_for_work(f, a);
}

/* ---- drain ---- */

static void step_restoring(const struct flight *f)
{
    const struct ledger_host *lh = f->lh;

    if (ledger_effect_const(f->s->ledger, EFFECT_DRAIN, lh->key) != NULL ||
        ledger_effect_const(f->s->ledger, EFFECT_ELIGIBILITY, lh->key) != NULL) {
        waiting_for(f->d, REASON_UNDO, lh->key, "%s: Caravan undoes its drain", f->p->name);
        return;
    }
    enum host_state to = HOST_STAGED;
    if (lh->outcome != OUTCOME_NONE)
        to = lh->outcome == OUTCOME_SETTLED ? HOST_DONE : HOST_FAILED;
    else if (lh->failure != FAILURE_NONE)
        to = HOST_FAILED;
    intend_mark(f->d, lh->key, to, "%s", lh->text);
}

static void drain_failed(const struct flight *f, struct intent *in, int64_t since)
{
    char took[24];

    str_for_ms(took, sizeof(took), since);
    in->failure = FAILURE_NOT_READY;
    snprintf(in->text, sizeof(in->text),
             "%s in phase draining%s%s: its drain did not end within %s; Caravan undoes the drain "
             "and did not touch Nomad",
             failure_name(in->failure), f->p->from[0] != '\0' ? ", on " : "", f->p->from, took);
}

static void step_draining(const struct flight *f)
{
    const struct effect *e = ledger_effect_const(f->s->ledger, EFFECT_DRAIN, f->lh->key);
    const struct ledger *l = f->s->ledger;

    if (e == NULL || l->ending != RUN_NONE || l->state == RUN_ABORTING) {
        intend_mark(f->d, f->lh->key, HOST_RESTORING, "not begun: the run ends");
        return;
    }
    if (!e->done && f->h != NULL && drain_by_others(e, l, f->h, f->s->now) == TRI_YES) {
        intend_mark(f->d, f->lh->key, HOST_RESTORING,
                    "somebody else drains it, or made it ineligible, before Caravan's drain began");
        return;
    }
    bool seen = f->h != NULL && e->done && is_fresh(f->h->client.list_at, f->s->now) &&
                f->h->client.list_at > e->done_ms;
    if (seen && !f->h->client.draining)
        return; /* decide_clients goes on with the swap */
    if (seen && f->s->now - e->done_ms > f->s->plan->policy.drain_deadline_ms + 60000) {
        struct intent *in = intent_new(f->d, INTENT_MARK, f->lh->key);
        in->state = HOST_RESTORING;
        drain_failed(f, in, f->s->now - e->done_ms);
        return;
    }
    waiting_for(f->d, REASON_DRAIN, f->lh->key, "%s: %s", f->p->name,
                !e->noted  ? "Caravan puts a note about the drain at its agent"
                : !e->done ? "Caravan asks Nomad for the drain"
                : seen     ? "draining"
                           : "it is not known whether its drain has ended");
}

/* ---- settling: the cluster's answers after the agent's report ---- */

/* True if the cluster answers well enough to blame the host for not being ready. Otherwise the
 * state of the host is unknown, and the host stays in flight. */
static bool can_blame_host(const struct flight *f)
{
    struct gate_result g = {.kind = GATE_UNKNOWN};
    char key[sizeof(((struct streak *)NULL)->key)];

    const char *why = host_disagrees(f->h, f->s->now);

    if (why != NULL) {
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key, "%s: %s", f->p->name, why);
        return false;
    }
    if (f->p->is_server) {
        g = gate_quorum(f->s->world, f->s->plan, f->s->ledger, f->lh->key, f->s->now);
    } else {
        snprintf(key, sizeof(key), "region/%s", f->p->region);
        const struct streak *e = evidence_find(f->s->evidence, key);
        if (e != NULL && is_fresh(e->last_ms, f->s->now)) {
            g.kind = e->last;
            str_cut(g.text, sizeof(g.text), e->text);
        }
    }
    if (g.kind != GATE_PASS)
        waiting_for(f->d, reason_of(g.kind), f->lh->key,
                    "%s is not ready, nor is region %s: %.160s", f->p->name, f->p->region, g.text);
    return g.kind == GATE_PASS;
}

/* If the only thing wrong is that the host differs from before, returns the feature that
 * differs. */
static enum feature_kind only_difference(const struct flight *f, const struct streak *e)
{
    struct same_node same;

    same_node(f->s->world, f->s->plan, f->s->ledger, f->lh->key, f->s->now, &same);
    return e != NULL && e->last == GATE_FAIL && str_eq(e->text, same.gate.text) ? same.worst
                                                                                : FEATURE_NONE;
}

/* True if the host may be reverted now. Otherwise the function states the wait. */
static bool may_revert(const struct flight *f)
{
    if (!f->s->lease->majority || f->s->lease->taken) {
        waiting_for(f->d, REASON_LEASE, f->lh->key, "%s", f->s->lease->text);
        return false;
    }
    /* An intent that can come to nothing would keep the run alive for ever. */
    if (f->s->lease->claims[f->i] != CLAIM_HELD) {
        waiting_for(
            f->d, REASON_LEASE, f->lh->key,
            "%s: Caravan is to revert it, but its agent does not give its lease (%s)", f->p->name,
            f->s->lease->claims[f->i] == CLAIM_REFUSED ? "another run holds it" : "no answer yet");
        return false;
    }
    if (!call_due(&f->lh->call, f->s->now))
        waiting_for(f->d, REASON_RETRY, f->lh->key, "%s: Caravan orders the revert again soon",
                    f->p->name);
    return call_due(&f->lh->call, f->s->now);
}

/* A new server that votes, and leads or follows, is not taken out because of a question that got
 * no answer. */
static bool has_come_to_vote(const struct flight *f, const struct streak *e, const char *why)
{
    struct gate_result unused;
    struct raft_view v;

    if (f->p->role != ROLE_JOINS || e == NULL || e->last != GATE_UNKNOWN || f->h == NULL ||
        !f->h->is_server)
        return false;
    raft_view_init(&v, f->s->world, f->s->plan, f->s->ledger, f->p->region, f->s->now, &unused);
    if (gate_stands(&v, f->h).kind != GATE_PASS || raft_view_is_voter(&v, f->h) != TRI_YES)
        return false;
    waiting_for(f->d, REASON_GATE_UNKNOWN, f->lh->key, "%s", why);
    return true;
}

static void end_late_turn(const struct flight *f, const struct streak *e, const char *why)
{
    enum on_not_ready reaction =
        f->p->is_server ? f->s->plan->server_on_not_ready : f->s->plan->client_on_not_ready;
    bool ours = f->lh->order == MSG_SWAP || f->lh->order == MSG_REVERT;
    enum feature_kind differs = only_difference(f, e);
    bool of_host = differs != FEATURE_NONE && !feature_of_binary(differs);
    char took[24], unused[120];
    /* Without this server the others can never be a quorum, so it stays as it is. */
    bool needed = f->p->role == ROLE_JOINS && server_is_needed(f->s, f->i, unused);

    str_for_ms(took, sizeof(took), f->s->now - f->lh->effect_ms);
    if (differs != FEATURE_ID && !needed && !can_blame_host(f))
        return;
    if (has_come_to_vote(f, e, why))
        return;
    if (reaction != ON_REVERT || !ours || of_host ||
        f->p->role ==
            ROLE_JOINS) { /* Caravan does not revert a binary that somebody else installed */
        enum failure failure = differs != FEATURE_NONE ? FAILURE_NOT_READY : FAILURE_NOT_CAUGHT_UP;
        struct intent *in = intend_conclude(
            f->s, f->d, f->i, OUTCOME_LEFT, failure,
            "%s in phase settling of %s: not ready within %s: %.150s; left on the new binary",
            failure_name(failure), f->s->plan->target, took, why);
        in->differs = differs;
        give_back_after_failure(f, in);
        return;
    }
    if (!may_revert(f))
        return;
    struct intent *in = intent_new(f->d, INTENT_REVERT, f->lh->key);
    in->failure = FAILURE_NOT_CAUGHT_UP;
    in->differs = differs;
    snprintf(in->text, sizeof(in->text), "%s in phase settling of %s: not ready within %s: %.150s",
             failure_name(in->failure), f->s->plan->target, took, why);
}

/* Raft says that the server is well. Is its state complete? The count comes last, when nothing
 * else is missing. */
static bool is_state_complete(const struct flight *f)
{
    const char *whose;
    struct gate_result g = gate_counts(f->s, f->i, &whose);

    if (g.kind == GATE_FAIL) {
        intend_stop(f->s, f->d, whose, lost_state_advice, "%s", g.text);
        intend_conclude(f->s, f->d, f->i, OUTCOME_LEFT, FAILURE_NOT_CAUGHT_UP,
                        "%s in phase settling of %s: %.150s; left on the new binary",
                        failure_name(FAILURE_NOT_CAUGHT_UP), f->s->plan->target, g.text);
    } else if (g.kind == GATE_UNKNOWN) {
        waiting_for(f->d, REASON_COUNTS, f->lh->key, "%s", g.text);
    }
    return g.kind == GATE_PASS;
}

/* All gates of the host have passed. If its own stop changed the node, that is undone before the
 * host is done. */
static void conclude_settled(const struct flight *f)
{
    struct same_node same;

    same_node(f->s->world, f->s->plan, f->s->ledger, f->lh->key, f->s->now, &same);
    if (same.gate.kind != GATE_PASS) { /* changed since the gates were asked */
        waiting_for(f->d, REASON_GATE_UNKNOWN, f->lh->key, "%s", same.gate.text);
        return;
    }
    if (same.drains && !same.drained) {
        waiting_for(f->d, REASON_DRAIN, f->lh->key,
                    "%s: the drain that its own stop began still runs", f->p->name);
        return;
    }
    if (f->p->is_server && !is_state_complete(f))
        return;
    if (f->p->role == ROLE_JOINS) {
        intend_mark(f->d, f->lh->key, HOST_ENABLING, "it votes");
        return;
    }
    give_back_drain(
        f, &same,
        intend_conclude(f->s, f->d, f->i, OUTCOME_SETTLED, FAILURE_NONE, "%s", same.told));
}

/* The gates of the host pass. Do its tasks run as before? */
static void check_tasks(const struct flight *f)
{
    struct gate_result g = gate_allocs(f->s->world, f->s->ledger, f->lh->key, f->s->now);

    if (g.kind == GATE_PASS)
        conclude_settled(f);
    else if (g.kind == GATE_FAIL)
        give_back_after_failure(
            f, intend_conclude(f->s, f->d, f->i, OUTCOME_LEFT, FAILURE_NOT_READY,
                               "%s in phase settling of %s: %.150s; left on the new "
                               "binary",
                               failure_name(FAILURE_NOT_READY), f->s->plan->target, g.text));
    else
        waiting_for(f->d, REASON_GATE_UNKNOWN, f->lh->key, "%s", g.text);
}

/* Returns since when the host could have been ready. The time of a client does not run while its
 * region is not well. */
static int64_t ready_since(const struct flight *f)
{
    char key[sizeof(((struct streak *)NULL)->key)];

    snprintf(key, sizeof(key), "region/%s", f->p->region);
    const struct streak *e = f->p->is_server ? NULL : evidence_find(f->s->evidence, key);
    return MAX_OF(f->lh->effect_ms, e != NULL && e->answers > 0 ? e->since_ms : 0);
}

/* The agent reports that the host runs the target. The host is done when its gates have passed
 * for long enough. If that takes too long, the host is reverted or left as it is. */
static void step_settling(const struct flight *f)
{
    const struct policy *policy = &f->s->plan->policy;
    char key[sizeof(((struct streak *)NULL)->key)];
    int64_t deadline = plan_ready_ms(f->s->plan, f->p);
    char why[TEXT_MAX];

    if (join_has_ended(f->s, f->i)) {
        intend_conclude(f->s, f->d, f->i, OUTCOME_LEFT, FAILURE_NOT_READY,
                        "%s in phase settling of %s: its Nomad does not run any more",
                        failure_name(FAILURE_NOT_READY), f->s->plan->target);
        return;
    }
    snprintf(key, sizeof(key), "host/%s", f->lh->key);
    const struct streak *e = evidence_find(f->s->evidence, key);
    if (evidence_settled(f->s->evidence, key, policy, f->lh->effect_ms, f->s->now)) {
        if (!f->p->is_server || regions_settled(f->s, f->d, f->lh->effect_ms))
            check_tasks(f);
        return;
    }
    snprintf(why, sizeof(why), "%s: its gates have not been checked yet", f->p->name);
    if (e != NULL)
        streak_text(e, why, sizeof(why));
    if (e != NULL && e->last == GATE_PASS)
        waiting_to_settle(f->s, f->d, f->lh->key, f->p->name, e);
    else if (f->s->now - ready_since(f) > deadline && f->s->world->problem[0] == '\0')
        end_late_turn(f, e, why);
    else
        waiting_for(f->d, reason_of(e != NULL ? e->last : GATE_UNKNOWN), f->lh->key, "%s", why);
}

void decide_flight(const struct situation *s, struct decision *d, size_t i)
{
    static void (*const by_state[HOST_STATE_COUNT])(const struct flight *) = {
        [HOST_DRAINING] = step_draining,   [HOST_SWAPPING] = step_swapping,
        [HOST_SETTLING] = step_settling,   [HOST_REVERTING] = step_reverting,
        [HOST_RESTORING] = step_restoring,
    };
    struct flight f = {.s = s,
                       .d = d,
                       .i = i,
                       .lh = &s->ledger->hosts[i],
                       .p = &s->plan->hosts[i],
                       .h = world_host(s->world, s->plan->hosts[i].key)};

    if (host_served(f.lh->state)) {
        decide_service(s, d, i);
        return;
    }
    by_state[f.lh->state](&f);
    if (f.p->role == ROLE_JOINS)
        undo_failed_join(s, d, i);
}
