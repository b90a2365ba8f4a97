/*
 * report_removed.h - who still names a server that has left by this run, in its report.
 *
 * By what the agents told last (names_removed.h); nothing where the plan replaces nobody, none has
 * left, or nothing was observed.
 */
#ifndef REPORT_REMOVED_H
#define REPORT_REMOVED_H

#include <stdio.h>
#include "json.h"
#include "ledger.h"

void report_removed(const struct plan *p, const struct ledger *l, const struct world *w, FILE *out);
/* An array of {"host", "names": "yes" or "unknown", "server", "by", "text"}, of all hosts. */
struct json *report_removed_json(const struct plan *p, const struct ledger *l,
                                 const struct world *w);

#endif
