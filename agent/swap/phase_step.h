/*
 * phase_step.h - what the files of the phases share; for nobody else.
 *
 * A step does one small thing and says what comes next: phases_then for the same
 * phase, phases_enter for another one, phases_fail for the end. Steps never wait.
 */
#ifndef PHASE_STEP_H
#define PHASE_STEP_H

#include "phases.h"

/* The first step of each phase, and what a restart makes of it. */
phase_step fetching_begin, swapping_begin, probing_begin, reverting_begin;
phase_step swapping_recover, probing_recover, reverting_recover;

void phases_then(struct phases *p, phase_step *next, int64_t after_ms);
void phases_enter(struct phases *p, enum phase phase);
/* Verdict, failed_in = the present phase, then PHASE_FAILED. */
void phases_fail(struct phases *p, enum failure f, const char *fmt, ...) PRINTF(3, 4);
/* The same from an error: ENOSPC and ERR_NOSPACE are no-space, the rest io. */
void phases_fail_err(struct phases *p, const struct err *e, const char *what);
void phases_note(struct phases *p, enum log_level level, enum log_event event, const char *fmt, ...)
    PRINTF(4, 5);
/* Back to where the swap or revert began, before its rename. */
void phases_come_back(struct phases *p, enum failure f, const char *fmt, ...) PRINTF(3, 4);
/* Removes a name that means nothing any more; failing is only noted. */
void phases_drop(struct phases *p, const char *path);
int64_t phases_uptime(const struct phases *p);
bool phases_is_server(const struct phases *p);

int64_t phases_deadline(const struct phases *p); /* of the order, or the default */

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
/* Looks until there is a verdict; then probing_judged or reverting_judged. */
void phases_probe(struct phases *p);
void reverting_judged(struct phases *p, const struct probe_verdict *v);
void phases_evidence(struct phases *p);

#endif
