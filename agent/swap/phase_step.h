/*
 * phase_step.h - one step of a phase, and how it chooses the next step.
 *
 * phases.h is a table of phases; phase_stage.c with phase_vendor.c and phase_own.c, phase_swap.c,
 * phase_probe.c and phase_revert.c each implement rows of it, phase_cross.c the rename that swap
 * and revert have in common, phase_act.c the stop and start by order. phases_step calls a step
 * (phase_step) when its time has come. A step does one small thing and never waits. Before it
 * returns, it chooses what comes next:
 * - phases_then: another step of the same phase;
 * - phases_enter: another phase, which is recorded before its first step;
 * - phases_fail or phases_come_back: the end of the work, with a reason. They close all open files.
 * If a step chooses nothing, phases_step calls the same step again.
 *
 * Between two calls, the data of a step is in p->now (only in memory) and in p->rec (recorded when
 * a phase is entered). Everything runs on the thread of phases_step; p is borrowed.
 */
#ifndef PHASE_STEP_H
#define PHASE_STEP_H

#include "phases.h"

/* ---- the first step of each phase, and the first step after a restart ---- */

phase_step fetching_begin, swapping_begin, probing_begin, reverting_begin;
phase_step stop_recover; /* phase_act.c; for a stop by order, in any resting phase */
phase_step swapping_recover, probing_recover, reverting_recover;

/* ---- what comes next (phases.c) ---- */

/* The work is over: the resting phase begins. */
phase_step phases_rest;
/* Next step, at the earliest in after_ms; 0: at once. */
void phases_then(struct phases *p, phase_step *next, int64_t after_ms);
void phases_enter(struct phases *p, enum phase phase);
/* Sets the verdict, and failed_in to the present phase; then enters PHASE_FAILED. */
void phases_fail(struct phases *p, enum failure f, const char *fmt, ...) PRINTF(3, 4);
/* Like phases_fail, from an error: ENOSPC, EDQUOT and ERR_NOSPACE become no-space, all others io.
 */
void phases_fail_err(struct phases *p, const struct err *e, const char *what);
/* Back to the phase in which the swap or revert began. Only before its rename. */
void phases_come_back(struct phases *p, enum failure f, const char *fmt, ...) PRINTF(3, 4);

/* ---- functions for every step (phases.c) ---- */

void phases_note(struct phases *p, enum log_level level, enum log_event event, const char *fmt, ...)
    PRINTF(4, 5);
/* Removes a file that is not needed any more: by its name in the shelf's directory, or by its path
 * in caravan-swap's own directory. An error is only logged. */
void phases_drop(struct phases *p, const char *name);
void phases_drop_own(struct phases *p, const char *path);
int64_t phases_uptime(const struct phases *p);

/* ---- fetching (phase_stage.c); before it the vendor's signature (phase_vendor.c), after it root's
 * own copy of the fetched file (phase_own.c) ---- */

phase_step fetching_start, copying_begin, vendor_begin, own_begin;
/* Does root copy the fetched file before it is unpacked or staged? */
bool phases_own_first(const struct phases *p);
void phases_own_path(const struct phases *p, char dst[static 512]);
/* The first step after the new binary was copied into the shelf's directory and hashed. */
phase_step staging_copied;
void staging_cancelled(struct phases *p);
void phases_drop_own_copy(struct phases *p); /* unless it is kept for other hosts */
/* Removes the files that are kept for other hosts, except the file with this digest. */
void phases_drop_seed(struct phases *p, const struct digest *but);

/* ---- the trial (phase_stage.c) ---- */

/* Executes the staged binary behind a wall, and asks it about Nomad's configuration. While root
 * holds this host, the function does not execute it, and sets rec.untried: then a swap tries the
 * binary first. FAILURE_NONE: no fault was found. */
enum failure phases_try(struct phases *p, char text[static TEXT_MAX]);

/* ---- the rename (phase_cross.c), and the functions that continue after it ---- */

/* May the file in place be replaced? A file that is no ELF program may be a script that starts
 * Nomad; it is replaced only if Caravan put it there. -1: no; err says what to do. */
MUST_CHECK int phases_may_replace(const struct phases *p, struct err *err);
/* Remembers which of the units that stop together with Nomad are active. Call it before a stop, but
 * not between the last checks and the rename. */
void phases_remember_bound(struct phases *p);
/* Renames `from` to the target, makes the rename durable, and restarts the service if it ran and
 * does not execute the file already. Then calls swapping_crossed or reverting_crossed; err: an
 * error after the rename, or NULL. If the rename fails, the work ends (phases_come_back,
 * reverting_failed). */
void phases_cross(struct phases *p, const char *from, const struct digest *digest);
void swapping_crossed(struct phases *p, const struct err *err);
void reverting_crossed(struct phases *p, const struct err *err);
void reverting_failed(struct phases *p, const char *why); /* the rename itself failed */
/* After a restart of caravan-swap, if the rename was done: checks that the target has this digest,
 * restarts the service if that is still to do, then probes. */
void phases_resume(struct phases *p, const struct digest *digest);

/* ---- the probe (phase_probe.c), and the functions that get its verdict ---- */

/* Looks until there is a verdict. Then ends the probing phase, or calls reverting_judged. */
void phases_probe(struct phases *p);
void reverting_judged(struct phases *p, const struct probe_verdict *v);
void phases_evidence(struct phases *p); /* puts the service's last log lines into the verdict */
int64_t phases_deadline(const struct phases *p); /* ms; of the order, or the default */

#endif
