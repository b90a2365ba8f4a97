/*
 * report_findings.h - the findings of a plan for people, in three groups: what stops the run, what
 * to know, what is fine.
 *
 * Prints only. Every text from outside is escaped.
 */
#ifndef REPORT_FINDINGS_H
#define REPORT_FINDINGS_H

#include "plan.h"

/* all: also each note of which Caravan cannot tell whether it concerns this fleet. */
void report_findings(const struct plan *p, bool all, bool color, FILE *out);
/* "[clock] 3 hosts (s1, s2, s3): text" */
void finding_text(const struct finding *f, struct buf *ret);

#endif
