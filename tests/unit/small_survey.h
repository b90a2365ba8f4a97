/*
 * small_survey.h - the survey of the small fleet when everything is well.
 */
#ifndef SMALL_SURVEY_H
#define SMALL_SURVEY_H

#include "survey.h"

#define SMALL_SURVEYED 5

struct small_survey {
    struct region_survey regions[1];
    struct host_survey hosts[SMALL_SURVEYED]; /* by key: c1, c2, s1, s2, s3 */
    struct job_view jobs[2];
    const char *known[1];
};

/* out points into s. */
void small_survey_init(struct small_survey *s, struct survey *out);

#endif
