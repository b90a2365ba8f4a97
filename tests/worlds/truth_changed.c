/* Restarts that change a host, at once or later: invariant 14. */
#include "truth_faults.h"

/* ---- what the next swap of this host does to it ---- */

static bool at_next_swap(struct truth *t, enum t_change change)
{
    struct t_host *h = &t->hosts[t->aimed];

    if (h->defect != DEFECT_NONE || h->next != CHANGE_NOTHING || h->attribute_ms > t->now ||
        h->elsewhere)
        return false; /* the run does not miss what the host did not have before */
    h->next = change;
    h->faulted = true;
    return true;
}

bool attribute_lost(struct truth *t)
{
    return at_next_swap(t, CHANGE_ATTRIBUTE_LOST);
}

bool attribute_late(struct truth *t)
{
    bool was = t->hosts[t->aimed].faulted, done = at_next_swap(t, CHANGE_ATTRIBUTE_LATE);

    t->hosts[t->aimed].faulted = was; /* this is no reason for the run to end */
    return done;
}

bool comes_back_elsewhere(struct truth *t)
{
    return at_next_swap(t, CHANGE_DATACENTER);
}

/* If the run drains clients, the tasks are gone before the client stops. */
bool drains_itself(struct truth *t)
{
    bool was = t->hosts[t->aimed].faulted;
    bool done = !t->policy.drain && at_next_swap(t, CHANGE_OWN_DRAIN);

    t->hosts[t->aimed].faulted = was;
    return done;
}

/* A run that goes on from another machine lacks what was kept here. */
bool kept_elsewhere(struct truth *t)
{
    bool any = false;

    for (size_t i = 0; i < t->ledger.n_hosts; i++) {
        any = any || t->ledger.hosts[i].fingerprint.len > 0;
        buf_free(&t->ledger.hosts[i].fingerprint);
        t->ledger.hosts[i].dirty = true;
    }
    return any;
}

/* ---- when it stops and starts ---- */

void t_drained(struct truth *t, struct t_host *h)
{
    h->n_drains++;
    h->last_drain_ms = t->now;
    h->last_drain_own = h->taken_out = false;
}

/* A swap of the run stops the host. */
void t_change_at_stop(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    h->swaps = true;
    if (h->next != CHANGE_OWN_DRAIN || h->draining || !h->up)
        return;
    t_say(t, "%s: drains itself", h->name);
    t_drained(t, h);
    /* Nomad does not distinguish this eligibility from the drain's. If somebody sets it after
     * the last look before the order, that is lost. */
    if (h->eligibility_ms > h->obeyed_ms - JUDGE_STALE_MS)
        h->strangers_ineligible = false;
    h->was_eligible = h->eligible;
    h->last_drain_own = h->draining = true;
    h->drain_ours = h->last_drain_ours = h->eligible = false;
    h->modify_index++;
    h->drain_end_ms = t->now + 500 + (int64_t)(t_more(t) % 20000);
    h->next = CHANGE_NOTHING;
    t_schedule(t, h->drain_end_ms - t->now, T_DRAINED, host, 0, -1, h->drain_end_ms);
}

void t_change_at_start(struct truth *t, int host)
{
    struct t_host *h = &t->hosts[host];

    if (!h->swaps)
        return;
    h->swaps = false;
    if (h->next == CHANGE_ATTRIBUTE_LOST)
        h->attribute_ms = INT64_MAX;
    else if (h->next == CHANGE_ATTRIBUTE_LATE)
        h->attribute_ms = t->now + 4000 + (int64_t)(t_more(t) % 9000);
    else if (h->next == CHANGE_DATACENTER)
        h->elsewhere = true;
    if (h->next != CHANGE_NOTHING)
        h->changed = true;
    h->next = CHANGE_NOTHING;
}

/* ---- the features in its record ---- */

static const char *count_text(uint32_t n)
{
    static const char *const texts[] = {"", "1", "2", "3", "4", "5", "6", "7"};
    return texts[n % ARRAY_LEN(texts)];
}

void t_look_features(const struct truth *t, int i, struct feature *f, struct client_view *c)
{
    const struct t_host *h = &t->hosts[i];
    size_t n = 0;

    f[n++] = (struct feature){FEATURE_ID, "", h->key};
    f[n++] = (struct feature){FEATURE_NAME, "", h->name};
    f[n++] = (struct feature){FEATURE_DC, "", h->shown_elsewhere ? "dc9" : "dc1"};
    f[n++] = (struct feature){FEATURE_ELIGIBILITY, "", h->eligible ? "eligible" : "ineligible"};
    f[n++] = (struct feature){FEATURE_DRAIN, "", h->draining ? "draining" : "none"};
    f[n++] = (struct feature){FEATURE_DRAINED, "", count_text(h->n_drains)};
    f[n++] =
        (struct feature){FEATURE_DRIVER, "exec", c->drivers[0].healthy ? "healthy" : "unhealthy"};
    f[n++] = (struct feature){FEATURE_META, "rack", "7"};
    f[n++] = (struct feature){FEATURE_ATTRIBUTE, "nomad.version", c->version};
    if (t->now >= h->shown_attribute_ms)
        f[n++] = (struct feature){FEATURE_ATTRIBUTE, "consul.version", "1.20.1"};
    c->features = f;
    c->n_features = n;
    c->drain_own = h->last_drain_own;
    c->marked = h->taken_out;
}
