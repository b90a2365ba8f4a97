/* Invariant 14: a host that is called done is what it was before its swap, or the ledger says
 * that nobody compared it. */
#include "truth.h"

/* Judges the fingerprint in the committed ledger. Called with every commit. */
static void judge_kept(struct truth *t, struct t_host *h, const struct ledger_host *l)
{
    if (l->state == HOST_SETTLING)
        h->kept = l->fingerprint.len > 0;
    if (!host_in_flight(l->state) && l->differs == FEATURE_NONE && l->fingerprint.len > 0)
        judge_says(t, INVARIANT_SAME, "the fingerprint of %s is kept, and it is %s", h->name,
                   host_state_name(l->state));
}

static void judge_done(struct truth *t, struct t_host *h, const struct ledger_host *l)
{
    bool told = strstr(l->text, "not compared") != NULL;

    counts.judged[INVARIANT_SAME]++;
    if (l->order == MSG_SWAP && !h->kept && !told)
        judge_says(t, INVARIANT_SAME,
                   "%s is called done, and the ledger does not say that it was not compared",
                   h->name);
    if (told || l->order != MSG_SWAP)
        return;
    if (h->changed && h->elsewhere)
        judge_says(t, INVARIANT_SAME, "%s is called done, in another datacenter", h->name);
    if (h->changed && h->attribute_ms > t->now)
        judge_says(t, INVARIANT_SAME, "%s is called done without its attribute", h->name);
    if (h->last_drain_ms < h->obeyed_ms)
        return; /* from an earlier turn */
    if (h->last_drain_own && h->draining && !h->strangers_drain)
        judge_says(t, INVARIANT_SAME, "%s is called done while its own drain runs", h->name);
    if (h->last_drain_own && h->was_eligible && h->eligible_then && !h->eligible &&
        !h->strangers_ineligible)
        judge_says(t, INVARIANT_SAME, "%s is called done, and its own drain has left it ineligible",
                   h->name);
}

/* The host has failed because it differs from before. That is right only if the missing feature
 * could not come in time. */
static void judge_failed(struct truth *t, const struct t_host *h, const struct ledger_host *l)
{
    if (l->differs == FEATURE_ATTRIBUTE && h->attribute_ms != INT64_MAX &&
        t->now - h->up_ms < t->policy.client_deadline_ms)
        judge_says(t, INVARIANT_SAME, "%s has failed for an attribute that came late", h->name);
}

void judge_same(struct truth *t, size_t i)
{
    const struct ledger_host *l = &t->committed.hosts[i];
    struct t_host *h = &t->hosts[t_host_of(t, l->key)];
    bool news = l->state != h->judged_as;

    if (news && l->state == HOST_DONE && !t->plan.hosts[i].already && h->listed &&
        h->role == ROLE_UPGRADE)
        judge_done(t, h, l);
    if (news && (l->state == HOST_FAILED || l->state == HOST_REVERTING))
        judge_failed(t, h, l);
    judge_kept(t, h, l);
    h->judged_as = l->state;
}

/* A swap is ordered. */
void judge_fingerprint(struct truth *t, struct t_host *h, const struct ledger_host *l)
{
    h->eligible_then = h->eligible; /* others may make it ineligible during the swap */
    if (h->role == ROLE_JOINS)
        return; /* a new server was nothing before */
    if (l->fingerprint.len == 0)
        judge_says(t, INVARIANT_SAME, "swap of %s, of which no fingerprint is kept", h->name);
}
