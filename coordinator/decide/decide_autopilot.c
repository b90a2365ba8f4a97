/* Autopilot's dead-server cleanup, off around a region's servers: see autopilot.h. */
#include "decide_autopilot.h"

#include "autopilot.h"
#include "raft_view.h"

#define LEADERLESS_MS 30000 /* longer than an election */

bool autopilot_off(const struct situation *s, struct decision *d, const char *region)
{
    const struct effect *e = ledger_autopilot(s->ledger, region);

    if (!s->plan->policy.autopilot_off || (e != NULL && e->done && !e->undo))
        return true;
    if (e == NULL)
        str_cut(intend(d, INTENT_AUTOPILOT, "")->host, NAME_MAX_LEN, region);
    else if (e->refused)
        intend_stop(s, d, "",
                    "Give a token with operator:write; or begin anew with --autopilot-cleanup "
                    "keep.",
                    "region %s: autopilot's dead-server cleanup could not be switched off: %s",
                    region, e->problem);
    waiting_for(d, REASON_AUTOPILOT, "",
                "region %s: autopilot's dead-server cleanup is being switched %s%s%s", region,
                e != NULL && e->undo ? "on again" : "off",
                e != NULL && e->problem[0] != '\0' ? "; the last attempt: " : "",
                e != NULL ? e->problem : "");
    return false;
}

static void bring_back(struct decision *d, const struct effect *e)
{
    if (!e->undo)
        str_cut(intend(d, INTENT_RESTORE, "")->host, NAME_MAX_LEN, e->region);
}

static void coming_back(struct decision *d, const struct effect *e)
{
    waiting_for(d, REASON_UNDO, "", "region %s: %s%s%s", e->region,
                e->undone ? "the notes about autopilot are being cleared"
                          : "autopilot's dead-server cleanup is being switched on again",
                e->problem[0] != '\0' ? "; the last attempt: " : "", e->problem);
}

bool autopilot_back(const struct situation *s, struct decision *d, const char *at_work)
{
    bool all = true;

    for (size_t i = 0; i < s->ledger->n_effects; i++) {
        const struct effect *e = &s->ledger->effects[i];
        if (e->kind != EFFECT_AUTOPILOT || effect_finished(e) || e->undone)
            continue;
        if (at_work != NULL && str_eq(e->region, at_work))
            continue;
        bring_back(d, e);
        if (at_work == NULL)
            coming_back(d, e);
        all = false;
    }
    return all;
}

/* A server that is slow to come back is not to lose its vote because the run ends. */
static bool still_needed(const struct situation *s)
{
    return ledger_in_flight(s->ledger, s->plan, true) > 0 &&
           s->now - s->evidence->progress_ms < plan_longest_server_ms(s->plan);
}

/* Nobody takes a write there: what is stopped is resumed when somebody leads again. What is aborted
 * is not, also when it had been stopping before. */
static bool cannot_be_written(const struct situation *s, const struct effect *e)
{
    return s->ledger->ending != RUN_NONE && s->ledger->state != RUN_ABORTING && !e->undone &&
           e->problem[0] != '\0' && e->undo_ms > 0 && s->now - e->undo_ms > LEADERLESS_MS &&
           region_leader(s->world, e->region, s->now) == NULL;
}

bool autopilot_ended(const struct situation *s, struct decision *d, const struct effect *e)
{
    if ((e->undone && s->now - e->done_ms > AUTOPILOT_CLEAR_MS) || cannot_be_written(s, e))
        return true;
    if (!e->undo && still_needed(s)) {
        waiting_for(d, REASON_UNDO, "",
                    "region %s: autopilot's dead-server cleanup is off until no server is in "
                    "flight",
                    e->region);
        return false;
    }
    bring_back(d, e);
    coming_back(d, e);
    return false;
}
