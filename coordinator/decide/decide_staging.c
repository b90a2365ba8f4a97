/* The wide and harmless part: the new binary on every host's disk. */
#include "decide.h"

#include "hazard_host.h"

#define SILENT_MS 60000 /* an agent that has not said hello to this process for so long */

/* What its agent found out when it had the new binary: nothing is begun anywhere then. */
static void stop_at(const struct situation *s, struct decision *d, const struct plan_host *p,
                    const struct host_refusal *r)
{
    char advice[TEXT_MAX];

    snprintf(advice, sizeof(advice), "%.160s%s%.30s%s", r->advice,
             r->hard ? "" : " Or abort, and begin anew with --accept ", r->hard ? "" : r->id,
             r->hard ? "" : ".");
    intend_stop(s, d, p->name, advice, "%s: [%s] %s", p->name, r->id, r->text);
    waiting_for(d, REASON_STAGING, p->key, "%s: [%s] %.180s", p->name, r->id, r->text);
}

static void staging_one(const struct situation *s, struct decision *d, size_t i)
{
    const struct ledger_host *lh = &s->ledger->hosts[i];
    const struct plan_host *p = &s->plan->hosts[i];
    const struct host *h = world_host(s->world, p->key);
    const struct agent_view *a = h != NULL ? &h->agent : NULL;
    struct host_refusal refusal;
    bool told = a != NULL && a->status_at > lh->effect_ms && a->order_sequence == lh->sequence;

    if (told && a->phase == PHASE_STAGED && digest_eq(&a->target, &p->digest) &&
        hazard_host_refuses(s->plan, p, h, &refusal)) {
        stop_at(s, d, p, &refusal);
    } else if (told && a->phase == PHASE_STAGED && digest_eq(&a->target, &p->digest)) {
        intend_mark(d, lh->key, HOST_STAGED, "%s", "");
    } else if (told && a->phase == PHASE_FAILED && failure_may_retry(a->failure) &&
               lh->attempts < 3) {
        intend_mark(d, lh->key, HOST_PENDING, "%s: %s; once more", failure_name(a->failure),
                    a->failure_text);
    } else if (told && a->phase == PHASE_FAILED) {
        intend_conclude(s, d, i, OUTCOME_NONE, a->failure,
                        "%s while staging: %s; Nomad was not touched", failure_name(a->failure),
                        a->failure_text)
            ->failed_in = a->failed_in;
    } else if (!told && p->is_server && swap_is_dead(s, d, i)) {
        waiting_for(d, REASON_RETRY, lh->key, "%s: its caravan-swap does not answer", p->name);
    } else if (!told && !lh->answered && lh->resends >= 8 && !p->is_server) {
        struct intent *in = intend(d, INTENT_MARK, lh->key);
        in->state = HOST_SKIPPED;
        in->skip = SKIP_UNREACHABLE;
        snprintf(in->text, sizeof(in->text), "its agent does not answer");
    } else {
        if (!told && !lh->answered && s->now >= lh->retry_ms)
            intend(d, INTENT_RESEND, lh->key);
        waiting_for(d, REASON_STAGING, lh->key, "%s: %s", p->name,
                    told ? phase_name(a->phase) : "the new binary is ordered");
    }
}

static void skip(struct decision *d, const struct ledger_host *lh, enum skip_why skip,
                 const char *why)
{
    struct intent *in = intend(d, INTENT_MARK, lh->key);
    in->state = HOST_SKIPPED;
    in->skip = skip;
    snprintf(in->text, sizeof(in->text), "%s", why);
}

/* Servers' agents are leased already; a client is claimed first. True: begun. */
static bool begin_one(const struct situation *s, struct decision *d, size_t i)
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
    if (s->now < lh->retry_ms) {
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

void decide_staging(const struct situation *s, struct decision *d)
{
    size_t busy = 0;

    for (size_t i = 0; i < s->ledger->n_hosts; i++)
        if (s->ledger->hosts[i].state == HOST_STAGING) {
            staging_one(s, d, i);
            busy++;
        }
    bool asked = false, allowed = false;
    for (size_t i = 0; i < s->ledger->n_hosts && busy < s->plan->policy.stage_parallel; i++) {
        if (s->ledger->hosts[i].state != HOST_PENDING)
            continue;
        if (!asked)
            allowed = may_begin(s, d);
        asked = true;
        if (!allowed)
            return;
        busy += begin_one(s, d, i);
    }
}
