/* The wide and harmless part: the new binary on every host's disk. */
#include "decide.h"

#include "hazards.h"
#include "seed_turns.h"

#define SILENT_MS 60000 /* an agent that has not said hello to this process for so long */

/* Hosts that have staged and must not be swapped. All of them are told at once, when no other can
 * become one any more: who mends one and goes on should not meet the next. */
struct refused {
    size_t n;
    bool noted; /* in the ledger, where reports find each: in this very tick */
    bool lasts; /* one of them at least does not pass by itself */
    const struct plan_host *first;
    struct host_refusal why; /* the first one's */
    char text[300];
};

#define REFUSED_SAID 3     /* by name, in the stop's text */
#define PASSES_MS    60000 /* what may pass by itself has so long */

static void add_refused(struct refused *all, const struct situation *s, struct decision *d,
                        const struct plan_host *p, const struct host_refusal *r)
{
    const struct ledger_host *lh = &s->ledger->hosts[p - s->plan->hosts];
    char text[TEXT_MAX], id[48];
    size_t n = strlen(all->text);

    snprintf(id, sizeof(id), "[%.40s]", r->id);
    snprintf(text, sizeof(text), "%s %.200s", id, r->text);
    if (all->n == 0) {
        all->first = p;
        all->why = *r;
    }
    all->lasts = all->lasts || !r->may_pass;
    if (all->n++ < REFUSED_SAID)
        snprintf(all->text + n, sizeof(all->text) - n, "%s%s: %.70s", n > 0 ? "; " : "", p->name,
                 text);
    waiting_for(d, REASON_STAGING, p->key, "%s: %.180s", p->name, text);
    if (!str_starts(lh->text, id)) { /* numbers in it may change at every look */
        intend_mark(d, lh->key, HOST_STAGING, "%s", text);
        all->noted = true;
    }
}

static void stop_one(const struct situation *s, struct decision *d, const struct refused *all)
{
    const struct host_refusal *r = &all->why;
    char advice[ADVICE_MAX];

    snprintf(advice, sizeof(advice), "%s%s%.30s%s", r->advice,
             r->hard ? "" : " Or abort, and begin anew with --accept ", r->hard ? "" : r->id,
             r->hard ? "" : ".");
    intend_stop(s, d, all->first->name, advice, "%s: [%s] %s", all->first->name, r->id, r->text);
}

/* Nothing is begun anywhere then. */
static void stop_refused(const struct situation *s, struct decision *d, const struct refused *all)
{
    char more[40] = "";

    if (all->n == 1) {
        stop_one(s, d, all);
        return;
    }
    if (all->n > REFUSED_SAID)
        snprintf(more, sizeof(more), "; and %zu more", all->n - REFUSED_SAID);
    intend_stop(s, d, all->first->name,
                "Mend what each of them says: caravan show lists them all. What may be accepted: "
                "abort, and begin anew with --accept and what stands in brackets.",
                "%zu hosts must not be swapped as they are: %s%s", all->n, all->text, more);
}

static void skip(struct decision *d, const struct ledger_host *lh, enum skip_why skip,
                 const char *why)
{
    struct intent *in = intend(d, INTENT_MARK, lh->key);
    in->state = HOST_SKIPPED;
    in->skip = skip;
    snprintf(in->text, sizeof(in->text), "%s", why);
}

/* It has staged, and tells what it found out with the new binary at hand. False: it refuses. */
static bool staged(const struct situation *s, struct decision *d, const struct plan_host *p,
                   const struct host *h, struct refused *all)
{
    const struct ledger_host *lh = &s->ledger->hosts[p - s->plan->hosts];
    struct host_refusal refusal;

    if (h->agent.n_facts == 0) {
        waiting_for(d, REASON_STAGING, p->key,
                    "%s: its agent does not tell whether its Nomad would come back", p->name);
    } else if (hazards_refuse(s->plan, p, h, &refusal)) {
        add_refused(all, s, d, p, &refusal);
        return false;
    } else if (!p->is_server && hazard_held(h)) { /* that was accepted: now, not in its turn */
        skip(d, lh, SKIP_HELD, "root holds it");
    } else {
        intend_mark(d, p->key, HOST_STAGED, "%s", "");
    }
    return true;
}

/* False: it has staged, and refuses; else it is at work. */
static bool staging_one(const struct situation *s, struct decision *d, size_t i,
                        struct refused *all)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    const struct agent_view *a = h != NULL ? &h->agent : NULL;
    bool told =
        a != NULL && a->status_at > lh->effect_ms && a->work.order_sequence == lh->call.sequence;

    if (told && a->work.phase == PHASE_STAGED && digest_eq(&a->work.target, &p->digest))
        return staged(s, d, p, h, all);
    if (told && a->work.phase == PHASE_FAILED && failure_may_retry(a->failure) &&
        lh->attempts < 3) {
        intend_mark(d, lh->key, HOST_PENDING, "%s: %s; once more", failure_name(a->failure),
                    a->failure_text);
    } else if (told && a->work.phase == PHASE_FAILED) {
        intend_conclude(s, d, i, OUTCOME_NONE, a->failure,
                        "%s while staging: %s; Nomad was not touched", failure_name(a->failure),
                        a->failure_text)
            ->failed_in = a->work.failed_in;
    } else if (!told && order_is_void(s, d, i)) {
        /* staged anew */
    } else if (!told && p->is_server && swap_is_dead(s, d, i)) {
        waiting_for(d, REASON_RETRY, lh->key, "%s: its caravan-swap does not answer", p->name);
    } else if (!told && !lh->answered && lh->call.failures >= 8 && !p->is_server) {
        skip(d, lh, SKIP_UNREACHABLE, "its agent does not answer");
    } else {
        if (!told && !lh->answered && call_due(&lh->call, s->now))
            intend(d, INTENT_RESEND, lh->key);
        waiting_for(d, REASON_STAGING, lh->key, "%s: %s", p->name,
                    told ? phase_name(a->work.phase) : "the new binary is ordered");
    }
    return true;
}

