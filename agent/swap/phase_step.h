/*
 * phase_step.h - one step of a phase, and how it says what comes next.
 *
 * phases.h is a table of phases; phase_stage.c with phase_vendor.c and phase_own.c, phase_swap.c,
 * phase_probe.c and phase_revert.c each implement rows of it, phase_cross.c the rename that swap
 * and revert have in common, phase_act.c the stop and start by order. A step (phase_step) is called
 * by phases_step when its time has come. It does one small thing, never waits, and says before it
 * returns what comes next: phases_then another step of the same phase, phases_enter another phase,
 * which is recorded before its first step; phases_fail and phases_come_back end the work, close
 * what it holds open and say why. A step that says nothing is called again.
 *
 * What a step knows between two calls is in p->now (memory only) and in p->rec (recorded when a
 * phase is entered). All of it on the thread of phases_step; p is borrowed.
 */
#ifndef PHASE_STEP_H
#define PHASE_STEP_H

#include "phases.h"

/* ---- the first step of each phase, and what a restart makes of the phase ---- */

phase_step fetching_begin, swapping_begin, probing_begin, reverting_begin;
phase_step stop_recover; /* phase_act.c; of a stop by order, in whatever phase of rest */
phase_step swapping_recover, probing_recover, reverting_recover;

/* ---- what comes next (phases.c) ---- */

/* What was done is over, and nothing of it is told by a phase. */
phase_step phases_rest;
/* Not before after_ms from now; 0: at once. */
void phases_then(struct phases *p, phase_step *next, int64_t after_ms);
void phases_enter(struct phases *p, enum phase phase);
/* Verdict, failed_in = the present phase, then PHASE_FAILED. */
void phases_fail(struct phases *p, enum failure f, const char *fmt, ...) PRINTF(3, 4);
/* The same from an error: ENOSPC and ERR_NOSPACE are no-space, the rest io. */
void phases_fail_err(struct phases *p, const struct err *e, const char *what);
/* Back to where the swap or revert began, before its rename. */
void phases_come_back(struct phases *p, enum failure f, const char *fmt, ...) PRINTF(3, 4);

/* ---- what every step may use (phases.c) ---- */

void phases_note(struct phases *p, enum log_level level, enum log_event event, const char *fmt, ...)
    PRINTF(4, 5);
/* Removes a name that means nothing any more, in the shelf's directory or by a path of our own;
 * failing is only noted. */
void phases_drop(struct phases *p, const char *name);
void phases_drop_own(struct phases *p, const char *path);
int64_t phases_uptime(const struct phases *p);

/* ---- fetching (phase_stage.c); before it the vendor's signature (phase_vendor.c), behind it
 * root's own copy of the file as it was fetched (phase_own.c) ---- */

phase_step fetching_start, copying_begin, vendor_begin, own_begin;
/* Does root copy the file as fetched, before anything is made of it? */
bool phases_own_first(const struct phases *p);
void phases_own_path(const struct phases *p, char dst[static 512]);
/* The new binary lies in the shelf's directory, p->now.read has hashed it. */
phase_step staging_copied;
void staging_cancelled(struct phases *p);
void phases_drop_own_copy(struct phases *p); /* if it is not kept for other hosts */
/* What is kept for other hosts, but for the file of this digest. */
void phases_drop_seed(struct phases *p, const struct digest *but);

/* ---- the trial (phase_stage.c) ---- */

/* Executes the staged binary, behind a wall, and asks it about Nomad's configuration; not while
 * root holds this host: then rec.untried says so, and a swap tries it first. FAILURE_NONE: nothing
 * speaks against it. */
enum failure phases_try(struct phases *p, char text[static TEXT_MAX]);

/* ---- the rename (phase_cross.c), and who goes on behind it ---- */

/* Root's last word about the file in place: nothing is put over what is no ELF program, which may
 * be a script that starts Nomad, unless Caravan put it there. -1: it is none, err says what to do.
 */
MUST_CHECK int phases_may_replace(const struct phases *p, struct err *err);
/* Which units are up that stop along with Nomad: before a stop, not between last checks and rename.
 */
void phases_remember_bound(struct phases *p);
/* Renames from to the target, makes that durable, restarts the service if it ran
 * and does not execute the file already; then swapping_crossed or reverting_crossed,
 * with what went wrong after the rename or NULL. Failing before it comes back. */
void phases_cross(struct phases *p, const char *from, const struct digest *digest);
void swapping_crossed(struct phases *p, const struct err *err);
void reverting_crossed(struct phases *p, const struct err *err);
void reverting_failed(struct phases *p, const char *why); /* the rename itself */
/* After a restart past the rename: checks that the target is this digest, restarts
 * the service where that is still to be done, then goes on probing. */
void phases_resume(struct phases *p, const struct digest *digest);

/* ---- the probe (phase_probe.c), and who hears its verdict ---- */

/* Looks until there is a verdict; then the probing phase's own end, or reverting_judged. */
void phases_probe(struct phases *p);
void reverting_judged(struct phases *p, const struct probe_verdict *v);
void phases_evidence(struct phases *p);          /* the service's last lines, into the verdict */
int64_t phases_deadline(const struct phases *p); /* of the order, or the default */

#endif
