/* Staging, the wide and harmless part: the new binary comes onto every host's disk. */
#include "decide.h"

#include "hazards.h"
#include "seed_turns.h"

#define SILENT_MS                                                                                  \
    60000 /* an agent that has not answered hello to this process for so long, in milliseconds */

/* Hosts that have staged and must not be swapped. The run reports all of them at once, when no
 * other host can be added any more. Otherwise an operator who repairs one host and resumes would
 * meet the next one. */
struct refused {
    size_t n;
    bool noted; /* one of them goes into the ledger, for the reports, in this tick */
    bool lasts; /* at least one of them does not pass by itself */
    const struct plan_host *first;
    struct host_refusal why; /* of the first one */
    char text[300];
};

#define REFUSED_SAID 3     /* the text of the stop names so many */
#define PASSES_MS    60000 /* a reason that may pass by itself has so many milliseconds */

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
    if (!str_starts(lh->text, id)) { /* numbers in the text may change at every observation */
        intend_mark(d, lh->key, HOST_STAGING, "%s", text);
        all->noted = true;
    }
}

static void stop_one_refused(const struct situation *s, struct decision *d,
                             const struct refused *all)
{
    const struct host_refusal *r = &all->why;
    char advice[ADVICE_MAX];

    snprintf(advice, sizeof(advice), "%s%s%.30s%s", r->advice,
             r->hard ? "" : " Or abort, and begin a new run with --accept ", r->hard ? "" : r->id,
             r->hard ? "" : ".");
    intend_stop(s, d, all->first->name, advice, "%s: [%s] %s", all->first->name, r->id, r->text);
}

/* After this stop, nothing begins on any host. */
static void stop_refused(const struct situation *s, struct decision *d, const struct refused *all)
{
    char more[40] = "";

    if (all->n == 1) {
        stop_one_refused(s, d, all);
        return;
    }
    if (all->n > REFUSED_SAID)
        snprintf(more, sizeof(more), "; and %zu more", all->n - REFUSED_SAID);
    intend_stop(s, d, all->first->name,
                "Repair each of these hosts: caravan show lists them all. Or type caravan abort, "
                "and begin a new run with --accept and the ids in brackets that may be accepted.",
                "%zu hosts must not be swapped as they are: %s%s", all->n, all->text, more);
}

static void skip_staging_host(struct decision *d, const struct ledger_host *lh, enum skip_why skip,
                              const char *why)
{
    struct intent *in = intent_new(d, INTENT_MARK, lh->key);
    in->state = HOST_SKIPPED;
    in->skip = skip;
    snprintf(in->text, sizeof(in->text), "%s", why);
}

/* The host has staged, and reports what it found out with the new binary. False: the host
 * refuses the swap. */
static bool judge_staged_host(const struct situation *s, struct decision *d,
                              const struct plan_host *p, const struct host *h, struct refused *all)
{
    const struct ledger_host *lh = &s->ledger->hosts[p - s->plan->hosts];
    struct host_refusal refusal;

    if (h->agent.n_facts == 0) {
        waiting_for(d, REASON_STAGING, p->key,
                    "%s: its agent does not report whether its Nomad would come back", p->name);
    } else if (hazards_refuse(s->plan, p, h, &refusal)) {
        add_refused(all, s, d, p, &refusal);
        return false;
    } else if (!p->is_server && hazard_held(h)) { /* the operator accepted this, so the host is
                                                     skipped now, and not at its turn */
        skip_staging_host(d, lh, SKIP_HELD, "root holds it");
    } else {
        intend_mark(d, p->key, HOST_STAGED, "%s", "");
    }
    return true;
}

