/*
 * facts_survey_parts.h - what the facts_*.c share while a survey is made. Not for others.
 */
#ifndef FACTS_SURVEY_PARTS_H
#define FACTS_SURVEY_PARTS_H

#include "facts_survey.h"

struct surveying {
    const struct phases *p;
    const struct host *h;
    const struct facts *f;
    bool asked; /* about is known */
    struct service_about about;
    char why[TEXT_MAX];      /* else: why not */
    struct host_stat target; /* through links */
    struct facts_survey *out;
};

void fact_add(struct surveying *s, const char *id, enum tri value, const char *fmt, ...)
    PRINTF(4, 5);
/* Unknown, because of an error. */
void fact_unknown(struct surveying *s, const char *id, const struct err *err);
/* false: there is no unit to ask about, which was added as unknown. */
bool fact_has_unit(struct surveying *s, const char *id);

void facts_of_unit(struct surveying *s);
void facts_of_file(struct surveying *s);
void facts_of_system(struct surveying *s);
void facts_of_config(struct surveying *s);

#endif
