#include "effects.h"

#include "gate.h"
#include "version.h"

/* Before 1.1 Nomad keeps no Meta of a drain, so a drain there counts as Caravan's own. If the
 * node's eligibility was set by hand after the last drain, that is somebody else's doing,
 * whoever drained it. */
static bool is_drain_by_run(const struct ledger *l, const struct host *h)
{
    char run[2 * RUN_ID_LEN + 1];
    struct version v;
    struct err err;

    if (h->client.marked)
        return false;
    if (version_parse(h->client.version, &v, &err) == 0 && version_cmp_text(&v, "1.1.0") < 0)
        return true;
    str_hex(run, l->run_id, RUN_ID_LEN);
    return str_eq(h->client.drain_meta_run, run);
}

enum tri drain_by_others(const struct effect *e, const struct ledger *l, const struct host *h,
                         int64_t now)
{
    const struct client_view *c = &h->client;

    if (!is_fresh(c->list_at, now))
        return TRI_UNKNOWN;
    if (c->eligible && !c->draining)
        return TRI_NO;
    if (e->attempts == 0) /* Caravan's own drain was never asked for */
        return TRI_YES;
    if (!is_fresh(c->detail_at, now))
        return TRI_UNKNOWN;
    return is_drain_by_run(l, h) ? TRI_NO : TRI_YES;
}

void effect_own_drain(const struct host *h, char *dst, size_t n)
{
    const char *began = "";

    for (size_t i = 0; i < h->client.n_features; i++)
        if (h->client.features[i].what == FEATURE_DRAINED)
            began = h->client.features[i].value;
    snprintf(dst, n, "{\"drained_by_its_stop\":\"%.40s\"}", began);
}

/* True if the last drain is the one that the node's own stop began, by Nomad's record and by the
 * time of its begin. */
static bool is_drain_by_own_stop(const struct effect *e, const struct host *h)
{
    char last[sizeof(e->ours)];

    effect_own_drain(h, last, sizeof(last));
    return h->client.drain_own && !h->client.marked && str_eq(last, e->ours);
}

/* Caravan drains only eligible nodes, so a node that is eligible and not draining is as before.
 * Caravan restores a node that is not eligible only if the last drain was Caravan's: Nomad
 * leaves a drained node ineligible, and other people may do so on purpose. */
static enum effect_step undo_drain(const struct effect *e, const struct ledger *l,
                                   const struct host *h, int64_t after, int64_t now)
{
    const struct client_view *c = &h->client;

    if (!is_fresh(c->list_at, now) || c->list_at <= after)
        return STEP_NONE;
    if (!c->draining && c->eligible)
        return STEP_UNDONE;
    if (!is_fresh(c->detail_at, now) || c->detail_at <= after)
        return STEP_NONE;
    bool ours = e->kind == EFFECT_ELIGIBILITY ? is_drain_by_own_stop(e, h) : is_drain_by_run(l, h);
    return ours ? STEP_UNDO : STEP_UNDONE;
}

/* Much time may have passed since the intent (for the answer about the note, or a restarted
 * coordinator). So a drain begins only if the newest observation allows it. */
static enum effect_step next_step_of_drain(const struct effect *e, const struct ledger *l,
                                           const struct host *h, int64_t now)
{
    if (!e->noted)
        return STEP_NOTE;
    if (e->done || h == NULL || drain_by_others(e, l, h, now) != TRI_NO)
        return STEP_NONE;
    return STEP_DO;
}

enum effect_step effect_next(const struct effect *e, const struct ledger *l, const struct host *h,
                             bool gone, int64_t asked_ms, int64_t now)
{
    if (effect_finished(e))
        return STEP_NONE;
    if (e->kind == EFFECT_AUTOPILOT)
        return e->note_cleared ? STEP_NONE : STEP_CLEAR;
    if (e->undone)
        return gone ? STEP_NONE : STEP_CLEAR;
    if (effect_is_single(e->kind)) {
        bool over = e->done || e->undo || (e->kind != EFFECT_TRANSFER && e->attempts > 0);
        return over ? STEP_UNDONE : STEP_DO;
    }
    if (!e->undo || (e->kind == EFFECT_ELIGIBILITY && !e->noted))
        return next_step_of_drain(e, l, h, now);
    if (e->attempts == 0 || gone) /* never asked for, or the host is gone */
        return STEP_UNDONE;
    return h == NULL ? STEP_NONE : undo_drain(e, l, h, MAX_OF(asked_ms, e->done_ms), now);
}

void effect_note(const struct effect *e, const struct ledger *l, char *dst, size_t n)
{
    char run[2 * RUN_ID_LEN + 1];

    str_hex(run, l->run_id, RUN_ID_LEN);
    snprintf(dst, n, "drain of node %s by %srun %s for %s; before: %s; ours: %s", e->key,
             e->kind == EFFECT_ELIGIBILITY ? "its own stop in " : "", run, l->target, e->before,
             e->ours);
}
