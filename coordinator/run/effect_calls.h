/*
 * effect_calls.h - carries out what is next for each side effect on a host.
 *
 * What is next for an effect says effects.h; one step is outstanding an effect. effects_init once;
 * in every tick effects_plan before the commit and effects_do after it; effects_event for every
 * answer to a note or an operation; effects_free at the end. The calls are r->calls, by row of the
 * ledger.
 */
#ifndef EFFECT_CALLS_H
#define EFFECT_CALLS_H

#include "run.h"

void effects_init(struct run *r);
void effects_free(struct run *r);
/* What the host's own stop drained is to be given back; false: no room for the effect now. */
MUST_CHECK bool effects_give_back(struct run *r, struct ledger_host *lh);
/* INTENT_TRANSFER, INTENT_REMOVE_PEER, INTENT_FORCE_LEAVE: an effect that is asked for once. */
void effects_single(struct run *r, struct ledger_host *lh, const struct intent *in);
/* Steps whose effect is on the outside are done after the commit: effects_plan before it
 * (attempts and ends are part of what is committed), effects_do after it. */
void effects_plan(struct run *r);
MUST_CHECK int effects_do(struct run *r, struct err *err);
void effects_event(struct run *r, const struct event *ev); /* notes' receipts, operations */

#endif
