/*
 * surveying.h - a survey that is being made: what it may ask, and the list it adds to.
 *
 * Calling sequence: facts_survey fills the struct and hands it from one kind of facts to the
 * next; each adds what it finds with fact_add. All pointers are borrowed and live as long as the
 * survey is made. A list that is full (SURVEY_MAX) takes nothing more; texts are cut. One
 * thread.
 */
#ifndef SURVEYING_H
#define SURVEYING_H

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

#endif
