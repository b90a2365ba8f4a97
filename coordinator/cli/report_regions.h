/*
 * report_regions.h - prints what a run saved and counted in each region: the snapshot, and the
 * number of objects before and after. Names regions in which a run of Caravan 0.1.0 left
 * autopilot's dead-server cleanup switched off.
 *
 * The functions only print. They escape every text from outside and keep nothing. The caller owns a
 * JSON value that is returned.
 */
#ifndef REPORT_REGIONS_H
#define REPORT_REGIONS_H

#include "json.h"
#include "ledger.h"

/* Prints "Snapshot of region global: PATH (1.2 MiB, 2026-...)". `at` columns of the line are used
 * already. */
void report_snapshot(const struct ledger_region *r, size_t at, FILE *out);
/* Prints the snapshots, and the counts before and after. */
void report_regions(const struct ledger *l, FILE *out);
struct json *report_regions_json(const struct ledger *l);
/* Prints the command of Nomad that switches the cleanup on or off, without a newline. */
void report_cleanup_command(const char *region, bool on, FILE *out);

#endif
