/*
 * hazard_check.h - what the rows' functions share, and the functions themselves.
 *
 * A detect function returns without a finding when all is well. Not for others.
 */
#ifndef HAZARD_CHECK_H
#define HAZARD_CHECK_H

#include "hazards.h"
#include "survey.h"

typedef const struct hazard row_t;

/* Adds a finding of this severity, unless there are HAZARD_HOSTS of the row already: then
 * it is counted (more), and false. host may be NULL: it concerns the fleet. */
bool hazard_tell(struct hazard_check *c, row_t *row, enum severity severity, enum tri detected,
                 const char *host, const char *text);
/* The same with the row's own severity; what only warns, and is the same on the next host, is
 * told once. */
void hazard_found(struct hazard_check *c, row_t *row, enum tri detected, const char *host,
                  const char *fmt, ...) PRINTF(5, 6);
/* The same with another severity than the row's. */
void hazard_found_as(struct hazard_check *c, row_t *row, enum severity severity, const char *fmt,
                     ...) PRINTF(4, 5);
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

/* Why an agent cannot tell, in its own words if it has some; NULL: it does not know the fact. */
const char *fact_doubt(const struct fact_view *f);

typedef void hazard_detect(struct hazard_check *c, row_t *row);

/* hazard_any.c: rows that only differ by what stands in the table. */
hazard_detect hazard_told;       /* versions alone: `what` is told */
hazard_detect hazard_operator;   /* only people know: `what` */
hazard_detect hazard_jobs;       /* `number`: traits; `what`: "Connect sidecars" */
hazard_detect hazard_driver;     /* `key`: a driver of nodes; and `number` as jobs; `what` */
hazard_detect hazard_switch;     /* `number`: enum config_switch of crossing servers; `what` */
hazard_detect hazard_fact;       /* `key`: a fact that is yes; `what` */
hazard_detect hazard_no_fact;    /* `key`: a fact that is no; `what` */
hazard_detect hazard_fact_least; /* `key`: a fact whose text is a version below `least`; `what` */
hazard_detect hazard_file_key;   /* `key`: a key in configuration files; `what`: why it matters */
hazard_detect hazard_attribute_least; /* `number`: enum node_attribute below `least`; `what` */
hazard_detect hazard_attribute;       /* `number`: an attribute that is `key` */
hazard_detect hazard_clients_least;   /* any client of a planned region below `least`; `what` */

/* hazard_versions.c */
hazard_detect hazard_nothing, hazard_older, hazard_unknown_version, hazard_distance,
    hazard_minor_way, hazard_release_day, hazard_prerelease, hazard_forward_wall, hazard_edition,
    hazard_fips, hazard_no_way_back, hazard_acl_off_target;
/* hazard_servers.c */
hazard_detect hazard_raft_protocol, hazard_old_failed, hazard_leaves, hazard_tls_names,
    hazard_schedulers, hazard_consul_flow, hazard_vault_flow, hazard_two_stores, hazard_unmeasured,
    hazard_license_ends, hazard_license_place;
/* hazard_cluster.c */
hazard_detect hazard_client_newer, hazard_tolerance, hazard_unhealthy, hazard_regions, hazard_order,
    hazard_keyring, hazard_stuck_keys, hazard_deployments, hazard_autopilot, hazard_migration,
    hazard_policies_bare, hazard_policies_unknown, hazard_token, hazard_token_rights,
    hazard_token_snapshot, hazard_token_expiry;
/* hazard_agents.c */
hazard_detect hazard_unmanaged_server, hazard_unmanaged_client, hazard_key_changed,
    hazard_misplaced, hazard_one_id, hazard_no_build;
/* hazard_keystore.c */
hazard_detect hazard_keystore_copied, /* how many servers: `what` */
    hazard_no_keystore;               /* a server's agent does not know where: `what` */
/* hazard_nodes.c */
hazard_detect hazard_node_down, hazard_node_draining, hazard_other_pool, hazard_old_allocs,
    hazard_connect_window, hazard_dc_star;

#endif
