/*
 * report_regions.h - what a run saved and counted in each region: snapshot, objects before and
 * after; and where a run by 0.1.0 left autopilot's dead-server cleanup switched off.
 *
 * Prints only; every text from outside is escaped. Nothing is kept. A JSON value is the caller's.
 */
#ifndef REPORT_REGIONS_H
#define REPORT_REGIONS_H

#include "json.h"
#include "ledger.h"

/* "Snapshot of region global: PATH (1.2 MiB, 2026-...)": one line, of which
 * `at` columns are taken already. */
void report_snapshot(const struct ledger_region *r, size_t at, FILE *out);
/* Snapshots, and what was counted before and after. */
void report_regions(const struct ledger *l, FILE *out);
struct json *report_regions_json(const struct ledger *l);
/* Nomad's own command, without a newline. */
void report_cleanup_command(const char *region, bool on, FILE *out);

#endif
