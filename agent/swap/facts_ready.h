/*
 * facts_ready.h - the facts of a survey about whether a restart would succeed here: api-silent,
 * api-moves, port-taken, the facts about root's law, seed (facts_survey.h); and the paths
 * (facts_paths.h).
 *
 * caravan-swap asks the local API, and for the law also the other servers, through caravan-fetch.
 * This takes up to FACTS_ASK_MS. caravan-swap keeps the answers for FACTS_KEPT_MS, or until Nomad
 * was restarted, or until the hold file appears or disappears, or until root's hours begin or end.
 * A bad answer is kept for a shorter time: FACTS_AGAIN_MS, or ten times the duration of the
 * question; once Nomad has had time to start, each further bad answer is kept twice as long as the
 * last. caravan-swap never asks while the phases work: a survey is made at rest (status_update.h).
 */
#ifndef FACTS_READY_H
#define FACTS_READY_H

#include "config_read.h"
#include "law_facts.h"
#include "surveying.h"

#define FACTS_KEPT_MS  30000
#define FACTS_AGAIN_MS 1000
#define FACTS_ASK_MS   (PROBE_ASK_MS + LAW_FACTS_MS)

/* Asks the questions that are due and keeps the answers in p->asked. */
void facts_ready_ask(struct phases *p, const struct nomad_on_host *f);
/* Milliseconds until it is time to ask again after a bad answer; INT64_MAX: no answer is bad.
 * Also 0 if root's hours have begun or ended since the questions were asked. */
int64_t facts_ready_due(const struct phases *p);
/* Adds these facts, and those of facts_paths.h. */
void facts_of_readiness(struct surveying *s, const struct config_read *c);

#endif
