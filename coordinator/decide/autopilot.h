/*
 * autopilot.h - autopilot's dead-server cleanup, off while a region's servers are changed. Pure.
 *
 * With it on (Nomad's default) a server that is away for more than about 40 s is taken out of raft
 * within 10 s more: three voters become two, and it comes back as a non-voter. Caravan waits for
 * its vote either way, and touches no other server before. What is gained by switching it off is
 * that a slow restart costs no voter; what is lost, that a server that is dead for good keeps
 * counting in the quorum until somebody removes it. So it is kept as it is, unless the operator
 * says otherwise: --autopilot-cleanup off, or autopilot_cleanup = off in [defaults].
 *
 * Before a region's first server: the configuration is read, what was found is committed to the
 * ledger, then noted with every server's agent of the region (the run's lease is held there), then
 * written back with CleanupDeadServers false and nothing else changed, by compare-and-set on
 * the ModifyIndex that was found, then read back. Where it was off before, nothing is done. After
 * the region's last server, and at every end of the run (done, stopped, paused, aborted, also by a
 * later process): the same way back. While a server is still in flight at the end, it stays off
 * until that is over, but no longer than a server's ready deadline. Where a region has no leader
 * nothing can be written: the run stops with it off, says so, and resume or abort bring it back.
 *
 * What others did since is theirs: on again, or written anew as off with nothing else changed (then
 * somebody wants it off), is left alone and told. Where somebody changed other fields, our "off"
 * was written along with them, as every client of that API does: then CleanupDeadServers alone
 * goes back.
 *
 * An answer that was lost leaves open whether the write was obeyed, and it may still be under way:
 * then the setting is written on the way back though it reads as it was found, so that its index
 * moves and the late write loses its compare-and-set.
 *
 * A note that cannot be cleared for AUTOPILOT_CLEAR_MS after that (its agent is silent) holds
 * nothing up: the next process of the run asks again, and status shows it as orphaned until then.
 */
#ifndef AUTOPILOT_H
#define AUTOPILOT_H

#include "ledger.h"

#define AUTOPILOT_CLEAR_MS 20000

enum autopilot_step {
    AUTOPILOT_NONE,
    AUTOPILOT_READ,
    AUTOPILOT_NOTE,    /* with every server's agent of the region */
    AUTOPILOT_SET,     /* off */
    AUTOPILOT_RESTORE, /* as it was found */
    AUTOPILOT_END,     /* as it was found, or not ours any more */
    AUTOPILOT_CLEAR,   /* the notes */
};

/* What is next for this effect. now: read after the last write of this process was answered;
 * NULL: not read since. */
enum autopilot_step autopilot_next(const struct effect *e, const struct autopilot_setting *now);
/* A reading: what is found before, or that our write is in force. True: the effect was changed. */
bool autopilot_learn(struct effect *e, const struct autopilot_setting *now);
/* The last write that was asked for on the way there did not come about, nor will. */
void autopilot_unwritten(struct effect *e);
/* What became of it, at AUTOPILOT_END. */
void autopilot_outcome(const struct effect *e, const struct autopilot_setting *now, char *dst,
                       size_t n);
/* Off by this run, as far as its ledger knows. */
bool autopilot_is_off(const struct ledger *l, const char *region);
/* The note's text: what a stranger needs to undo it. */
void autopilot_note(const struct effect *e, const struct ledger *l, char *dst, size_t n);
/* The command that brings it back without Caravan. */
void autopilot_by_hand(const struct effect *e, char *dst, size_t n);

#endif
