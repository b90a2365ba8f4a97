/*
 * report_run.h - how a run stands, for people and programs.
 *
 * A table of hosts and versions; what was saved and counted (report_regions.h, report_keystore.h),
 * what may still come (report_late_failures.h); when it stopped, which host, in which phase, why,
 * and what to do now.
 *
 * Prints only; every text from outside is escaped. Nothing is kept. A JSON value is the caller's.
 */
#ifndef REPORT_RUN_H
#define REPORT_RUN_H

#include "json.h"
#include "ledger.h"
#include "plan.h"
#include "world.h"

/* w may be NULL (show): versions are then the plan's. */
void report_run(const struct plan *p, const struct ledger *l, const struct world *w, bool color,
                FILE *out);
struct json *report_run_json(const struct plan *p, const struct ledger *l, const struct world *w);
/* The lines about cause and advice alone. */
void report_cause(const struct ledger *l, bool color, FILE *out);
/* Does the text name the host (as a word), so that it needs not be named again? */
bool text_names(const char *text, const char *host);
void run_hex(char dst[static 33], const unsigned char id[static RUN_ID_LEN]);

#endif
