/*
 * report_plan.h - prints a plan for people, and as JSON for programs: what the run would do, and
 * what would stop it.
 *
 * The functions only print. They escape every text from outside and keep nothing. The caller owns a
 * JSON value that is returned.
 */
#ifndef REPORT_PLAN_H
#define REPORT_PLAN_H

#include "json.h"
#include "plan.h"

/* all: print also the hosts beyond REPORT_ROWS, and all notes. */
void report_plan(const struct plan *p, bool all, bool color, FILE *out);
struct json *report_plan_json(const struct plan *p);
/* Prints why the plan is refused, and what to do now. The caller passes standard error. */
void report_refusal(const struct plan *p, FILE *out);

#endif
