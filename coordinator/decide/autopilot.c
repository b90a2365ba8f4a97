#include "autopilot.h"

#include <inttypes.h>

static bool may_be_written(const struct effect *e)
{
    return e->attempts > 0;
}

/* Off as we set it. Whose "off" it is tells the index; a moved one with other fields changed says
 * that somebody wrote those. */
static bool is_ours(const struct effect *e, const struct autopilot_setting *now)
{
    if (now->cleanup)
        return false;
    return e->ours_index == 0 || now->index == e->ours_index || now->others != e->setting.others;
}

/* A write that was not confirmed may still come: it loses once the index has moved. */
static bool may_still_come(const struct effect *e, const struct autopilot_setting *now)
{
    return !e->done && now->index == e->setting.index;
}

static enum autopilot_step way_there(const struct effect *e, const struct autopilot_setting *now)
{
    if (e->done)
        return AUTOPILOT_NONE;
    if (!e->found)
        return AUTOPILOT_READ;
    if (!e->noted)
        return AUTOPILOT_NOTE;
    return may_be_written(e) && now == NULL ? AUTOPILOT_READ : AUTOPILOT_SET;
}

static enum autopilot_step way_back(const struct effect *e, const struct autopilot_setting *now)
{
    if (!may_be_written(e))
        return AUTOPILOT_END;
    if (now == NULL)
        return AUTOPILOT_READ;
    return is_ours(e, now) || may_still_come(e, now) ? AUTOPILOT_RESTORE : AUTOPILOT_END;
}

enum autopilot_step autopilot_next(const struct effect *e, const struct autopilot_setting *now)
{
    if (effect_finished(e))
        return AUTOPILOT_NONE;
    if (e->undone)
        return AUTOPILOT_CLEAR;
    return e->undo ? way_back(e, now) : way_there(e, now);
}

static void setting_text(const struct autopilot_setting *s, char *dst, size_t n)
{
    snprintf(dst, n, "{\"CleanupDeadServers\":%s,\"ModifyIndex\":%" PRIu64 "}",
             s->cleanup ? "true" : "false", s->index);
}

static bool find(struct effect *e, const struct autopilot_setting *now)
{
    bool first = e->before[0] == '\0';

    e->noted = e->noted && now->index == e->setting.index;
    e->found = true;
    e->setting = *now;
    e->done = !now->cleanup;            /* nothing is left to do, nor then to undo */
    e->note_cleared = e->done && first; /* nor was anything noted */
    setting_text(now, e->before, sizeof(e->before));
    snprintf(e->ours, sizeof(e->ours), "{\"CleanupDeadServers\":false}");
    return true;
}

bool autopilot_learn(struct effect *e, const struct autopilot_setting *now)
{
    if (e->done || e->restoring || (e->undo && !e->found))
        return false;
    if (!e->found)
        return find(e, now);
    if (now->index == e->setting.index || !may_be_written(e))
        return false; /* not written yet */
    if (now->cleanup) /* others came after it: theirs is what is found now */
        return !e->undo && find(e, now);
    e->done = true;
    e->ours_index = now->index;
    setting_text(now, e->ours, sizeof(e->ours));
    return true;
}

/* Others may have been first: what is found is read anew, when no earlier write of ours may be what
 * is found. */
void autopilot_unwritten(struct effect *e)
{
    if (e->attempts > 0)
        e->attempts--;
    e->found = e->attempts > 0;
}

void autopilot_outcome(const struct effect *e, const struct autopilot_setting *now, char *dst,
                       size_t n)
{
    if (e->found && !e->setting.cleanup)
        snprintf(dst, n, "it was off before, and is left so");
    else if (!may_be_written(e) || now == NULL)
        snprintf(dst, n, "was not switched off");
    else if (!now->cleanup)
        snprintf(dst, n, "left off: somebody else wrote it since (ModifyIndex %" PRIu64 ")",
                 now->index);
    else if (e->restoring)
        snprintf(dst, n, "was off while servers were changed, and is on again");
    else
        snprintf(dst, n, "somebody else switched it on since, and it is left so");
}

bool autopilot_is_off(const struct ledger *l, const char *region)
{
    const struct effect *e = ledger_autopilot(l, region);
    return e != NULL && may_be_written(e);
}

void autopilot_by_hand(const struct effect *e, char *dst, size_t n)
{
    snprintf(dst, n, "nomad operator autopilot set-config -cleanup-dead-servers=%s -region %s",
             e->setting.cleanup ? "true" : "false", e->region);
}

void autopilot_note(const struct effect *e, const struct ledger *l, char *dst, size_t n)
{
    char run[2 * RUN_ID_LEN + 1], hand[TEXT_MAX];

    str_hex(run, l->run_id, RUN_ID_LEN);
    autopilot_by_hand(e, hand, sizeof(hand));
    snprintf(dst, n,
             "autopilot's dead-server cleanup of region %s, by run %s for %s; before: %s; ours: "
             "%s; back by hand: %s",
             e->region, run, l->target, e->before, e->ours, hand);
}
