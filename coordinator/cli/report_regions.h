/*
 * report_regions.h - what a run saved and counted in each region: snapshot, autopilot's setting,
 * objects before and after.
 *
 * Prints only; every text from outside is escaped. Nothing is kept. A JSON value is the caller's.
 */
#ifndef REPORT_REGIONS_H
#define REPORT_REGIONS_H

#include "json.h"
#include "ledger.h"

/* "Snapshot of region global: PATH (1.2 MiB, 2026-...)": one line. */
void report_snapshot(const struct ledger_region *r, FILE *out);
/* Snapshots, and what was counted before and after. */
void report_regions(const struct ledger *l, FILE *out);
struct json *report_regions_json(const struct ledger *l);

#endif
