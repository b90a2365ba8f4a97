/*
 * nomad_survey.h - asks Nomad once for the values that only a plan needs (survey.h).
 *
 *     nomad_survey_begin(&config, &s)   sends the first questions
 *     nomad_survey_tick(s)              call after answers have come; true: the survey is finished
 *     nomad_survey_end(s, &survey)      returns the values and frees s; only after tick was true
 *
 * At most SURVEY_OPEN questions are under way (survey_queue.h); long lists come page by page. After
 * `budget_ms` no new question is sent. The questions under way end by their own deadlines, and
 * values that were not asked for stay unknown. Job specifications, node records and ACL policies
 * are asked for only if a row of hazards that applies needs them (hazards_need), and at most
 * SURVEY_JOBS, SURVEY_NODES and SURVEY_POLICIES of them. A survey only reads (GET). The world and
 * the plan must live longer than the survey. For one thread.
 */
#ifndef NOMAD_SURVEY_H
#define NOMAD_SURVEY_H

#include "nomad_http.h"
#include "observer.h"
#include "plan.h"
#include "survey.h"

#define SURVEY_MS    15000 /* the usual budget_ms */
#define SURVEY_NODES 512

struct nomad_survey;

struct nomad_survey_config {
    struct nomad_http *nomad;
    const struct observer *observer; /* knows the server to ask about a region */
    const struct clock *clock;
    const struct world *world;
    const struct plan *plan;
    unsigned need; /* hazards_need */
    int64_t budget_ms;
};

void nomad_survey_begin(const struct nomad_survey_config *c, struct nomad_survey **ret);
bool nomad_survey_tick(struct nomad_survey *s);
/* The caller frees *ret with survey_free. */
void nomad_survey_end(struct nomad_survey *s, struct survey *ret);

#endif