/* Once for all that wait for it. */
static void wait_for_seed(const struct situation *s, struct decision *d, const char *name,
                          struct seed_turn *turn)
{
    const struct plan_host *seed = &s->plan->hosts[turn->first];

    if (!turn->told)
        waiting_for(d, REASON_STAGING, seed->key,
                    "%s: is to fetch from the seed %s, which is first", name, seed->name);
    turn->told = true;
}

/* Servers' agents are leased already; a client is claimed first. True: begun. */
static bool begin_one(const struct situation *s, struct decision *d, struct seed_turns *turns,
                      size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    enum claim claim = s->lease->claims[i];

    if (h == NULL || h->agent.hello_at == 0 || h->agent.misplaced || !h->agent.enrolled) {
        if (!p->is_server && s->now - s->evidence->begun_ms > SILENT_MS)
            skip(d, lh, SKIP_UNREACHABLE, "its agent does not answer, or not as itself");
        waiting_for(d, REASON_RETRY, lh->key, "%s: its agent has not answered yet", p->name);
        return false;
    }
    if (host_runs_target(s, i, h)) { /* a copy beside it would only be left there */
        intend_mark(d, lh->key, HOST_STAGED, "runs %s already", s->plan->target);
        return false;
    }
    if (host_may_run_target(s, i, h) && s->now - s->evidence->begun_ms <= SILENT_MS) {
        waiting_for(d, REASON_OBSERVE, p->key, "%s: whether it runs %s already is not known yet",
                    p->name, s->plan->target);
        return false;
    }
    struct seed_turn *turn = seed_turn_awaited(s, turns, i, h);
    if (turn != NULL) {
        wait_for_seed(s, d, p->name, turn);
        return false;
    }
    if (!call_due(&lh->call, s->now)) {
        waiting_for(d, REASON_RETRY, lh->key, "%s: %s", p->name, lh->text);
        return true;
    }
    if (claim == CLAIM_HELD) {
        intend(d, INTENT_STAGE, lh->key);
    } else if (p->is_server) {
        waiting_for(d, REASON_LEASE, lh->key, "%s: its lease is not held", p->name);
    } else if (claim == CLAIM_REFUSED) {
        skip(d, lh, SKIP_HELD, "another run holds it");
    } else if (claim == CLAIM_SILENT) {
        skip(d, lh, SKIP_UNREACHABLE, "its agent does not answer");
    } else {
        if (claim == CLAIM_NONE)
            intend(d, INTENT_CLAIM, lh->key);
        waiting_for(d, REASON_LEASE, lh->key, "%s: its lease is asked for", p->name);
    }
    return true;
}

static bool some_pending(const struct situation *s)
{
    for (size_t i = 0; i < s->ledger->n_hosts; i++)
        if (s->ledger->hosts[i].state == HOST_PENDING)
            return true;
    return false;
}

/* Seeds first. True: some are still to be staged, also when they cannot begin now. */
static bool begin_some(const struct situation *s, struct decision *d, size_t busy)
{
    size_t most = s->plan->policy.stage_parallel, n = s->ledger->n_hosts;

    if (busy >= most || !some_pending(s))
        return false;
    if (!may_begin(s, d))
        return true;
    struct seed_turns turns;
    seed_turns_find(s, &turns);
    for (size_t k = 0; k < 2 * n && busy < most; k++)
        if (s->ledger->hosts[k % n].state == HOST_PENDING && turns.seeds[k % n] == (k < n)) {
            if (s->plan->hosts[k % n].role == ROLE_LEAVES)
                intend_mark(d, s->plan->hosts[k % n].key, HOST_STAGED, "leaves");
            else
                busy += begin_one(s, d, &turns, k % n);
        }
    seed_turns_free(&turns);
    return true;
}

void decide_staging(const struct situation *s, struct decision *d)
{
    struct refused all = {.n = 0};
    size_t busy = 0;

    for (size_t i = 0; i < s->ledger->n_hosts; i++)
        if (s->ledger->hosts[i].state == HOST_STAGING)
            busy += staging_one(s, d, i, &all);
    bool more = begin_some(s, d, busy) || busy > 0;
    bool enough = all.lasts || s->now - s->evidence->progress_ms > PASSES_MS;
    if (all.n > 0 && !all.noted && enough && (!more || s->ledger->state != RUN_STAGING))
        stop_refused(s, d, &all);
}
