/*
 * late_failures.h - what may still come after a run that ended well. Pure.
 *
 * Some failures of a version come hours after a faultless upgrade. They are rows (struct late):
 * for which targets, how long after the end of the run, what happens, what to look at then. The end
 * of the run is late for all of them: what is told may be somewhat too late in the
 * telling, never too early to see it.
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

/* Those known of what the run did to the hosts it upgraded; none before it has ended.
 * now_wall_ms: only those whose time has not passed; 0: all. */
size_t late_failures(const struct plan *p, const struct ledger *l, int64_t now_wall_ms,
                     struct late_due ret[static LATE_FAILURES_MAX]);

#endif
