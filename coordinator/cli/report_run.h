/*
 * report_run.h - prints the state of a run, for people and for programs.
 *
 * The report has a table of hosts and versions; what the run saved and counted (report_regions.h,
 * report_keystore.h); failures that may still come (report_late_failures.h). If the run stopped,
 * the report says at which host, in which phase, why, and what to do now.
 *
 * The functions only print. They escape every text from outside and keep nothing. The caller owns a
 * JSON value that is returned.
 */
#ifndef REPORT_RUN_H
#define REPORT_RUN_H

#include "json.h"
#include "ledger.h"
#include "plan.h"
#include "world.h"

/* w may be NULL (caravan show): then the versions are those of the plan. */
void report_run(const struct plan *p, const struct ledger *l, const struct world *w, bool color,
                FILE *out);
struct json *report_run_json(const struct plan *p, const struct ledger *l, const struct world *w);
/* Prints only the cause and the advice. */
void report_cause(const struct ledger *l, bool color, FILE *out);
/* Does the text contain the name of the host as a word? Then the report need not repeat it. */
bool text_names(const char *text, const char *host);
void run_hex(char dst[static 33], const unsigned char id[static RUN_ID_LEN]);

#endif
