/*
 * decide_autopilot.h - autopilot's dead-server cleanup, off around a region's servers. Pure.
 *
 * What it is for, and its way there and back: autopilot.h. Called by decide_servers.c before a
 * region's server is begun and between regions, and by effects_undone at the end.
 */
#ifndef DECIDE_AUTOPILOT_H
#define DECIDE_AUTOPILOT_H

#include "situation.h"

/* It is off in this region, or the policy does not ask for it. States the wait, asks. */
bool autopilot_off(const struct situation *s, struct decision *d, const char *region);
/* It is as it was found, in all regions but the one at work (NULL: all; then the wait is stated).
 * Asks for it. */
bool autopilot_back(const struct situation *s, struct decision *d, const char *at_work);
/* At the run's end: this effect holds nothing up any more. States the wait, asks. */
bool autopilot_ended(const struct situation *s, struct decision *d, const struct effect *e);

#endif
