/*
 * facts_ready.h - the facts of a survey that ask whether a restart would go well here: api-silent,
 * port-taken, law-refuses (facts_survey.h); the paths among them: facts_paths.h.
 *
 * The local API, and with the law the other servers, are asked through caravan-fetch: that takes
 * up to FACTS_ASK_MS and is kept for FACTS_KEPT_MS, or until Nomad was started anew, the hold
 * file came or went, or root's hours begin or end. A bad answer is kept for less: FACTS_AGAIN_MS,
 * or ten times as long as it took, and each time twice as long once Nomad has had time to start.
 * Never while the phases work: a survey is made at rest (swap_view.h).
 */
#ifndef FACTS_READY_H
#define FACTS_READY_H

#include "config_read.h"
#include "law_facts.h"
#include "surveying.h"

#define FACTS_KEPT_MS  30000
#define FACTS_AGAIN_MS 1000
#define FACTS_ASK_MS   (PROBE_ASK_MS + LAW_FACTS_MS)

/* Asks what is due into p->asked. */
void facts_ready_ask(struct phases *p, const struct facts *f);
/* How long until a bad answer is worth asking for again; INT64_MAX: there is none. 0 also when
 * root's hours have begun or ended since. */
int64_t facts_ready_due(const struct phases *p);
/* Adds the facts; of the paths too. */
void facts_of_readiness(struct surveying *s, const struct config_read *c);

#endif
