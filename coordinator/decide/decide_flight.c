/* A host in flight: from the commit of its order until an observation begun after its receipt
 * shows it settled, reverted or failed. Unknown is in flight. */
#include "decide.h"

#include "decide_watch.h"
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
    const struct host *h; /* NULL: not in this observation */
};

/* The agent's word about our order, said after the order was given. */
static const struct agent_view *told(const struct flight *f)
{
    if (f->h == NULL || f->h->agent.status_at <= f->lh->effect_ms ||
        f->h->agent.work.order_sequence < f->lh->call.sequence)
        return NULL;
    return &f->h->agent;
}

/* No receipt yet: the same bytes once more, but only when they are too late to be obeyed: then they
 * merely ask what became of them. What was never obeyed passes its gates anew. */
static void resend(const struct flight *f)
{
    if (order_is_void(f->s, f->d, f->i))
        return;
    if (call_due(&f->lh->call, f->s->now) && f->s->now - f->lh->ordered_ms > SWAP_BY_MS)
        intend(f->d, INTENT_RESEND, f->lh->key);
    (void)swap_is_dead(f->s, f->d, f->i); /* unknown is in flight, whatever stops */
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

/* The order let the swap wait for a heartbeat: what is left of that, by what is known of it now. */
static int64_t heartbeat_left(const struct flight *f)
{
    if (f->p->is_server || f->lh->order != MSG_SWAP || f->h == NULL)
        return 0;
    int64_t wait = heartbeat_wait(f->s, f->h, f->lh->ordered_ms);
    return wait > 0 ? f->lh->ordered_ms + wait - f->s->now : 0;
}

/* It took the order, and nothing has come of it for a while: the same bytes once more. They are too
 * late to be obeyed; caravan-swap, while it lives, says again what it said. */
static bool ask_whether_it_lives(const struct flight *f)
{
    bool answers = f->h != NULL && fresh(f->h->agent.hello_at, f->s->now);

    if (f->lh->answered && answers && call_due(&f->lh->call, f->s->now) &&
        f->s->now - f->lh->receipt_ms > SWAP_ALIVE_MS)
        intend(f->d, INTENT_RESEND, f->lh->key);
    if (!swap_is_dead(f->s, f->d, f->i))
        return true;
    waiting_for(f->d, REASON_RETRY, f->lh->key, "%s: its caravan-swap does not answer", f->p->name);
    return false; /* unknown is in flight, whatever stops */
}

static void still_working(const struct flight *f, const struct agent_view *a)
{
    if (!ask_whether_it_lives(f))
        return;
    char took[24];
    int64_t left = a == NULL || a->work.phase == PHASE_SWAPPING ? heartbeat_left(f) : 0;
    int64_t since = f->s->now - f->lh->ordered_ms;
    bool silent = a != NULL && !fresh(a->hello_at, f->s->now);

    if (silent)
        since = f->s->now - a->hello_at;
    str_for_ms(took, sizeof(took), left > 0 ? left : since);
    if (left > 0)
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key,
                    "%s: waits until right after its heartbeat, %s", f->p->name, took);
    else if (a == NULL && since < SWAP_BY_MS)
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key, "%s: took the %s order", f->p->name,
                    message_kind_name(f->lh->order));
    else if (silent)
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key,
                    "%s: its agent does not answer; %s ago it said %s", f->p->name, took,
                    phase_name(a->work.phase));
    else
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key, "%s: %s for %s", f->p->name,
                    a == NULL ? "no word from its agent" : phase_name(a->work.phase), took);
}

/* Before the rename, and again behind the way back, the old binary is what there is. */
static const char *version_that_failed(const struct flight *f, const struct agent_view *a)
{
    return a->work.failed_in == PHASE_PROBING ? f->s->plan->target : f->p->from;
}

/* What its own stop has drained is given back before its turn ends, however that went. */
static void give_back(const struct flight *f, const struct same_node *same, struct intent *in)
{
    size_t len = strlen(in->text);

    if (!same->drained || (!same->drains && f->h->client.eligible))
        return;
    in->give_back = true;
    in->state = HOST_RESTORING;
    snprintf(in->text + len, sizeof(in->text) - len,
             "%sits own stop drained it (drain_on_shutdown): given back", len > 0 ? "; " : "");
}

