/*
 * report_removed.h - prints which hosts still name a server that this run took out of the cluster.
 *
 * The functions use what the agents reported last (names_removed.h). They print nothing if the plan
 * replaces no server, if no server has left, or if the fleet was not observed.
 */
#ifndef REPORT_REMOVED_H
#define REPORT_REMOVED_H

#include <stdio.h>
#include "json.h"
#include "ledger.h"

void report_removed(const struct plan *p, const struct ledger *l, const struct world *w, FILE *out);
/* Returns an array of {"host", "names": "yes" or "unknown", "server", "by", "text"} for all hosts.
 */
struct json *report_removed_json(const struct plan *p, const struct ledger *l,
                                 const struct world *w);

#endif
