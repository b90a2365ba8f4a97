/*
 * hazards.h - what speaks against an upgrade: a table of rows. Pure.
 *
 * Each row has an id (what --accept names), a severity, a function that looks at
 * one observation and the plan under construction, and one sentence of advice.
 * plan_make calls hazards_check when hosts, regions and limits stand. A row adds
 * a finding when it detects something or when it cannot tell; at most
 * HAZARD_HOSTS single hosts a row, then "and N more". Sources: Nomad's upgrade
 * guides, changelog and source, 0.8 to 2.0.5.
 *
 * Walls: a server binary cannot read raft data or snapshots with features it does
 * not know. Features are a set per version, not a range: 1.6.6 has one that
 * 1.7.0, which is newer by its number, has not.
 */
#ifndef HAZARDS_H
#define HAZARDS_H

#include "plan.h"

#define HAZARD_HOSTS 5

struct hazard_check {
    const struct world *w;
    const struct release *release;
    struct plan *p;
    struct version target;
    size_t told, more; /* of the row at work */
};

struct hazard {
    const char *id;
    enum severity severity;
    void (*detect)(struct hazard_check *c, const struct hazard *row);
    const char *advice;
};

extern const struct hazard hazard_table[];
extern const size_t hazard_table_len;

/* Runs every row; adds findings to p. */
void hazards_check(const struct world *w, const struct release *release, struct plan *p);

/* For the rows: adds a finding; host may be NULL. */
void hazard_found(struct hazard_check *c, const struct hazard *row, enum tri detected,
                  const char *host, const char *fmt, ...) PRINTF(5, 6);
/* The same with another severity than the row's. */
void hazard_found_as(struct hazard_check *c, const struct hazard *row, enum severity severity,
                     const char *fmt, ...) PRINTF(4, 5);

/* Bits of what this server version may have written. */
uint32_t version_features(const struct version *v);
/* A server on `to` may leave behind what `from` cannot read. */
bool version_wall(const struct version *from, const struct version *to);
/* Format of a client's state.db: 1 before 0.9, 2 before 1.3, then 3. */
int version_client_state(const struct version *v);
/* A new leader on `to` is known to crash followers still on `from`. */
bool version_bad_leader(const struct version *from, const struct version *to);

#endif
