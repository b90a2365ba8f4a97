/*
 * autopilot_calls.h - carries out what is next for each effect on a region.
 *
 * What is next for one says autopilot.h; one question or write to Nomad is outstanding an effect,
 * and one note a server. Called by effect_calls.c at the same places of a tick: autopilot_plan
 * before the commit, autopilot_do after it, autopilot_event for every answer. The calls are
 * r->autopilot, by row of the ledger, from autopilot_init to autopilot_free.
 */
#ifndef AUTOPILOT_CALLS_H
#define AUTOPILOT_CALLS_H

#include "run.h"

void autopilot_init(struct run *r);
void autopilot_free(struct run *r);
void autopilot_add(struct run *r, const struct intent *in); /* INTENT_AUTOPILOT */
void autopilot_plan(struct run *r);
MUST_CHECK int autopilot_do(struct run *r, struct err *err);
void autopilot_event(struct run *r, const struct event *ev);

#endif
