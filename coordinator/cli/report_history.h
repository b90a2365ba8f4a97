/*
 * report_history.h - what the ledger remembers: runs, changes of state, lines of servers' logs.
 *
 * Prints only; every text from outside is escaped. Nothing is kept. A JSON value is the caller's.
 */
#ifndef REPORT_HISTORY_H
#define REPORT_HISTORY_H

#include "json.h"
#include "ledger_store.h"
#include "plan.h"

void report_history(const struct stored_run *runs, size_t n, bool color, FILE *out);
void report_changes(const struct plan *p, const struct stored_change *list, size_t n, FILE *out);
/* What other servers' logs said, step by step. */
void report_log_lines(const struct plan *p, const struct stored_log_line *list, size_t n,
                      FILE *out);
struct json *report_log_lines_json(const struct plan *p, const struct stored_log_line *list,
                                   size_t n);

#endif
