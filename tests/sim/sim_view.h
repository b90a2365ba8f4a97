/*
 * sim_view.h - what Nomad's API would show of a node, as plain values.
 *
 * sim_answer.h makes JSON of them. Nothing here changes the node but its random
 * order of members. A read that a server passes on to the leader needs to know
 * whether the leader can be reached: the caller says so (a cluster in virtual time
 * knows, a process knocks).
 */
#ifndef SIM_VIEW_H
#define SIM_VIEW_H

#include "sim_node.h"

enum sim_reach {
    SIM_REACH_OK,
    SIM_REACH_NO_LEADER, /* after hold_ms: 500 "No cluster leader" */
    SIM_REACH_REFUSED,   /* the leader it believes in does not accept connections */
    SIM_REACH_SILENT,    /* it accepts but has not been heard as leader for a while: wait */
};

/* Can this server answer what only the leader knows? */
enum sim_reach sim_view_reach(const struct sim_node *n, bool leader_accepts);
/* The leader this server believes in (?stale); ip 0: none. port is the RPC port. */
struct sim_addr sim_view_leader(const struct sim_node *n);

struct sim_view_member {
    struct sim_info info;
    enum sim_serf_status status;
};
int sim_view_members(struct sim_node *n, struct sim_view_member ret[static SIM_MEMBERS_MAX]);

/* HTTP status of autopilot health (200, 429, 500) and what it shows. Ask reach
 * first. 500: a server speaks raft protocol 2, or the fault. 0: the leader's
 * state has not come yet, ask again. */
int sim_view_health(const struct sim_node *n, struct sim_health *ret);

struct sim_view_raft {
    enum sim_role role;
    struct sim_addr leader; /* with the RPC port */
    uint64_t term, last_index, last_term, commit, applied;
    int other_voters;
    int64_t last_contact_ms; /* -1: never; 0 on the leader */
};
struct sim_view_raft sim_view_raft(const struct sim_node *n);

/* The i-th slot that is a node / an allocation at or after *slot; NULL: no more.
 * Start with *slot = 0. */
const struct sim_record *sim_view_next(const struct sim_node *n, enum sim_record_kind kind,
                                       int *slot);
/* Do reads passed on to the leader find its tables empty (fault lose-state)? */
bool sim_view_empty(const struct sim_node *n, bool stale);
/* X-Nomad-Index of a table. */
uint64_t sim_view_index(const struct sim_node *n, enum sim_record_kind kind);

#endif
