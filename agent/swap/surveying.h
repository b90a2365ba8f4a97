/*
 * surveying.h - a survey that is being made: what it asks, and the list it adds to. For
 * facts_survey and its parts; a list that is full takes nothing more.
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
