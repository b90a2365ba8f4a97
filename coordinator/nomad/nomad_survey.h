/*
 * nomad_survey.h - asks Nomad what only a plan needs (survey.h), once.
 *
 *     nomad_survey_begin(&config, &s)   asks the first questions
 *     nomad_survey_tick(s)              when something was answered; true: it is finished
 *     nomad_survey_end(s, &survey)      what is known by then; frees s
 *
 * At most SURVEY_OPEN questions are under way (survey_queue.h), so that a fleet of thousands of
 * jobs is asked page by page. After `budget_ms` no new question is begun; those under way end by
 * their own deadlines, and what was not asked stays unknown. Job specifications, node
 * records and ACL policies are only asked for where a row of the hazard table that applies
 * looks at them (hazards_need), at most SURVEY_JOBS, SURVEY_NODES and SURVEY_POLICIES of
 * them. Only GET. The world and the plan must outlive it. nomad_survey_end only after
 * nomad_survey_tick said true. One thread.
 */
#ifndef NOMAD_SURVEY_H
#define NOMAD_SURVEY_H

#include "nomad_http.h"
#include "observer.h"
#include "plan.h"
#include "survey.h"

#define SURVEY_MS    15000 /* of budget */
#define SURVEY_NODES 512

struct nomad_survey;

struct nomad_survey_config {
    struct nomad_http *nomad;
    const struct observer *observer; /* whom to ask about a region */
    const struct clock *clock;
    const struct world *world;
    const struct plan *plan;
    unsigned need; /* hazards_need */
    int64_t budget_ms;
};

void nomad_survey_begin(const struct nomad_survey_config *c, struct nomad_survey **ret);
bool nomad_survey_tick(struct nomad_survey *s);
/* ret: survey_free it. */
void nomad_survey_end(struct nomad_survey *s, struct survey *ret);

#endif
