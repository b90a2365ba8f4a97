/*
 * truth_survey.h - the survey before a plan, in the worlds: everything is well.
 *
 * The worlds judge runs. What speaks against a plan has its own tables of worlds
 * (tests/unit/test_hazards*.c). So the survey is that of small_survey, for as many regions and
 * hosts as the world has.
 */
#ifndef TRUTH_SURVEY_H
#define TRUTH_SURVEY_H

#include "small_survey.h"
#include "world.h"

struct truth_survey {
    struct small_survey small;
    struct survey survey;
    struct region_survey *regions;
    struct host_survey *hosts;
    const char **known;
};

/* Names point into w. */
void truth_survey_init(struct truth_survey *t, const struct world *w);
void truth_survey_free(struct truth_survey *t);

#endif
