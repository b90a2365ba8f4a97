/* Invariant 7: what Caravan changes in Nomad, and what remains of it. */
#include "truth.h"

#define BACK_MS 60000 /* what can be undone is undone within this time */

void judge_operate(struct truth *t, const struct nomad_operation *o)
{
    const struct effect *e = NULL;
    int host = t_host_of(t, o->node_id);
    bool noted = false;

    if (o->op == OP_SNAPSHOT)
        return; /* changes nothing */
    counts.judged[7]++;
    for (size_t i = 0; i < t->committed.n_effects; i++)
        if (t->committed.effects[i].id == o->effect)
            e = &t->committed.effects[i];
    if (e == NULL || host < 0) {
        judge_says(t, 7, "an operation that is not in the ledger");
        return;
    }
    const struct t_host *h = &t->hosts[host];
    if (o->op == OP_REMOVE_PEER || o->op == OP_FORCE_LEAVE)
        judge_removal(t, host, o);
    if (o->op == OP_TRANSFER && t->replaces)
        judge_last(t, host);
    if (t->policy.stage_only)
        judge_says(t, 10, "a run that only stages asks Nomad to change %s", h->name);
    for (uint32_t i = 0; i < h->agent.n_notes; i++)
        noted = noted || h->agent.notes[i] == o->effect;
    if (o->op == OP_DRAIN && (!noted || e->before[0] == '\0'))
        judge_says(t, 7, "drain of %s that is not noted with its agent", h->name);
    if ((o->op == OP_DRAIN || o->op == OP_TRANSFER) && (t->paused || t->aborted))
        judge_says(t, 10, "%s of %s begun in a run that is paused or aborted",
                   o->op == OP_DRAIN ? "drain" : "transfer", h->name);
    if (o->op == OP_UNDRAIN && h->strangers_drain && t->now - h->eligibility_ms > JUDGE_STALE_MS)
        judge_says(t, 7, "a stranger's drain of %s is undone", h->name);
    if (o->op == OP_UNDRAIN && (h->taken_out || (h->strangers_ineligible && !h->last_drain_ours)) &&
        t->now - h->eligibility_ms > JUDGE_STALE_MS)
        judge_says(t, 7, "%s is made eligible, which a stranger made ineligible", h->name);
}

/* ---- at the end ---- */

/* True if the host was reachable for long enough to clear a note. */
static bool is_reachable(const struct truth *t, const struct t_host *h)
{
    return h->machine_up && h->agent.up && !h->misplaced && !t->taken_over && !t_faulty(t) &&
           t->now - t->faults_end > BACK_MS && t->now - h->agent_cut_ms > BACK_MS &&
           t->now - h->agent.boot_ms > BACK_MS && t->now - h->trust_ms > BACK_MS &&
           t_is_named(t, (int)(h - t->hosts)) && t->now - h->agent.full_ms > BACK_MS;
}

void judge_undone(struct truth *t)
{
    for (size_t i = 0; i < t->ledger.n_effects; i++)
        if (!effect_finished(&t->ledger.effects[i]))
            judge_says(t, 7, "ended with an effect that is not undone");
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        if (h->listed && h->is_server && h->agent.n_notes > 0 && is_reachable(t, h))
            judge_says(t, 7, "ended with a note left at %s", h->name);
        if (!h->listed || h->is_server)
            continue;
        if (h->drain_ours)
            judge_says(t, 7, "ended with %s drained by us", h->name);
        if (!h->eligible && h->last_drain_ours && !h->draining && !h->strangers_ineligible)
            judge_says(t, 7, "ended with %s ineligible by us", h->name);
        if (h->agent.n_notes > 0 && h->agent.up && h->machine_up && t_is_named(t, i))
            judge_says(t, 7, "ended with a note left at %s", h->name);
    }
}
