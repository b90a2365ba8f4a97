/*
 * sim_view.h - the content of Nomad's API for a node, as plain values.
 *
 * sim_answer.h makes JSON of these values. The functions change nothing in the node except the
 * random order of members. For a read that a server passes on, the caller says whether the leader
 * can be reached: a cluster in virtual time knows it, and a process tries to connect.
 */
#ifndef SIM_VIEW_H
#define SIM_VIEW_H

#include "sim_node.h"

enum sim_reach {
    SIM_REACH_OK,
    SIM_REACH_NO_LEADER, /* after hold_ms: 500 "No cluster leader" */
    SIM_REACH_REFUSED,   /* the leader that it knows does not accept connections */
    SIM_REACH_SILENT,    /* it accepts, but has sent nothing as leader for a while: wait */
};

/* Can this server answer a question that only the leader can answer? */
enum sim_reach sim_view_reach(const struct sim_node *n, bool leader_accepts);
/* The leader that this server knows (?stale); ip 0: none. port is the RPC port. */
struct sim_addr sim_view_leader(const struct sim_node *n);

struct sim_view_member {
    struct sim_info info;
    enum sim_serf_status status;
};
int sim_view_members(struct sim_node *n, struct sim_view_member ret[static SIM_MEMBERS_MAX]);

/* HTTP status of autopilot health (200, 429, 500) and its content. Call sim_view_reach first. 500:
 * a server has raft protocol 2, or the fault is on. 0: the leader's state has not arrived yet, call
 * again. */
int sim_view_health(const struct sim_node *n, struct sim_health *ret);

struct sim_view_raft {
    enum sim_role role;
    struct sim_addr leader; /* with the RPC port */
    uint64_t term, last_index, last_term, commit, applied;
    int other_voters;
    int64_t last_contact_ms; /* -1: never; 0 on the leader */
};
struct sim_view_raft sim_view_raft(const struct sim_node *n);

/* The next record of this kind (a node, an allocation) at or after *slot; NULL: no more. Start with
 * *slot = 0. */
const struct sim_record *sim_view_next(const struct sim_node *n, enum sim_record_kind kind,
                                       int *slot);
/* Are the leader's tables empty for reads that are passed on (fault lose-state)? */
bool sim_view_empty(const struct sim_node *n, bool stale);
/* X-Nomad-Index of a table. */
uint64_t sim_view_index(const struct sim_node *n, enum sim_record_kind kind);

#endif
