/*
 * hazards.h - what speaks against an upgrade: a table of rows. Pure.
 *
 * A row has an id (what --accept names), the versions it is about, a severity, a function
 * that looks at one observation, the survey and the plan under construction, and one
 * sentence of advice. plan_make calls hazards_check when hosts, regions and limits
 * stand. A row adds a finding when it detects something or when it cannot tell; at most
 * HAZARD_HOSTS single hosts a row, then "and N more". Sources: Nomad's upgrade
 * guides, changelog and source, 0.8 to 2.0.5; what a row has from elsewhere stands above it.
 *
 * Versions: `crossing` lists where a change came (version_has): the row is about a planned
 * host that goes from without it to with it. `target` are versions not to go to
 * (version_within). Neither: whatever the versions.
 *
 * Cannot tell: `unsure` is the severity then. A row that would break the fleet asks to be
 * acknowledged (block), unless something later proves it before harm is done: the agent
 * lets the new binary check the host's own configuration before any swap, and tries it on
 * the host. What only people know is told as such (hazard_operator).
 *
 * Adding a row is adding a row, and its worlds in tests/unit/test_hazard_rows.c.
 */
#ifndef HAZARDS_H
#define HAZARDS_H

#include "plan.h"

#define HAZARD_HOSTS 5

enum hazard_scope { SCOPE_ALL, SCOPE_SERVERS, SCOPE_CLIENTS };
enum edition { EDITION_ANY, EDITION_CE, EDITION_ENT };

struct hazard_check; /* what a row looks at and tells into: hazard_check.h */

struct hazard {
    const char *id;
    const char *crossing, *target;
    enum edition edition; /* of the target */
    enum hazard_scope scope;
    enum hazard_source source;
    enum severity severity, unsure;
    void (*detect)(struct hazard_check *c, const struct hazard *row);
    const char *what;   /* what was found, as its detect function wants it */
    const char *key;    /* fact, switch's or driver's name, attribute: likewise */
    uint64_t number;    /* traits, enum config_switch, enum node_attribute: likewise */
    const char *least;  /* a version, likewise */
    const char *advice; /* what to do, one sentence */
};

extern const struct hazard hazard_table[];
extern const size_t hazard_table_len;

/* Runs every row; adds findings to p. survey NULL: nothing was asked. */
void hazards_check(const struct world *w, const struct survey *survey,
                   const struct release *release, struct plan *p);
/* Which sources the rows that apply to this plan look at: bits 1 << enum hazard_source.
 * For whoever makes the survey. */
unsigned hazards_need(const struct plan *p);

#endif
