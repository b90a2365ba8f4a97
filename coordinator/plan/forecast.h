/*
 * forecast.h - how long the run of a plan takes when all goes well. Pure.
 *
 * Counts what the plan does, in its order: the lease and the snapshot, fetching and checking the
 * release, each server's turn, the leader's transfer, the canaries, their soak, the other clients
 * in groups of --max-parallel, and the last look. A turn is the time in which Nomad is silent, the
 * agent's probe (hold), the drain, and the settle time. How long Nomad is silent on a host: as
 * long as the last time, by the host's agent, else as measured on Nomad 1.10.
 *
 * Deadlines are not counted: no step uses its deadline up when all goes well. Nor is waiting for
 * people, for root's hours, or for hosts that do not answer.
 */
#ifndef FORECAST_H
#define FORECAST_H

#include "plan.h"

/* What must last until the run ends (a token, root's hours) must last so many times the forecast.
 */
#define FORECAST_MARGIN 2

/* Milliseconds. The plan's hosts, regions and limits stand already; release: what hosts fetch. */
int64_t forecast_make(const struct world *w, const struct release *release, const struct plan *p);

#endif
