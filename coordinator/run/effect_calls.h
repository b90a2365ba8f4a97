/*
 * effect_calls.h - carries out the next step of each side effect on a host or on Nomad.
 *
 * effects.h decides which step is next. Each effect has at most one outstanding step. Call
 * effects_init once; in every tick effects_plan before the commit and effects_do after it;
 * effects_event for every answer to a note or to an operation on Nomad; effects_free at the end.
 * r->calls has one entry for each effect of the ledger, with the same index.
 */
#ifndef EFFECT_CALLS_H
#define EFFECT_CALLS_H

#include "run.h"

void effects_init(struct run *r);
void effects_free(struct run *r);
/* Adds the effect that makes a client eligible again after its own stop drained it. Returns false
 * when the ledger has no room for the effect now. */
MUST_CHECK bool effects_give_back(struct run *r, struct ledger_host *lh);
/* Adds an effect that Nomad is asked for once: INTENT_TRANSFER, INTENT_REMOVE_PEER or
 * INTENT_FORCE_LEAVE. */
void effects_single(struct run *r, struct ledger_host *lh, const struct intent *in);
/* effects_plan chooses the steps and counts the attempts before the commit; effects_do sends notes
 * and asks Nomad after the commit. */
void effects_plan(struct run *r);
MUST_CHECK int effects_do(struct run *r, struct err *err);
/* ev: the answer to a note, or EV_OPERATED. */
void effects_event(struct run *r, const struct event *ev);

#endif
