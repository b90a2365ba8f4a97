/*
 * report_late_failures.h - what may still come after a run (late_failures.h), and when to look
 * again.
 *
 * Prints only; every text from outside is escaped. Nothing is kept. A JSON value is the caller's.
 */
#ifndef REPORT_LATE_FAILURES_H
#define REPORT_LATE_FAILURES_H

#include "json.h"
#include "ledger.h"
#include "plan.h"

/* Two lines each. now_wall_ms 0: also what is over. */
void report_late_failures(const struct plan *p, const struct ledger *l, int64_t now_wall_ms,
                          bool color, FILE *out);
struct json *report_late_failures_json(const struct plan *p, const struct ledger *l,
                                       int64_t now_wall_ms);

#endif
