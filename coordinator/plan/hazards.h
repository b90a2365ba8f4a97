/*
 * hazards.h - what speaks against an upgrade: one table of rows, one engine for them. Pure.
 *
 * A row has an id (what --accept names), the versions it is about, a severity and one sentence of
 * advice, and a kind: the function that looks (hazard_kinds.h). Rows about the fleet look at one
 * observation, the survey and the plan under construction. Rows about single hosts judge each
 * planned host by a fact that its agent tells (key), or by a function of their own: once for the
 * plan, and once more when the host has staged, before the first swap anywhere, for agents then
 * tell more, and perhaps other things. All rows are those of the plan (hazard_rows.h).
 *
 *     hazards_check(w, survey, release, p)    by plan_make, when hosts, regions and limits stand
 *     hazards_refuse(p, ph, h, &why)          by decide, of a host that has staged
 *
 * A row adds a finding when it detects something or when it cannot tell. Hosts with the same
 * finding share one, which has their number and the first names; a row adds at most HAZARD_HOSTS
 * findings about single hosts.
 *
 * Versions: `crossing` lists where a change came (version_has): the row is about a planned
 * host that goes from without it to with it. `target` are versions not to go to, `from` versions
 * that hosts come from (version_within). None of them: whatever the versions.
 *
 * Severity: the row's, or what its function makes of it, whichever is higher. Cannot tell: `unsure`
 * is the severity then. A row that would break the fleet asks to be acknowledged (block), unless
 * something later proves it before harm is done: the agent lets the new binary check the host's own
 * configuration before any swap, and tries it on the host. What only people know is told as such
 * (kind operator).
 *
 * Advice is safe to follow: whoever does what it says, and nothing else, leaves the host no worse
 * than it was.
 *
 * Adding a row: README.md of this room.
 */
#ifndef HAZARDS_H
#define HAZARDS_H

#include "hazard_rows.h"
#include "survey.h"

#define HAZARD_HOSTS 5

/* Runs every row; adds findings to p. survey NULL: nothing was asked. */
void hazards_check(const struct world *w, const struct survey *survey,
                   const struct release *release, struct plan *p);
/* Which sources the rows that apply to this plan look at: bits 1 << enum hazard_source.
 * For whoever makes the survey. */
unsigned hazards_need(const struct plan *p);

struct host_refusal {
    const char *id;
    bool hard;     /* --accept does not help */
    bool may_pass; /* by itself, in a while: quorum, a gap */
    char text[TEXT_MAX];
    const char *advice;
};

/* Does a row about single hosts speak against going on with this one, and was not accepted? True:
 * ret says which. A host that told no facts: false, and it must not pass for one that was asked. */
bool hazards_refuse(const struct plan *p, const struct plan_host *ph, const struct host *h,
                    struct host_refusal *ret);
/* The advice of the row that a text names, "[api-silent] ..."; NULL: it names none. */
const char *hazards_advice(const struct hazards *h, const char *text);
/* Root holds it: no swap will be obeyed there. */
bool hazard_held(const struct host *h);

#endif