/* False: the host has staged and refuses. True: the host still works, or its staging has ended. */
static bool judge_staging(const struct situation *s, struct decision *d, size_t i,
                          struct refused *all)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    const struct agent_view *a = h != NULL ? &h->agent : NULL;
    bool told =
        a != NULL && a->status_at > lh->effect_ms && a->work.order_sequence == lh->call.sequence;

    if (told && a->work.phase == PHASE_STAGED && digest_eq(&a->work.target, &p->digest))
        return judge_staged_host(s, d, p, h, all);
    if (told && a->work.phase == PHASE_FAILED && failure_may_retry(a->failure) &&
        lh->attempts < 3) {
        intend_mark(d, lh->key, HOST_PENDING, "%s: %s; Caravan tries again",
                    failure_name(a->failure), a->failure_text);
    } else if (told && a->work.phase == PHASE_FAILED) {
        intend_conclude(s, d, i, OUTCOME_NONE, a->failure,
                        "%s while staging: %s; Caravan did not touch Nomad",
                        failure_name(a->failure), a->failure_text)
            ->failed_in = a->work.failed_in;
    } else if (!told && order_is_void(s, d, i)) {
        /* the host is staged again */
    } else if (!told && p->is_server && swap_is_dead(s, d, i)) {
        waiting_for(d, REASON_RETRY, lh->key, "%s: its caravan-swap does not answer", p->name);
    } else if (!told && !lh->answered && lh->call.failures >= 8 && !p->is_server) {
        skip_staging_host(d, lh, SKIP_UNREACHABLE, "its agent does not answer");
    } else {
        if (!told && !lh->answered && call_due(&lh->call, s->now))
            intent_new(d, INTENT_RESEND, lh->key);
        waiting_for(d, REASON_STAGING, lh->key, "%s: %s", p->name,
                    told ? phase_name(a->work.phase) : "ordered to fetch the new binary");
    }
    return true;
}

/* States the wait once for all hosts that wait for this seed. */
static void wait_for_seed(const struct situation *s, struct decision *d, const char *name,
                          struct seed_turn *turn)
{
    const struct plan_host *seed = &s->plan->hosts[turn->first];

    if (!turn->told)
        waiting_for(d, REASON_STAGING, seed->key, "%s: waits for the seed %s, which stages first",
                    name, seed->name);
    turn->told = true;
}

/* The run holds the leases of servers' agents already. The lease of a client is taken first.
 * True: the host counts as staging. */
static bool begin_staging(const struct situation *s, struct decision *d, struct seed_turns *turns,
                          size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    enum claim claim = s->lease->claims[i];

    if (h == NULL || h->agent.hello_at == 0 || h->agent.misplaced || !h->agent.enrolled) {
        if (!p->is_server && s->now - s->evidence->begun_ms > SILENT_MS)
            skip_staging_host(d, lh, SKIP_UNREACHABLE,
                              "its agent does not answer, or answers as another host");
        waiting_for(d, REASON_RETRY, lh->key, "%s: its agent has not answered yet", p->name);
        return false;
    }
    if (host_runs_target(s, i, h)) { /* a staged copy would only stay there */
        intend_mark(d, lh->key, HOST_STAGED, "runs %s already", s->plan->target);
        return false;
    }
    if (host_may_run_target(s, i, h) && s->now - s->evidence->begun_ms <= SILENT_MS) {
        waiting_for(d, REASON_OBSERVE, p->key, "%s: it is not known yet whether it already runs %s",
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
        intent_new(d, INTENT_STAGE, lh->key);
    } else if (p->is_server) {
        waiting_for(d, REASON_LEASE, lh->key, "%s: this run does not hold its lease", p->name);
    } else if (claim == CLAIM_REFUSED) {
        skip_staging_host(d, lh, SKIP_HELD, "another run holds its lease");
    } else if (claim == CLAIM_SILENT) {
        skip_staging_host(d, lh, SKIP_UNREACHABLE, "its agent does not answer");
    } else {
        if (claim == CLAIM_NONE)
            intent_new(d, INTENT_CLAIM, lh->key);
        waiting_for(d, REASON_LEASE, lh->key, "%s: Caravan asks for its lease", p->name);
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

/* Begins to stage hosts, seeds first. True: some hosts are still to be staged, also if they
 * cannot begin now. */
static bool begin_staging_some(const struct situation *s, struct decision *d, size_t busy)
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
                busy += begin_staging(s, d, &turns, k % n);
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
            busy += judge_staging(s, d, i, &all);
    bool more = begin_staging_some(s, d, busy) || busy > 0;
    bool enough = all.lasts || s->now - s->evidence->progress_ms > PASSES_MS;
    if (all.n > 0 && !all.noted && enough && (!more || s->ledger->state != RUN_STAGING))
        stop_refused(s, d, &all);
}
