/*
 * hazard_check.h - one check of a plan under construction with the rows of the table. Pure.
 *
 * hazards_check makes the struct. For each row it marks the hosts that the row is about, and calls
 * the row's function (hazard_detect.h). That function looks at hosts and regions with hazard_from,
 * hazard_crosses, survey_region and the like. It reports with hazard_found, hazard_found_as and
 * hazard_unsure, or returns without a report when all is well. At the end of a row hazards_check
 * reports the collected doubts.
 *
 * Findings are in the arena of the plan and belong to the plan. hazards_check frees the groups. All
 * else belongs to the caller of hazards_check and must outlive the check. Only one thread may use a
 * check.
 */
#ifndef HAZARD_CHECK_H
#define HAZARD_CHECK_H

#include "hazards.h"

#define HAZARD_DOUBTS 3

typedef const struct hazard row_t;

/* Planned hosts of one kind and role that run one version. */
struct hazard_group {
    struct version from;
    bool known; /* the version could be read */
    enum plan_role role;
    bool server, todo;
    bool crosses; /* the present row is about this group */
};

struct hazard_doubt { /* hosts about which the row cannot tell, for one reason */
    const char *host; /* the first of them */
    const char *why;
    size_t n; /* how many hosts */
};

/* What a row about single hosts can look at. */
struct one_host {
    const struct plan_host *ph;
    const struct host *h;
    const struct version *target, *from; /* from NULL: unknown */
    bool no_unit;
    bool stage_only; /* nothing is restarted */
};

/* What a row says of one host. */
struct judgement {
    enum tri value;         /* YES or UNKNOWN; NO: nothing to report */
    enum severity severity; /* the lowest; the severity of the row may be higher */
    bool may_pass;          /* may end by itself after a while */
    char text[TEXT_MAX];
};

struct hazard_check {
    const struct world *w;
    const struct survey *survey; /* never NULL; may be empty */
    const struct release *release;
    struct plan *p;
    struct version target;
    struct hazard_group *groups;
    size_t n_groups;
    uint32_t *group_of; /* by planned host */
    /* The state of the present row. */
    bool applies;
    size_t first;                              /* index of the first finding of the row */
    size_t told;                               /* how many findings are about single hosts */
    size_t last;                               /* index of the last such finding */
    struct hazard_doubt doubts[HAZARD_DOUBTS]; /* one for each reason */
    size_t n_doubts;
};

/* Adds a finding with this severity. host NULL: the finding concerns the fleet. A host is counted
 * with an existing finding of the row that has the same severity and text. For rows about single
 * hosts that only warn, the texts may differ: what agents report is usually the same everywhere.
 * After HAZARD_HOSTS findings, further hosts are counted with the last finding. A finding that
 * --accept names with a host concerns this host alone. */
void hazard_report(struct hazard_check *c, row_t *row, enum severity severity, enum tri detected,
                   const char *host, const char *text);
/* Does the same with the severity of the row. */
void hazard_found(struct hazard_check *c, row_t *row, enum tri detected, const char *host,
                  const char *fmt, ...) PRINTF(5, 6);
/* Adds a finding about the fleet, with this severity or the severity of the row, whichever is
 * higher. */
void hazard_found_as(struct hazard_check *c, row_t *row, enum severity severity, const char *fmt,
                     ...) PRINTF(4, 5);
/* Is a finding with this severity accepted by its id? Only SEVERITY_BLOCK can be accepted. */
bool hazard_accepted(const struct policy *y, const char *id, enum severity severity);
/* Counts a host about which the row cannot tell. hazards_check reports all hosts with the same
 * reason once, at the end of the row. `why` must stay valid until then. Hosts with further reasons
 * are counted with the last of HAZARD_DOUBTS reasons. */
void hazard_unsure(struct hazard_check *c, const char *host, const char *why);

/* The version that a planned host runs; NULL: unknown. */
const struct version *hazard_from(const struct hazard_check *c, const struct plan_host *h);
/* Is the present row about this planned host, by versions, scope and role? */
bool hazard_crosses(const struct hazard_check *c, const struct plan_host *h);
/* Finds the oldest version of the planned hosts that do not run the target yet. False: there is no
 * such host with a known version. */
bool hazard_oldest(const struct hazard_check *c, bool servers_only, struct version *ret);
bool hazard_region_planned(const struct plan *p, const char *region);
/* Returns NULL if the survey does not contain the region or the host. */
const struct region_survey *survey_region(const struct hazard_check *c, const char *region);
const struct host_survey *survey_host(const struct hazard_check *c, const char *key);
/* Says for people why a question has no answer. */
const char *asked_why(enum asked asked);

#endif
