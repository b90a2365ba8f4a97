/*
 * reason.h - why a run waits: one table, a row for each reason. Pure.
 *
 * What differs from one reason to another stands in its row and nowhere else; a new reason is an
 * enumerator and a row. The texts of a wait, with its numbers, are made where it is stated
 * (decision.h).
 */
#ifndef REASON_H
#define REASON_H

#include "gate.h"

enum reason {
    REASON_NONE,
    REASON_GATE,         /* a gate fails: text has its numbers */
    REASON_GATE_UNKNOWN, /* a gate could not be asked */
    REASON_SETTLING,     /* passes, but not yet long enough */
    REASON_STAGING,
    REASON_IN_FLIGHT, /* a host's answer is awaited */
    REASON_LIMIT,     /* the window is full */
    REASON_CANARY,    /* canaries have not settled */
    REASON_SOAK,
    REASON_DRAIN,
    REASON_LEADER,   /* leadership is moving or unclear */
    REASON_SERVERS,  /* clients wait for servers */
    REASON_LEASE,    /* leases are not all held */
    REASON_OBSERVE,  /* the observation is too old */
    REASON_RETRY,    /* backing off before asking a host again */
    REASON_UNDO,     /* effects are being undone */
    REASON_SNAPSHOT, /* the state is being saved */
    REASON_KEYSTORE, /* keystores are being copied */
    REASON_COUNTS,   /* its objects are being counted */
    REASON_DIED,     /* a server that is to leave has died before */
    REASON_WATCH,    /* what was removed is to stay away for a while */
    REASON_COUNT
};

struct reason_row {
    const char *name; /* in events, and for people where a wait has no text */
    int64_t (*patience)(const struct plan *plan); /* ms: lasting longer, it is in vain */
    const char *advice;                           /* what to do about it then; ends in "." */
    bool well; /* all is well and only has to stay so: nothing is held up */
};

const struct reason_row *reason_row(enum reason r); /* of an unknown one "unknown" */
const char *reason_name(enum reason r);
enum reason reason_of(enum verdict_kind gate); /* a gate that does not pass */

#endif