static void give_back_failed(const struct flight *f, struct intent *in)
{
    struct same_node same;

    same_node(f->s->world, f->s->plan, f->s->ledger, f->lh->key, f->s->now, &same);
    give_back(f, &same, in);
}

/* What ended it, as the agent says it. Nomad's last lines are kept beside it (ledger). */
static void failed(const struct flight *f, const struct agent_view *a, enum outcome outcome)
{
    const char *version = version_that_failed(f, a);

    struct intent *in = intend_conclude(
        f->s, f->d, f->i, outcome, a->failure, "%s in phase %s%s%s: %s; %s",
        failure_name(a->failure), phase_name(a->work.failed_in), version[0] != '\0' ? " of " : "",
        version, a->failure_text,
        outcome == OUTCOME_REVERTED ? "reverted to the old binary" : "left as it is");
    in->failed_in = a->work.failed_in;
    give_back_failed(f, in);
}

/* Nothing was changed on the host (out of time, cancelled): it may have another turn. */
static bool untouched(const struct flight *f, const struct agent_view *a)
{
    const struct digest none = {{0}}, *ran = f->p->role == ROLE_JOINS ? &none : &f->p->before;

    return a->work.failed_in == PHASE_SWAPPING && failure_may_retry(a->failure) &&
           !digest_is_zero(&f->p->before) && digest_eq(&a->hello.disk, &f->p->before) &&
           digest_eq(&a->hello.running, ran) && a->hello_at > f->lh->effect_ms &&
           f->lh->turns < TURNS_MAX;
}

/* A swap that ends before its rename (cancelled, too late, its process or its host restarted)
 * leaves the host where it began, with the reason. */
static bool came_back(const struct agent_view *a, enum phase from)
{
    return a->failure != FAILURE_NONE && a->work.failed_in == from && phase_rests(a->work.phase) &&
           a->work.phase != PHASE_REVERTED && a->work.phase != PHASE_FAILED;
}

/* Its machine booted meanwhile: a client is in flight until Nomad has it back. */
static bool is_away(const struct flight *f, const struct agent_view *a)
{
    const struct client_view *c = &f->h->client;

    if (f->p->is_server || memcmp(a->session, f->lh->session, SESSION_LEN) == 0)
        return false;
    return c->list_at <= f->lh->effect_ms || !str_eq(c->status, "ready") ||
           c->modify_index <= f->lh->base_modify_index;
}

/* What it runs is asked for before that is judged: after a reboot its Nomad may still be coming. */
static bool still_comes_up(const struct flight *f, const struct agent_view *a)
{
    int64_t deadline = plan_ready_ms(f->s->plan, f->p);

    bool runs = !digest_is_zero(&a->hello.running) || f->p->role == ROLE_JOINS; /* not yet */

    return (a->hello_at <= f->lh->effect_ms || !runs) && f->s->now - f->lh->effect_ms < deadline;
}

/* Staged bytes are still there: the turn goes on from them. */
static void comes_back(const struct flight *f, const struct agent_view *a)
{
    bool drained = ledger_effect_const(f->s->ledger, EFFECT_DRAIN, f->lh->key) != NULL;
    enum host_state again = a->work.phase != PHASE_STAGED ? HOST_PENDING
                            : drained                     ? HOST_DRAINING
                                                          : HOST_STAGED;

    if (still_comes_up(f, a) || is_away(f, a))
        still_working(f, a);
    else if (untouched(f, a))
        intend_mark(f->d, f->lh->key, again, "%s: %s; once more", failure_name(a->failure),
                    a->failure_text);
    else
        intend_conclude(f->s, f->d, f->i, OUTCOME_NONE, a->failure,
                        "%s before the rename: %s; the swap was not begun",
                        failure_name(a->failure), a->failure_text)
            ->failed_in = a->work.failed_in;
}

static bool fenced(const struct flight *f, const struct agent_view *a)
{
    if (a->work.order_sequence <= f->lh->call.sequence)
        return false;
    intend_stop(f->s, f->d, f->p->name, "Find out who else gives orders: caravan status.",
                "%s obeyed an order (sequence %llu) that this run did not give", f->p->name,
                (unsigned long long)a->work.order_sequence);
    waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key, "%s obeys another coordinator", f->p->name);
    return true;
}

/* Servers note the leader's index only now: what was committed while it restarted must reach
 * it too. Without a clear leader the note waits; a new server, of which nobody needs anything yet,
 * has its time to be ready from now on all the same. */
