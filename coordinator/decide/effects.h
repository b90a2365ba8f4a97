/*
 * effects.h - side effects on the cluster: what to note, do, undo and clear. Pure.
 *
 * The life of an effect: committed to the ledger -> noted with the host's agent -> done -> (the
 * host's turn) -> undo -> undone, read back -> note cleared. A step that was asked for and not
 * confirmed counts as possibly done. Caravan does not undo what others did since: their drain and
 * their eligibility stay.
 *
 * Nomad leaves one gap: a drain has no compare-and-set. If somebody else begins a drain after the
 * coordinator's look and before its own drain, Caravan's drain replaces that drain, and undoing it
 * undoes both.
 *
 * Nomad leaves another gap: a drain makes a node ineligible. If somebody else makes the node
 * ineligible between the last look before its swap and its stop, that is lost.
 *
 * A transfer of leadership, and the removal of a server that has ended, have nothing to undo: they
 * are committed, done once, and finished. The next observation shows whether more is needed. If a
 * process committed such an effect and died before doing it, the effect is finished as well, and is
 * decided again. A drain that a node's own stop began (drain_on_shutdown) counts as an effect of
 * the swap (EFFECT_ELIGIBILITY), like Caravan's own drain: it is found done, noted, then undone,
 * unless somebody else has drained the node since.
 *
 * EFFECT_AUTOPILOT comes from an earlier version. Its notes are cleared at each server's agent of
 * its region. What that version changed in Nomad is reported (report_regions.h) and left to people.
 */
#ifndef EFFECTS_H
#define EFFECTS_H

#include "ledger.h"

enum effect_step {
    STEP_NONE, /* nothing now: the effect waits for the host's turn, an answer or an observation */
    STEP_NOTE, /* put the note at the agent */
    STEP_DO,
    STEP_UNDO,
    STEP_UNDONE, /* the value from before is in force, or somebody else has changed it since */
    STEP_CLEAR,  /* clear the note */
};

/* Returns the next step of an effect. h: the host in the newest observation; NULL: the
 * observation does not contain it. gone: a complete list does not contain it. asked_ms: when
 * this process asked for the last step (0: never); an observation counts only if it began later. */
enum effect_step effect_next(const struct effect *e, const struct ledger *l, const struct host *h,
                             bool gone, int64_t asked_ms, int64_t now);
/* Does somebody else drain the host, or has somebody else made the host ineligible? Call this
 * before Caravan's own drain is done. TRI_UNKNOWN: the observation is not fresh. TRI_NO:
 * also if the drain is the run's own, which is possible after the first attempt. */
enum tri drain_by_others(const struct effect *e, const struct ledger *l, const struct host *h,
                         int64_t now);
/* Writes the mark of a drain by the node's own stop, for `ours` of its effect. */
void effect_own_drain(const struct host *h, char *dst, size_t n);
/* Writes the text of the note: all that a person who knows nothing of the run needs to undo the
 * effect. */
void effect_note(const struct effect *e, const struct ledger *l, char *dst, size_t n);

#endif
