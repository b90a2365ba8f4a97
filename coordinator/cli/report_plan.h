/*
 * report_plan.h - a plan, as people and, in JSON, programs see it: what would be done, what speaks
 * against it.
 *
 * Prints only; every text from outside is escaped. Nothing is kept. A JSON value is the caller's.
 */
#ifndef REPORT_PLAN_H
#define REPORT_PLAN_H

#include "json.h"
#include "plan.h"

/* all: also the hosts beyond REPORT_ROWS, and the notes. */
void report_plan(const struct plan *p, bool all, bool color, FILE *out);
struct json *report_plan_json(const struct plan *p);
/* Why it is refused, and what to do: standard error. */
void report_refusal(const struct plan *p, FILE *out);

#endif
