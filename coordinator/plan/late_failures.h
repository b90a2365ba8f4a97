/*
 * late_failures.h - what may still come after a run that ended well. Pure.
 *
 * Some failures of a version come hours after a faultless upgrade. They are rows (struct late):
 * for which targets, how long after the end of the run, what happens, what to look at then. The end
 * of the run is late for all of them: what is told may be somewhat too late in the
 * telling, never too early to see it.
 *
 * And what was counted when the run ended is held beside what is there now: a loss
 * that came later is a loss too.
 */
#ifndef LATE_FAILURES_H
#define LATE_FAILURES_H

#include "hazard_rows.h"
#include "ledger.h"

#define LATE_FAILURES_MS  ((int64_t)48 * 3600 * 1000) /* counts are compared for so long */
#define LATE_FAILURES_MAX 8

struct late_due {
    const struct late *row;
    int64_t wall_ms; /* when to look again */
};

/* Those known of what the run did to the hosts it upgraded; none before it has ended.
 * now_wall_ms: only those whose time has not passed; 0: all. */
size_t late_failures(const struct plan *p, const struct ledger *l, int64_t now_wall_ms,
                     struct late_due ret[static LATE_FAILURES_MAX]);

enum since { SINCE_UNKNOWN, SINCE_SAME, SINCE_CHANGED, SINCE_FELL };

/* What a region's leader has, beside what it had when the run ended; text says it. What
 * people change is CHANGED; FELL is what counts_fell calls lost. */
enum since counts_since(const int64_t then[static OBJECT_KINDS],
                        const int64_t now[static OBJECT_KINDS], char *text, size_t size);
/* Of a server and its leader, each asked twice ([0] later): it lacks in both looks what the leader
 * has. Two are not asked in the same instant: what is lost is missing twice. */
bool counts_missing(const struct counted leader[static 2], const struct counted mine[static 2],
                    char *text, size_t size);
/* The run counted this region. */
bool counts_taken(const int64_t n[static OBJECT_KINDS]);

#endif
