/*
 * hazards.h - what speaks against an upgrade: one table of rows, and one engine for all rows. Pure.
 *
 * A row has an id (for --accept), the versions that it is about, a severity, an advice, and a kind.
 * The kind names the function that checks (hazard_kinds.h). Rows about the fleet look at one
 * observation, the survey and the plan under construction. Rows about single hosts judge each
 * planned host by a fact that its agent reports (`key`), or by their own function. They are checked
 * for the plan, and again when the host has staged, before the first swap anywhere: agents then
 * report more facts, and facts may have changed. A plan contains all its rows (hazard_rows.h).
 *
 *     hazards_check(w, survey, release, p)    plan_make calls this when hosts, regions and limits
 *                                             are filled in
 *     hazards_refuse(p, ph, h, &why)          decide calls this for a host that has staged
 *
 * A row adds a finding when it detects something, and when it cannot tell. Hosts with the same
 * finding share one, which contains their number and the first names. A row adds at most
 * HAZARD_HOSTS findings about single hosts.
 *
 * Versions: `crossing` lists the versions that brought a change (version_has). The row is about
 * planned hosts that go from a version without the change to a version with it. `target` lists
 * versions not to upgrade to, `from` versions that hosts run (version_within). Without any of them
 * the row is about all versions.
 *
 * Severity: of the row or of its function, whichever is higher. If the row cannot tell, `unsure` is
 * the severity. A row that would break the fleet has the severity block, so that the operator must
 * accept it. A row may have less when something later finds the problem before harm is done: the
 * agent lets the new binary check the host's configuration before any swap, and tries the binary on
 * the host. Rows that only people can check have the kind operator.
 *
 * Advice must be safe: a person who does what it says, and nothing else, does not make the host
 * worse.
 *
 * How to add a row: README.md of this room.
 */
#ifndef HAZARDS_H
#define HAZARDS_H

#include "hazard_rows.h"
#include "survey.h"

#define HAZARD_HOSTS 5

/* Checks all rows and adds findings to p. survey NULL: there was no survey. */
void hazards_check(const struct world *w, const struct survey *survey,
                   const struct release *release, struct plan *p);
/* Returns the sources that the rows of this plan look at: bits 1 << enum hazard_source. The code
 * that makes the survey uses this. */
unsigned hazards_need(const struct plan *p);

struct host_refusal {
    const char *id;
    bool hard;     /* --accept does not help */
    bool may_pass; /* may end by itself after a while: quorum, a gap */
    char text[TEXT_MAX];
    const char *advice;
};

/* Does a row about single hosts refuse this host, and was not accepted? If true, ret says which
 * row. If the host has reported no facts, the function returns false; then the caller must not
 * treat the host as checked. */
bool hazards_refuse(const struct plan *p, const struct plan_host *ph, const struct host *h,
                    struct host_refusal *ret);
/* Returns the advice of the row that a text names, as in "[api-silent] ..."; NULL: the text names
 * no row. */
const char *hazards_advice(const struct hazards *h, const char *text);
/* Does root hold this host? Then its agent refuses every swap. */
bool hazard_held(const struct host *h);

#endif
