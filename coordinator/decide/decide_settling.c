/* A host that settles: the cluster's word after the agent's. */
#include "decide_flight.h"
#include "decide_watch.h"

/* Is it the host that is not ready, or can the cluster not tell? Unknown is in flight. */
static bool cluster_tells(const struct flight *f)
{
    struct gate_result g = {.kind = GATE_UNKNOWN};
    char key[sizeof(((struct streak *)NULL)->key)];

    if (host_disagrees(f->h, f->s->now) != NULL) {
        waiting_for(f->d, REASON_IN_FLIGHT, f->lh->key, "%s: its agent does not answer",
                    f->p->name);
        return false;
    }
    if (f->p->is_server) {
        g = gate_quorum(f->s->world, f->s->plan, f->lh->key, f->s->now);
    } else {
        snprintf(key, sizeof(key), "region/%s", f->p->region);
        const struct streak *e = evidence_find(f->s->evidence, key);
        if (e != NULL && fresh(e->last_ms, f->s->now)) {
            g.kind = e->last;
            str_cut(g.text, sizeof(g.text), e->text);
        }
    }
    if (g.kind != GATE_PASS)
        waiting_for(f->d, g.kind == GATE_FAIL ? REASON_GATE : REASON_GATE_UNKNOWN, f->lh->key,
                    "%s is not ready, nor is region %s: %.160s", f->p->name, f->p->region, g.text);
    return g.kind == GATE_PASS;
}

static void too_late(const struct flight *f, const char *why)
{
    enum on_not_ready reaction =
        f->p->is_server ? f->s->plan->server_on_not_ready : f->s->plan->client_on_not_ready;
    bool ours = f->lh->order == MSG_SWAP || f->lh->order == MSG_REVERT;
    char took[24];

    str_for_ms(took, sizeof(took), f->s->now - f->lh->effect_ms);
    if (!cluster_tells(f))
        return;
    if (reaction != ON_REVERT || !ours) { /* what others swapped in is theirs */
        intend_conclude(f->s, f->d, f->i, OUTCOME_LEFT, FAILURE_NOT_CAUGHT_UP,
                        "not ready within %s: %s; left on the new binary", took, why);
        return;
    }
    if (!f->s->lease->majority || f->s->lease->taken) {
        waiting_for(f->d, REASON_LEASE, f->lh->key, "%s", f->s->lease->text);
        return;
    }
    if (f->s->now < f->lh->retry_ms) {
        waiting_for(f->d, REASON_RETRY, f->lh->key, "%s: reverting is ordered once more soon",
                    f->p->name);
        return;
    }
    struct intent *in = intend(f->d, INTENT_REVERT, f->lh->key);
    in->failure = FAILURE_NOT_CAUGHT_UP;
    snprintf(in->text, sizeof(in->text), "not ready within %s: %s", took, why);
}

static void client_settled(const struct flight *f)
{
    struct gate_result g =
        gate_allocs(f->s->world, f->s->plan, f->s->ledger, f->lh->key, f->s->now);

    if (g.kind == GATE_PASS)
        intend_conclude(f->s, f->d, f->i, OUTCOME_SETTLED, FAILURE_NONE, "%s", "");
    else if (g.kind == GATE_FAIL)
        intend_conclude(f->s, f->d, f->i, OUTCOME_LEFT, FAILURE_NOT_READY,
                        "%s; left on the new binary", g.text);
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

/* By all raft says it is well; is its state all there? */
static void server_settled(const struct flight *f)
{
    const char *whose;
    struct gate_result g = gate_counts(f->s, f->i, &whose);

    if (g.kind == GATE_PASS) {
        intend_conclude(f->s, f->d, f->i, OUTCOME_SETTLED, FAILURE_NONE, "%s", "");
    } else if (g.kind == GATE_FAIL) {
        intend_stop(f->s, f->d, whose, lost_state_advice, "%s", g.text);
        intend_conclude(f->s, f->d, f->i, OUTCOME_LEFT, FAILURE_NOT_CAUGHT_UP, "%s", g.text);
    } else {
        waiting_for(f->d, REASON_COUNTS, f->lh->key, "%s", g.text);
    }
}

void flight_settling(const struct flight *f)
{
    const struct policy *policy = &f->s->plan->policy;
    char key[sizeof(((struct streak *)NULL)->key)];
    int64_t deadline = f->p->is_server ? policy->server_deadline_ms : policy->client_deadline_ms;
    char why[TEXT_MAX];

    snprintf(key, sizeof(key), "host/%s", f->lh->key);
    const struct streak *e = evidence_find(f->s->evidence, key);
    if (evidence_settled(f->s->evidence, key, policy, f->lh->effect_ms, f->s->now)) {
        if (!f->p->is_server)
            client_settled(f);
        else if (regions_settled(f->s, f->d, f->lh->effect_ms))
            server_settled(f);
        return;
    }
    snprintf(why, sizeof(why), "%s: its gates are not asked yet", f->p->name);
    if (e != NULL)
        streak_text(e, why, sizeof(why));
    if (e != NULL && e->last == GATE_PASS)
        waiting_to_settle(f->s, f->d, f->lh->key, f->p->name, e);
    else if (f->s->now - ready_since(f) > deadline && f->s->world->problem[0] == '\0')
        too_late(f, why);
    else
        waiting_for(f->d, e != NULL && e->last == GATE_FAIL ? REASON_GATE : REASON_GATE_UNKNOWN,
                    f->lh->key, "%s", why);
}