static void settles(const struct flight *f)
{
    struct gate_result why;

    if (f->p->role != ROLE_JOINS && f->p->is_server &&
        region_leader_why(f->s->world, f->s->plan, f->s->ledger, f->p->region, f->s->now, &why) ==
            NULL) {
        waiting_for(f->d, REASON_LEADER, f->lh->key, "region %s: who leads is not clear: %.160s",
                    f->p->region, why.text);
        return;
    }
    intend_mark(f->d, f->lh->key, HOST_SETTLING, "its agent says it runs %s", f->s->plan->target);
}

static void swapping(const struct flight *f)
{
    const struct agent_view *a = told(f);

    if (a == NULL && !f->lh->answered) {
        resend(f);
        return;
    }
    if (a != NULL && fenced(f, a))
        return;
    if (a != NULL && a->work.phase == PHASE_SETTLED)
        settles(f);
    else if (a != NULL && a->work.phase == PHASE_REVERTED)
        failed(f, a, OUTCOME_REVERTED);
    else if (a == NULL || (a->work.phase != PHASE_FAILED && !came_back(a, PHASE_SWAPPING)))
        still_working(f, a);
    else if (came_back(a, PHASE_SWAPPING))
        comes_back(f, a);
    else if (untouched(f, a))
        intend_mark(f->d, f->lh->key, HOST_PENDING, "%s: %s; once more", failure_name(a->failure),
                    a->failure_text);
    else
        failed(f, a, OUTCOME_LEFT);
}

static void reverting(const struct flight *f)
{
    const struct agent_view *a = told(f);

    if (a == NULL && !f->lh->answered) {
        resend(f);
        return;
    }
    if (a != NULL && fenced(f, a))
        return;
    if (a != NULL && a->work.phase == PHASE_REVERTED)
        give_back_failed(f,
                         intend_conclude(f->s, f->d, f->i, OUTCOME_REVERTED, FAILURE_NOT_CAUGHT_UP,
                                         "%s; reverted to the old binary", f->lh->text));
    else if (a != NULL && (a->work.phase == PHASE_FAILED || came_back(a, PHASE_REVERTING)))
        failed(f, a, OUTCOME_LEFT);
    else
        still_working(f, a);
}

/* ---- drain ---- */

static void restoring(const struct flight *f)
{
    const struct ledger_host *lh = f->lh;

    if (ledger_effect_const(f->s->ledger, EFFECT_DRAIN, lh->key) != NULL ||
        ledger_effect_const(f->s->ledger, EFFECT_ELIGIBILITY, lh->key) != NULL) {
        waiting_for(f->d, REASON_UNDO, lh->key, "%s: its drain is being undone", f->p->name);
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
             "%s in phase draining%s%s: its drain did not end within %s; it is undone, Nomad was "
             "not touched",
             failure_name(in->failure), f->p->from[0] != '\0' ? ", on " : "", f->p->from, took);
}

static void draining(const struct flight *f)
{
    const struct effect *e = ledger_effect_const(f->s->ledger, EFFECT_DRAIN, f->lh->key);
    const struct ledger *l = f->s->ledger;

    if (e == NULL || l->ending != RUN_NONE || l->state == RUN_ABORTING) {
        intend_mark(f->d, f->lh->key, HOST_RESTORING, "not begun: the run ends");
        return;
    }
    if (!e->done && f->h != NULL && drain_by_others(e, l, f->h, f->s->now) == TRI_YES) {
        intend_mark(f->d, f->lh->key, HOST_RESTORING,
                    "others drain it, or made it ineligible, before its own drain was begun");
        return;
    }
    bool seen = f->h != NULL && e->done && fresh(f->h->client.list_at, f->s->now) &&
                f->h->client.list_at > e->done_ms;
    if (seen && !f->h->client.draining)
        return; /* decide_clients goes on with the swap */
    if (seen && f->s->now - e->done_ms > f->s->plan->policy.drain_deadline_ms + 60000) {
        struct intent *in = intend(f->d, INTENT_MARK, f->lh->key);
        in->state = HOST_RESTORING;
        drain_failed(f, in, f->s->now - e->done_ms);
        return;
    }
    waiting_for(f->d, REASON_DRAIN, f->lh->key, "%s: %s", f->p->name,
                !e->noted  ? "the drain is being noted with its agent"
                : !e->done ? "the drain is being asked for"
                : seen     ? "draining"
                           : "whether its drain has ended is not known");
}

