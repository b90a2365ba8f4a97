/*
 * hazard_check.h - one check of a plan under construction by the rows of the table. Pure.
 *
 * hazards_check makes it, aims it at each row in turn (which hosts the row is about, and
 * nothing told yet) and calls the row's function (hazard_detect.h). That function asks with
 * hazard_from, hazard_crosses, survey_region and the like, and tells with hazard_found,
 * hazard_found_as and hazard_unsure; where all is well it returns without a word. What a row
 * leaves to be said at its end (more hosts, doubts) hazards_check says.
 *
 * Findings go into the arena of the plan and are the plan's. The groups are the check's own,
 * freed at its end; everything else belongs to the caller of hazards_check and outlives it. One
 * check is one thread's.
 */
#ifndef HAZARD_CHECK_H
#define HAZARD_CHECK_H

#include "hazards.h"

#define HAZARD_DOUBTS 3

typedef const struct hazard row_t;

/* Planned hosts of one kind and role that run one version. */
struct hazard_group {
    struct version from;
    bool known; /* from could be read */
    enum plan_role role;
    bool server, todo;
    bool crosses; /* the row at work is about it */
};

struct hazard_doubt { /* of which hosts it cannot tell for this reason: how many, the first */
    const char *host, *why;
    size_t n;
};

/* What a row about single hosts may look at. */
struct one_host {
    const struct plan_host *ph;
    const struct host *h;
    const struct version *target, *from; /* from NULL: unknown */
    bool no_unit;
    bool stage_only; /* nothing is restarted */
};

/* What a row says of one host. */
struct judgement {
    enum tri value;         /* YES or UNKNOWN; NO: nothing to tell */
    enum severity severity; /* at least; the row's own may be higher */
    bool may_pass;          /* by itself, in a while */
    char text[TEXT_MAX];
};

struct hazard_check {
    const struct world *w;
    const struct survey *survey; /* never NULL: an empty one */
    const struct release *release;
    struct plan *p;
    struct version target;
    struct hazard_group *groups;
    size_t n_groups;
    uint32_t *group_of; /* by planned host */
    /* Of the row at work. */
    bool applies;
    size_t first;                              /* number of its first finding */
    size_t told;                               /* how many are of single hosts */
    size_t last;                               /* the last of those, by number */
    struct hazard_doubt doubts[HAZARD_DOUBTS]; /* hosts of which it cannot tell, by reason */
    size_t n_doubts;
};

/* Adds a finding of this severity. host NULL: it concerns the fleet. A host is counted with a
 * finding of the row that is there when both have the same severity and text. Rows about single
 * hosts that only warn need no same text: what agents say tends to be the same everywhere. Hosts
 * beyond HAZARD_HOSTS findings are counted with the last one. A finding that is accepted by a
 * host's name concerns that host alone. */
void hazard_report(struct hazard_check *c, row_t *row, enum severity severity, enum tri detected,
                   const char *host, const char *text);
/* The same with the row's own severity. */
void hazard_found(struct hazard_check *c, row_t *row, enum tri detected, const char *host,
                  const char *fmt, ...) PRINTF(5, 6);
/* It concerns the fleet, with at least this severity. */
void hazard_found_as(struct hazard_check *c, row_t *row, enum severity severity, const char *fmt,
                     ...) PRINTF(4, 5);
/* Is what would refuse with this severity accepted by its id? */
bool hazard_accepted(const struct policy *y, const char *id, enum severity severity);
/* It cannot tell of this host: counted, and told at the end, once for all with this reason. Of
 * more than HAZARD_DOUBTS reasons the last stands for the rest. */
void hazard_unsure(struct hazard_check *c, const char *host, const char *why);

/* The version a planned host runs; NULL: unknown. */
const struct version *hazard_from(const struct hazard_check *c, const struct plan_host *h);
/* Is the row about this planned host, by its versions and scope? */
bool hazard_crosses(const struct hazard_check *c, const struct plan_host *h);
/* Oldest version among the planned hosts that do not run the target (servers only, or all). */
bool hazard_oldest(const struct hazard_check *c, bool servers_only, struct version *ret);
bool hazard_region_planned(const struct plan *p, const char *region);
/* NULL: not surveyed. */
const struct region_survey *survey_region(const struct hazard_check *c, const char *region);
const struct host_survey *survey_host(const struct hazard_check *c, const char *key);
/* Why a question has no answer, for people. */
const char *asked_why(enum asked asked);

#endif
