/*
 * report_findings.h - prints the findings of a plan for people, in three groups: what stops the
 * run, what to know, what is fine.
 *
 * The functions only print. They escape every text from outside.
 */
#ifndef REPORT_FINDINGS_H
#define REPORT_FINDINGS_H

#include "plan.h"

/* all: print also each note for which Caravan cannot tell whether it concerns this fleet. */
void report_findings(const struct plan *p, bool all, bool color, FILE *out);
/* Appends for example "[clock] 3 hosts (s1, s2, s3): text" to ret. */
void finding_text(const struct finding *f, struct buf *ret);

#endif