/* ---- settling: the cluster's word after the agent's ---- */

/* Is it the host that is not ready, or can the cluster not tell? Unknown is in flight. */
static bool cluster_tells(const struct flight *f)
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
        if (e != NULL && fresh(e->last_ms, f->s->now)) {
            g.kind = e->last;
            str_cut(g.text, sizeof(g.text), e->text);
        }
    }
    if (g.kind != GATE_PASS)
        waiting_for(f->d, reason_of(g.kind), f->lh->key,
                    "%s is not ready, nor is region %s: %.160s", f->p->name, f->p->region, g.text);
    return g.kind == GATE_PASS;
}

/* Not what it was before: that is all it lacks, and for what. */
static enum feature_kind only_differs(const struct flight *f, const struct streak *e)
{
    struct same_node same;

    same_node(f->s->world, f->s->plan, f->s->ledger, f->lh->key, f->s->now, &same);
    return e != NULL && e->last == GATE_FAIL && str_eq(e->text, same.gate.text) ? same.worst
                                                                                : FEATURE_NONE;
}

/* May it be reverted now? States the wait. */
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
            "%s: it is to be reverted, and its agent does not give its lease (%s)", f->p->name,
            f->s->lease->claims[f->i] == CLAIM_REFUSED ? "another run holds it" : "no answer yet");
        return false;
    }
    if (!call_due(&f->lh->call, f->s->now))
        waiting_for(f->d, REASON_RETRY, f->lh->key, "%s: reverting is ordered once more soon",
                    f->p->name);
    return call_due(&f->lh->call, f->s->now);
}

/* A new server that votes and stands is not taken out for what could not be asked. */
static bool has_come(const struct flight *f, const struct streak *e, const char *why)
{
    struct gate_result unused;
    struct view v;

    if (f->p->role != ROLE_JOINS || e == NULL || e->last != GATE_UNKNOWN || f->h == NULL ||
        !f->h->is_server)
        return false;
    view_init(&v, f->s->world, f->s->plan, f->s->ledger, f->p->region, f->s->now, &unused);
    if (gate_stands(&v, f->h).kind != GATE_PASS || view_voter(&v, f->h) != TRI_YES)
        return false;
    waiting_for(f->d, REASON_GATE_UNKNOWN, f->lh->key, "%s", why);
    return true;
}

static void too_late(const struct flight *f, const struct streak *e, const char *why)
{
    enum on_not_ready reaction =
        f->p->is_server ? f->s->plan->server_on_not_ready : f->s->plan->client_on_not_ready;
    bool ours = f->lh->order == MSG_SWAP || f->lh->order == MSG_REVERT;
    enum feature_kind differs = only_differs(f, e);
    bool of_host = differs != FEATURE_NONE && !feature_of_binary(differs);
    char took[24], unused[120];
    /* Without it the others can never be a quorum: it is left as it is. */
    bool needed = f->p->role == ROLE_JOINS && is_needed(f->s, f->i, unused);

    str_for_ms(took, sizeof(took), f->s->now - f->lh->effect_ms);
    if (differs != FEATURE_ID && !needed && !cluster_tells(f))
        return;
    if (has_come(f, e, why))
        return;
    if (reaction != ON_REVERT || !ours || of_host ||
        f->p->role == ROLE_JOINS) { /* what others swapped in is theirs */
        enum failure failure = differs != FEATURE_NONE ? FAILURE_NOT_READY : FAILURE_NOT_CAUGHT_UP;
        struct intent *in = intend_conclude(
            f->s, f->d, f->i, OUTCOME_LEFT, failure,
            "%s in phase settling of %s: not ready within %s: %.150s; left on the new binary",
            failure_name(failure), f->s->plan->target, took, why);
        in->differs = differs;
        give_back_failed(f, in);
        return;
    }
    if (!may_revert(f))
        return;
    struct intent *in = intend(f->d, INTENT_REVERT, f->lh->key);
    in->failure = FAILURE_NOT_CAUGHT_UP;
    in->differs = differs;
    snprintf(in->text, sizeof(in->text), "%s in phase settling of %s: not ready within %s: %.150s",
             failure_name(in->failure), f->s->plan->target, took, why);
}

/* By all raft says it is well; is its state all there? Counted last: when nothing else is missing.
 */
