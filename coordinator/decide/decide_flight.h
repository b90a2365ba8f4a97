/*
 * decide_flight.h - one host in flight, as decide_flight.c and decide_settling.c look at it. Pure.
 * Not for others: decide_flight() stands in decide_parts.h.
 */
#ifndef DECIDE_FLIGHT_H
#define DECIDE_FLIGHT_H

#include "situation.h"

struct flight {
    const struct situation *s;
    struct decision *d;
    size_t i;
    const struct ledger_host *lh;
    const struct plan_host *p;
    const struct host *h; /* NULL: not in this observation */
};

/* Its agent says that it runs: it is done when its gates have passed for long enough, and when too
 * late is reverted, or left as it is. */
void flight_settling(const struct flight *f);

#endif
