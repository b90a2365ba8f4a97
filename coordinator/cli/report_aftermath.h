/*
 * report_aftermath.h - what may still come after a run (aftermath.h), and when to look again.
 *
 * Prints only; every text from outside is escaped. Nothing is kept. A JSON value is the caller's.
 */
#ifndef REPORT_AFTERMATH_H
#define REPORT_AFTERMATH_H

#include "json.h"
#include "ledger.h"
#include "plan.h"

/* Two lines each. now_wall_ms 0: also what is over. */
void report_aftermath(const struct plan *p, const struct ledger *l, int64_t now_wall_ms, bool color,
                      FILE *out);
struct json *report_aftermath_json(const struct plan *p, const struct ledger *l,
                                   int64_t now_wall_ms);

#endif
