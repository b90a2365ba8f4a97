/*
 * surveying.h - a survey in the making: its sources, and the list of its facts.
 *
 * Calling sequence: facts_survey fills the struct and passes it to one function for each kind of
 * facts. Each function adds its facts with fact_add. All pointers are borrowed and live until the
 * survey is complete. A full list (SURVEY_MAX) drops further facts. fact_add cuts long texts. One
 * thread.
 */
#ifndef SURVEYING_H
#define SURVEYING_H

#include "facts_survey.h"

struct surveying {
    const struct phases *p;
    const struct host *h;
    const struct nomad_on_host *f;
    bool asked; /* the service answered: about is filled */
    struct service_about about;
    char why[TEXT_MAX];      /* not asked: why */
    struct host_stat target; /* the file in place, through links */
    struct facts_survey *out;
};

void fact_add(struct surveying *s, const char *id, enum tri value, const char *fmt, ...)
    PRINTF(4, 5);
/* Adds the fact as unknown, with the text of the error. */
void fact_unknown(struct surveying *s, const char *id, const struct err *err);
/* Is there a unit to ask about? If not, the function adds the fact id as unknown. */
bool fact_has_unit(struct surveying *s, const char *id);

#endif
