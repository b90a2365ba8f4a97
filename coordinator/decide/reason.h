/*
 * reason.h - why a run waits: one table with a row for each reason. Pure.
 *
 * All that differs from one reason to another stands in its row. To add a reason, add an enumerator
 * and a row. The code that states a wait makes the text of that wait, with its numbers
 * (decision.h).
 */
#ifndef REASON_H
#define REASON_H

#include "gate.h"

enum reason {
    REASON_NONE,
    REASON_GATE,         /* a gate fails; the text has its numbers */
    REASON_GATE_UNKNOWN, /* the answer of a gate is unknown */
    REASON_SETTLING,     /* the gate passes, but not yet for long enough */
    REASON_STAGING,
    REASON_IN_FLIGHT, /* the run waits for the answer of a host */
    REASON_LIMIT,     /* the window is full */
    REASON_CANARY,    /* canaries have not settled */
    REASON_SOAK,
    REASON_DRAIN,
    REASON_LEADER,   /* a transfer of leadership runs, or no single leader is known */
    REASON_SERVERS,  /* clients wait for servers */
    REASON_LEASE,    /* the run does not hold all leases that it needs */
    REASON_OBSERVE,  /* the observation is too old */
    REASON_RETRY,    /* the run pauses before it asks a host again */
    REASON_UNDO,     /* effects are being undone */
    REASON_SNAPSHOT, /* the state of a region is being saved */
    REASON_KEYSTORE, /* keystores are being copied */
    REASON_COUNTS,   /* the objects of a server's state are being counted */
    REASON_DIED,     /* a server died before its turn to leave */
    REASON_WATCH,    /* the run watches that no removed server comes back */
    REASON_COUNT
};

struct reason_row {
    const char *name; /* in events; also shown to people when a wait has no text */
    int64_t (*patience)(const struct plan *plan); /* milliseconds; a longer wait stops the run */
    const char *advice;                           /* what the operator can do then; ends in "." */
    bool well; /* all gates pass and only have to go on passing; nothing blocks the run */
};

const struct reason_row *
reason_row(enum reason r); /* an unknown reason has a row with the name "unknown" */
const char *reason_name(enum reason r);
enum reason
reason_of(enum verdict_kind gate); /* the reason to wait for a gate that does not pass */

#endif
