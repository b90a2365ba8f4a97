/*
 * last_run.h - what `caravan status` says about the last run while that is fresh.
 *
 * Of the newest run of this ledger, when it ended: late failures known for it whose time
 * has not passed, and for LATE_FAILURES_MS what its regions' leaders have beside what they
 * had when it ended; and which server lacks what its leader has. The objects of each are counted
 * for that, for at most COUNTING_MS: what takes longer is told as not counted.
 */
#ifndef LAST_RUN_H
#define LAST_RUN_H

#include "console.h"
#include "json.h"

#define COUNTING_MS 30000

/* To standard output, or, when o is not NULL, into it. Looks again: a world taken before is gone
 * after. False: something got lost since. A ledger that is not there, or cannot be read, is no
 * loss. */
bool last_run_tell(struct console *c, struct json *o);

#endif
