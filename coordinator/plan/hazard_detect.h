/*
 * hazard_detect.h - the functions of the kinds of rows (hazard_kinds.h). Pure.
 *
 * Each function looks at one thing, for every row that names its kind. It uses a check that is
 * aimed at the row (hazard_check.h), and returns without a finding when all is well. The comments
 * here say what `what`, `key`, `number` and `least` of the row contain. A new function goes into
 * the file of the thing that it looks at, and its name into hazard_kinds.c.
 *
 * `what` stands in a sentence. After "HOST: ", "VERSION: " or "please check this yourself: " it is
 * a clause ("the new version does not start with this key"). After "N jobs (...) use" it is a noun
 * ("exec tasks"), perhaps with ": " and a clause. "Perhaps " may stand before a clause.
 */
#ifndef HAZARD_DETECT_H
#define HAZARD_DETECT_H

#include "hazard_check.h"

typedef void hazard_detect(struct hazard_check *c, row_t *row);
typedef bool hazard_matters(const struct one_host *o, const struct fact_view *f);
typedef void hazard_refine(const struct one_host *o, struct judgement *j);

/* hazard_any.c: kinds whose rows differ only by their keys. */
hazard_detect hazard_told;     /* the versions alone; `what`: clause */
hazard_detect hazard_operator; /* only people can check; `what`: clause */
hazard_detect hazard_jobs;     /* `number`: traits; `what`: noun, "Connect sidecars" */
hazard_detect hazard_driver;   /* `key`: a driver of nodes; `number` as for jobs; `what`: noun */
hazard_detect hazard_switch;  /* `number`: enum config_switch of crossing servers; `what`: clause */
hazard_detect hazard_fact;    /* `key`: a fact that is yes; `what`: clause */
hazard_detect hazard_no_fact; /* `key`: a fact that is no; `what`: clause */
hazard_detect hazard_file_key; /* `key`: a key in configuration files; `what`: clause, why the key
                                * matters */
hazard_detect hazard_attribute_least; /* `number`: enum node_attribute below `least`; `what`: noun,
                                       * "its Consul" */
hazard_detect hazard_attribute; /* `number`: enum node_attribute with the value `key`; NULL: with
                                 * any value; `what`: clause */
hazard_detect hazard_clients_least; /* any client of a planned region below `least`; `what`: clause
                                     */

/* hazard_versions.c */
hazard_detect hazard_nothing, hazard_older, hazard_unknown_version, hazard_distance,
    hazard_minor_way, hazard_release_day, hazard_unproven, hazard_prerelease, hazard_forward_wall,
    hazard_edition, hazard_fips, hazard_no_way_back, hazard_acl_off_target;
/* hazard_servers.c */
hazard_detect hazard_raft_protocol, hazard_old_failed, hazard_leaves, hazard_no_rejoin,
    hazard_schedulers, hazard_consul_flow, hazard_vault_flow, hazard_two_stores, hazard_unmeasured,
    hazard_license_ends, hazard_license_place;
/* hazard_cluster.c */
hazard_detect hazard_client_newer, hazard_tolerance, hazard_unhealthy, hazard_regions, hazard_order,
    hazard_keyring, hazard_stuck_keys, hazard_deployments, hazard_autopilot, hazard_migration,
    hazard_policies_bare, hazard_policies_unknown, hazard_token, hazard_token_rights,
    hazard_token_snapshot, hazard_token_expiry, hazard_token_kept, hazard_token_clear,
    hazard_token_spare, hazard_heartbeat;
/* hazard_agents.c */
hazard_detect hazard_unmanaged_server, hazard_unmanaged_client, hazard_misplaced, hazard_one_id,
    hazard_no_build, hazard_odd_system, hazard_no_facts, hazard_no_readiness, hazard_served,
    hazard_no_place, hazard_serve_shut, hazard_place_refused, hazard_vendor_signature;
/* hazard_law.c */
hazard_detect hazard_release_keys, hazard_hours_end, hazard_other_operators;
/* hazard_seeds.c */
hazard_detect hazard_seeds, hazard_seed_unready, hazard_seed_refused;
/* hazard_keystore.c */
hazard_detect hazard_keystore_copied, /* `what`: clause after "3 servers run 1.8.4: " */
    hazard_no_keystore;               /* `what`: "where ...", after "its agent does not know" */
/* hazard_replace.c: only for plans that replace servers */
hazard_detect hazard_not_new, hazard_name_taken, hazard_gossip, hazard_joins_nobody,
    hazard_clock_apart, hazard_client_too, hazard_dead, hazard_voters, hazard_replace_quorum,
    hazard_one_region, hazard_old_raft, hazard_moves_votes, hazard_bad_leaders,
    hazard_names_removed;
hazard_refine hazard_no_server, hazard_other_region, hazard_bootstraps;
/* hazard_nodes.c */
hazard_detect hazard_node_down, hazard_node_draining, hazard_other_pool, hazard_old_allocs,
    hazard_connect_window, hazard_dc_star,
    hazard_finds_nobody,   /* clients whose files name no existing server */
    hazard_drain_together; /* servers without the change of `least`; `what`: clause */
/* hazard_host.c */
hazard_refine hazard_only_unsure; /* reports unknown only; not yes, not no */
hazard_matters hazard_kills_tasks, hazard_of_client, hazard_only_leaves;
hazard_refine hazard_stop_commands, hazard_stop_leaves, hazard_law, hazard_other_version,
    hazard_rejected, hazard_not_running;

#endif
