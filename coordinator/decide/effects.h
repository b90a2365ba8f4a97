/*
 * effects.h - side effects on the cluster: what to note, do, undo and clear. Pure.
 *
 * The life of an effect: committed to the ledger -> noted with the host's agent
 * -> done -> (the host's turn) -> undo -> undone, read back -> note cleared. What
 * was asked for and not confirmed counts as possibly done. What others did since
 * is not ours to undo: their drain, their eligibility stay.
 *
 * One gap is Nomad's own: a drain has no compare-and-set. One that somebody else begins after our
 * look and before our own drain is replaced by ours, and undone with it.
 *
 * Another is that a node's own drain makes it ineligible: who else does so between our last look
 * before its swap and its stop does so in vain.
 *
 * A transfer of leadership, and what takes a server that has ended out of the cluster, have nothing
 * to undo: committed, done once, finished; whether more is needed, the next look shows. One that a
 * process committed and did not live to do is finished as well: it is decided anew. A drain that a
 * node's own stop began (drain_on_shutdown) is an effect of our swap like our own
 * (EFFECT_ELIGIBILITY): found done, noted, then undone, unless somebody else has drained it since.
 *
 * EFFECT_AUTOPILOT is of an earlier version: its notes are cleared, with each server's agent of its
 * region; what it changed in Nomad is told (report_regions.h) and left to people.
 */
#ifndef EFFECTS_H
#define EFFECTS_H

#include "ledger.h"

enum effect_step {
    STEP_NONE, /* nothing now: waits for the turn, an answer or an observation */
    STEP_NOTE, /* put the note */
    STEP_DO,
    STEP_UNDO,
    STEP_UNDONE, /* what was before is in force, or it is not ours any more */
    STEP_CLEAR,  /* clear the note */
};

/* h: the host in the newest observation, NULL when it is not there; gone: a complete list
 * says so. asked_ms: when the last step of this process was asked (0: none); an observation
 * counts only when it was begun after it. */
enum effect_step effect_next(const struct effect *e, const struct ledger *l, const struct host *h,
                             bool gone, int64_t asked_ms, int64_t now);
/* Before ours is done: does somebody else drain the host, or has made it ineligible? By a look just
 * now; after a first attempt of ours what is there may be that. */
enum tri drain_by_others(const struct effect *e, const struct ledger *l, const struct host *h,
                         int64_t now);
/* What such a drain is known by, for `ours` of its effect. */
void effect_own_drain(const struct host *h, char *dst, size_t n);
/* The note's text: what a stranger needs to undo it. */
void effect_note(const struct effect *e, const struct ledger *l, char *dst, size_t n);

#endif