static bool state_is_there(const struct flight *f)
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

/* All its gates have passed. What its own stop did to the node is undone before it is done. */
static void is_done(const struct flight *f)
{
    struct same_node same;

    same_node(f->s->world, f->s->plan, f->s->ledger, f->lh->key, f->s->now, &same);
    if (same.gate.kind != GATE_PASS) { /* since the last look */
        waiting_for(f->d, REASON_GATE_UNKNOWN, f->lh->key, "%s", same.gate.text);
        return;
    }
    if (same.drains && !same.drained) {
        waiting_for(f->d, REASON_DRAIN, f->lh->key, "%s: the drain that its own stop began",
                    f->p->name);
        return;
    }
    if (f->p->is_server && !state_is_there(f))
        return;
    if (f->p->role == ROLE_JOINS) {
        intend_mark(f->d, f->lh->key, HOST_ENABLING, "it votes");
        return;
    }
    give_back(f, &same,
              intend_conclude(f->s, f->d, f->i, OUTCOME_SETTLED, FAILURE_NONE, "%s", same.told));
}

/* By its gates it is well; do its tasks run as before? */
static void tasks_settled(const struct flight *f)
{
    struct gate_result g = gate_allocs(f->s->world, f->s->ledger, f->lh->key, f->s->now);

    if (g.kind == GATE_PASS)
        is_done(f);
    else if (g.kind == GATE_FAIL)
        give_back_failed(f, intend_conclude(f->s, f->d, f->i, OUTCOME_LEFT, FAILURE_NOT_READY,
                                            "%s in phase settling of %s: %.150s; left on the new "
                                            "binary",
                                            failure_name(FAILURE_NOT_READY), f->s->plan->target,
                                            g.text));
    else
        waiting_for(f->d, REASON_GATE_UNKNOWN, f->lh->key, "%s", g.text);
}

/* From when on it could have been ready: a client's time does not run while its region ails. */
static int64_t ready_since(const struct flight *f)
{
    char key[sizeof(((struct streak *)NULL)->key)];

    snprintf(key, sizeof(key), "region/%s", f->p->region);
    const struct streak *e = f->p->is_server ? NULL : evidence_find(f->s->evidence, key);
    return MAX_OF(f->lh->effect_ms, e != NULL && e->answers > 0 ? e->since_ms : 0);
}

/* Its agent says that it runs: it is done when its gates have passed for long enough, and when too
 * late is reverted, or left as it is. */
static void settling(const struct flight *f)
{
    const struct policy *policy = &f->s->plan->policy;
    char key[sizeof(((struct streak *)NULL)->key)];
    int64_t deadline = plan_ready_ms(f->s->plan, f->p);
    char why[TEXT_MAX];

    if (join_has_ended(f->s, f->i)) {
        intend_conclude(f->s, f->d, f->i, OUTCOME_LEFT, FAILURE_NOT_READY,
                        "%s in phase settling of %s: its Nomad runs no longer",
                        failure_name(FAILURE_NOT_READY), f->s->plan->target);
        return;
    }
    snprintf(key, sizeof(key), "host/%s", f->lh->key);
    const struct streak *e = evidence_find(f->s->evidence, key);
    if (evidence_settled(f->s->evidence, key, policy, f->lh->effect_ms, f->s->now)) {
        if (!f->p->is_server || regions_settled(f->s, f->d, f->lh->effect_ms))
            tasks_settled(f);
        return;
    }
    snprintf(why, sizeof(why), "%s: its gates are not asked yet", f->p->name);
    if (e != NULL)
        streak_text(e, why, sizeof(why));
    if (e != NULL && e->last == GATE_PASS)
        waiting_to_settle(f->s, f->d, f->lh->key, f->p->name, e);
    else if (f->s->now - ready_since(f) > deadline && f->s->world->problem[0] == '\0')
        too_late(f, e, why);
    else
        waiting_for(f->d, reason_of(e != NULL ? e->last : GATE_UNKNOWN), f->lh->key, "%s", why);
}

void decide_flight(const struct situation *s, struct decision *d, size_t i)
{
    static void (*const by_state[HOST_STATE_COUNT])(const struct flight *) = {
        [HOST_DRAINING] = draining,   [HOST_SWAPPING] = swapping,   [HOST_SETTLING] = settling,
        [HOST_REVERTING] = reverting, [HOST_RESTORING] = restoring,
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
