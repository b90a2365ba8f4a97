/*
 * facts_survey_parts.h - the parts of a survey, each a file of its name. For facts_survey.c alone.
 */
#ifndef FACTS_SURVEY_PARTS_H
#define FACTS_SURVEY_PARTS_H

#include "surveying.h"

void facts_of_unit(struct surveying *s);
void facts_of_file(struct surveying *s);
void facts_of_system(struct surveying *s);
void facts_of_config(struct surveying *s);

#endif
