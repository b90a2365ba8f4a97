/*
 * report.h - what a plan, a fleet and a run look like to people and, as JSON, to
 * programs. Prints only; every text from outside is escaped.
 */
#ifndef REPORT_H
#define REPORT_H

#include "json.h"
#include "ledger_store.h"
#include "plan.h"
#include "table.h"

#define REPORT_ROWS 60 /* hosts shown one by one; more are counted, unless all */

void report_plan(const struct plan *p, bool all, bool color, FILE *out);
struct json *report_plan_json(const struct plan *p);
/* Why it is refused, and what to do: standard error. */
void report_refusal(const struct plan *p, FILE *out);
const char *severity_name(enum severity s);

/* How a run stands: table of hosts and versions; when it stopped, which host, in which
 * phase, why, and what to do now. w may be NULL (show): versions are then the plan's. */
void report_run(const struct plan *p, const struct ledger *l, const struct world *w, bool color,
                FILE *out);
struct json *report_run_json(const struct plan *p, const struct ledger *l, const struct world *w);
/* The lines about cause and advice alone. */
void report_cause(const struct ledger *l, bool color, FILE *out);
/* Does the text name the host (as a word), so that it needs not be named again? */
bool text_names(const char *text, const char *host);
void run_hex(char dst[static 33], const unsigned char id[static RUN_ID_LEN]);

/* "Snapshot of region global: PATH (1.2 MiB, 2026-...)": one line. */
void report_snapshot(const struct ledger_region *r, FILE *out);
/* Snapshots, and what was counted before and after. */
void report_regions(const struct ledger *l, FILE *out);
struct json *report_regions_json(const struct ledger *l);
/* "Keystore of s1: 2 keys, copied to PATH on that host": one line, of one that was copied. */
void report_keystore(const struct plan *p, const struct ledger *l, size_t i, FILE *out);
/* All of them, those that could not be, and regions whose servers differ. */
void report_keystores(const struct plan *p, const struct ledger *l, FILE *out);
struct json *report_keystores_json(const struct plan *p, const struct ledger *l);
/* What may still come (late_failures.h), and when to look again: two lines each. now_wall_ms 0:
 * also what is over. */
void report_aftermath(const struct plan *p, const struct ledger *l, int64_t now_wall_ms, bool color,
                      FILE *out);
struct json *report_aftermath_json(const struct plan *p, const struct ledger *l,
                                   int64_t now_wall_ms);
/* What other servers' logs said, step by step. */
void report_heard(const struct plan *p, const struct stored_heard *list, size_t n, FILE *out);
struct json *report_heard_json(const struct plan *p, const struct stored_heard *list, size_t n);

void report_history(const struct stored_run *runs, size_t n, bool color, FILE *out);
void report_changes(const struct plan *p, const struct stored_change *list, size_t n, FILE *out);

#endif
