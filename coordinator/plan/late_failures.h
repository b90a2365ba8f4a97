/*
 * late_failures.h - failures that may come after a run that ended well. Pure.
 *
 * Some versions fail hours after a faultless upgrade. Each such failure is a row (struct late): for
 * which targets, how long after the end of the run, what happens, and what to look at. Hosts that
 * were upgraded early in the run may fail before the reported time, which counts from the end of
 * the run; at the reported time the failure can be seen on all hosts.
 */
#ifndef LATE_FAILURES_H
#define LATE_FAILURES_H

#include "hazard_rows.h"
#include "ledger.h"

#define LATE_FAILURES_MAX 8

struct late_due {
    const struct late *row;
    int64_t wall_ms; /* when to look again */
};

/* Fills ret with the known late failures for the hosts that this run upgraded, and returns their
 * number; 0 before the run has ended. now_wall_ms: leaves out failures with a time in the past; 0:
 * all failures. */
size_t late_failures(const struct plan *p, const struct ledger *l, int64_t now_wall_ms,
                     struct late_due ret[static LATE_FAILURES_MAX]);

#endif
