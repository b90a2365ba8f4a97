/*
 * report_late_failures.h - prints which failures may still come after a run (late_failures.h), and
 * when the operator should check again.
 *
 * The functions only print. They escape every text from outside and keep nothing. The caller owns a
 * JSON value that is returned.
 */
#ifndef REPORT_LATE_FAILURES_H
#define REPORT_LATE_FAILURES_H

#include "json.h"
#include "ledger.h"
#include "plan.h"

/* Prints two lines for each. now_wall_ms 0: also those whose time has passed. */
void report_late_failures(const struct plan *p, const struct ledger *l, int64_t now_wall_ms,
                          bool color, FILE *out);
struct json *report_late_failures_json(const struct plan *p, const struct ledger *l,
                                       int64_t now_wall_ms);

#endif
