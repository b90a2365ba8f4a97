/* Compares how a run ended with the truth: see judge.c. */
#include "truth.h"

static bool names_in_cause(const struct truth *t, const char *word)
{
    const char *at = t->ledger.cause;
    size_t n = strlen(word);

    while ((at = strstr(at, word)) != NULL) {
        char after = at[n];
        if (after < '0' || after > '9')
            return true;
        at += n;
    }
    return false;
}

/* True if another operator paused this process or an earlier one, at an agent. */
static bool is_paused(const struct truth *t)
{
    bool any = t->agents_paused;

    for (int i = 0; i < t->n_hosts; i++)
        any = any || t->hosts[i].agent.lease.paused;
    return any;
}

/* A new server waited for another server to report a leader. That server reported it at last, at
 * that moment. */
static bool is_unmeasured(const struct truth *t)
{
    bool any = false;

    for (int i = 0; i < t->n_hosts; i++)
        any = any || (t->hosts[i].is_server && t->hosts[i].faulted);
    return any && t->replaces && strstr(t->ledger.cause, "index is not known") != NULL;
}

static bool cause_is_true(const struct truth *t)
{
    for (int i = 0; i < t->n_hosts; i++) {
        const struct t_host *h = &t->hosts[i];
        const struct t_region *r = &t->regions[h->region];
        if ((h->faulted || h->defect != DEFECT_NONE || r->faulted || t->loss > 80) &&
            (names_in_cause(t, h->name) || names_in_cause(t, h->key)))
            return true;
        if ((h->is_server && (h->faulted || h->defect != DEFECT_NONE)) &&
            names_in_cause(t, r->name))
            return true;
        if (r->faulted && names_in_cause(t, r->name))
            return true;
    }
    if (is_unmeasured(t))
        return true;
    if (is_paused(t) && strstr(t->ledger.cause, "paused") != NULL)
        return true; /* by somebody who keeps it paused while it is being undone */
    return t->taken_over && (strstr(t->ledger.cause, "another run") != NULL ||
                             strstr(t->ledger.cause, "lease") != NULL);
}

static bool has_trouble(const struct truth *t)
{
    bool any = t->taken_over || is_paused(t) || t->loss > 80;

    for (int i = 0; i < t->n_hosts; i++)
        any = any || t->hosts[i].faulted || t->hosts[i].defect != DEFECT_NONE;
    for (int r = 0; r < t->n_regions; r++)
        any = any || t->regions[r].faulted;
    return any;
}

static void judge_done(struct truth *t)
{
    uint32_t skipped = 0, failed = 0;

    counts.judged[11]++;
    for (size_t i = 0; i < t->ledger.n_hosts; i++) {
        skipped += t->ledger.hosts[i].state == HOST_SKIPPED;
        failed += t->ledger.hosts[i].state == HOST_FAILED;
    }
    if (skipped > t->policy.max_skipped || failed > t->policy.max_failures)
        judge_says(t, 5, "done with %u skipped and %u failed", skipped, failed);
    for (int i = 0; t->plain && i < t->n_hosts; i++)
        if (t->hosts[i].agent.lease.held)
            judge_says(t, 9, "done, and the lease of %s was not given back", t->hosts[i].name);
    for (size_t i = 0; i < t->ledger.n_hosts; i++) {
        const struct ledger_host *l = &t->ledger.hosts[i];
        int k = t_host_of(t, l->key);
        const struct t_host *h = &t->hosts[k];
        if (!host_finished(l->state))
            judge_says(t, 11, "done, and %s is %s", h->name, host_state_name(l->state));
        if (h->is_server && l->state == HOST_SKIPPED)
            judge_says(t, 11, "server %s was skipped", h->name);
        if (l->state == HOST_DONE && judge_empty(t, k) && h->up && h->listed &&
            h->strange_ms < t->effect_ms)
            judge_says(t, 11, "done, and the state of %s is empty", h->name);
        if (l->state != HOST_DONE || !h->listed || h->strange_ms >= t->effect_ms ||
            h->role == ROLE_LEAVES)
            continue;
        if (h->disk != BIN_NEW || (h->up && h->running != BIN_NEW))
            judge_says(t, 11, "done, and %s does not run the target", h->name);
    }
}

/* The file of each staged host is there. */
static void judge_staged(struct truth *t)
{
    counts.judged[11]++;
    for (size_t i = 0; i < t->ledger.n_hosts; i++) {
        const struct ledger_host *l = &t->ledger.hosts[i];
        const struct t_host *h = &t->hosts[t_host_of(t, l->key)];
        if (l->state != HOST_STAGED && !host_finished(l->state))
            judge_says(t, 11, "staged, and %s is %s", h->name, host_state_name(l->state));
        if (t->plain && h->agent.lease.held)
            judge_says(t, 9, "staged, and the lease of %s was not given back", h->name);
        if (l->state == HOST_STAGED && h->disk != BIN_NEW && h->agent.phase != PHASE_STAGED &&
            h->strange_ms < t->effect_ms)
            judge_says(t, 11, "staged, and %s has not the target", h->name);
    }
}

void judge_end(struct truth *t)
{
    enum run_state end = t->ledger.state;

    counts.judged[INVARIANT_ENDS]++;
    if (end == RUN_DONE)
        judge_done(t);
    if (end == RUN_DONE && t->replaces)
        judge_replaced(t);
    if (end == RUN_STAGED)
        judge_staged(t);
    judge_trust(t);
    if ((end == RUN_STAGED || end == RUN_DONE) && (end == RUN_STAGED) != t->policy.stage_only)
        judge_says(t, INVARIANT_ENDS, "the run is %s", run_state_name(end));
    if (run_is_over(end))
        judge_undone(t);
    if (end != RUN_STOPPED)
        return;
    if (t->ledger.cause[0] == '\0')
        judge_says(t, INVARIANT_ENDS, "stopped without a cause");
    else if (!has_trouble(t))
        judge_says(t, INVARIANT_ENDS, "stopped without trouble: %s", t->ledger.cause);
    else if (!cause_is_true(t))
        judge_says(t, INVARIANT_ENDS, "stopped, and the cause names nothing that was injected: %s",
                   t->ledger.cause);
}
