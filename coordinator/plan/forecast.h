/*
 * forecast.h - how long the run of a plan takes when all goes well. Pure.
 *
 * Counts the steps of the plan in their order: the lease and the snapshot, fetching and checking
 * the release, each server's turn, the transfer of the leadership, the canaries and their soak, the
 * other clients in groups of --max-parallel, and the last look. A turn contains the time in which
 * Nomad is silent, the agent's probe (hold), the drain, and the settle time. The silence of a host
 * is as long as its agent measured the last time, otherwise as measured on Nomad 1.10.
 *
 * The forecast does not count deadlines, because no step uses its whole deadline when all goes
 * well. It does not count waiting for people, for root's hours, or for hosts that do not answer.
 */
#ifndef FORECAST_H
#define FORECAST_H

#include "plan.h"

/* A token, or root's hours, must last for this many times the forecast. */
#define FORECAST_MARGIN 2

/* Returns milliseconds. The hosts, regions and limits of the plan must be filled in; release: the
 * release that hosts fetch. */
int64_t forecast_make(const struct world *w, const struct release *release, const struct plan *p);

#endif
