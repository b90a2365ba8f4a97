/*
 * report_history.h - prints what the ledger contains: runs, changes of state, lines of servers'
 * logs.
 *
 * The functions only print. They escape every text from outside and keep nothing. The caller owns a
 * JSON value that is returned.
 */
#ifndef REPORT_HISTORY_H
#define REPORT_HISTORY_H

#include "json.h"
#include "ledger_store.h"
#include "plan.h"

void report_history(const struct stored_run *runs, size_t n, bool color, FILE *out);
void report_changes(const struct plan *p, const struct stored_change *list, size_t n, FILE *out);
/* Prints, for each step, lines from the logs of the other servers during this step. */
void report_log_lines(const struct plan *p, const struct stored_log_line *list, size_t n,
                      FILE *out);
struct json *report_log_lines_json(const struct plan *p, const struct stored_log_line *list,
                                   size_t n);

#endif
