/*
 * sim_route.h - the table of endpoints calls handlers; this is their interface.
 *
 * A handler is called when this node can answer the request now: method and version match, the
 * token has the right, and a leader is known and reachable if the request needs one. The handler
 * fills ask->a and returns SIM_ANSWERED, or returns SIM_NOT_YET.
 */
#ifndef SIM_ROUTE_H
#define SIM_ROUTE_H

#include "sim_answer.h"
#include "sim_build.h"

enum sim_need { /* what the token must allow */
                SIM_NEED_NOTHING,
                SIM_NEED_AGENT_READ,
                SIM_NEED_AGENT_WRITE,
                SIM_NEED_NODE_READ,
                SIM_NEED_NODE_WRITE,
                SIM_NEED_OPERATOR_READ,
                SIM_NEED_OPERATOR_WRITE,
                SIM_NEED_SPACE_READ, /* never refused: the answer omits other objects */
                SIM_NEED_MANAGEMENT,
};

enum sim_where {
    SIM_LOCAL,  /* the agent itself, no leader needed */
    SIM_SERVER, /* any server, from its own view */
    SIM_READ,   /* the leader, or any server with ?stale */
    SIM_LEADS,  /* the leader, the request is passed on; no ?stale */
};

struct sim_ask {
    struct sim_node *n;
    struct sim_request *q;
    struct sim_answer *a;
    char id[80]; /* the path element for :id */
    bool stale;
    bool passed_on; /* answered for the leader: errors get "rpc error: " in front */
    const struct sim_token_record *token; /* NULL: ACLs are off, or anonymous */
    bool may_read_space;
};

enum sim_answered sim_fail(struct sim_ask *x, int status, const char *fmt, ...) PRINTF(3, 4);
/* An error of the leader: gets the prefix when the request was passed on. */
enum sim_answered sim_fail_rpc(struct sim_ask *x, int status, const char *text);
/* X-Nomad-Index, KnownLeader and LastContact, as read endpoints have them. */
void sim_mark_index(struct sim_ask *x, uint64_t index);
/* Decodes a query parameter into dst. False: there is no such parameter. */
bool sim_query(const struct sim_request *q, const char *name, char *dst, size_t n);
/* Passes a write to the leader. After SIM_ANSWERED with status 200 *ret is filled. */
enum sim_answered sim_ask_write(struct sim_ask *x, const struct sim_write *w,
                                struct sim_written *ret);
/* ?index= and wait=: true while the table has not passed that index. */
bool sim_blocks(struct sim_ask *x, uint64_t index);
/* The token of this secret; NULL: none. */
const struct sim_record *sim_token_of(const struct sim_node *n, const char *secret);

typedef enum sim_answered sim_handler(struct sim_ask *x);
sim_handler sim_get_monitor, sim_get_self, sim_get_members, sim_get_health, sim_get_servers,
    sim_get_leader, sim_get_peers, sim_get_regions, sim_put_force_leave;
sim_handler sim_get_raft, sim_delete_peer, sim_put_transfer, sim_get_autopilot,
    sim_get_autopilot_config, sim_put_autopilot_config, sim_get_snapshot, sim_get_scheduler,
    sim_get_keyring, sim_get_vault_check;
sim_handler sim_get_nodes, sim_get_node, sim_put_drain, sim_put_eligibility;
sim_handler sim_get_jobs, sim_get_job, sim_get_job_versions, sim_put_job, sim_get_deployments,
    sim_get_allocations, sim_get_node_allocations, sim_get_namespaces, sim_get_metrics;
sim_handler sim_get_token_self, sim_put_bootstrap, sim_put_policy, sim_put_token, sim_get_policy,
    sim_get_policies;
void sim_self_config(const struct sim_node *n, struct buf *b); /* the `config` of agent/self */

#endif
