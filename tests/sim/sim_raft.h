/*
 * sim_raft.h - elections and replication, as far as an upgrade can see them.
 *
 * sim_raft.c has the follower's and candidate's part, sim_replicate.c the
 * leader's: progress of the peers, what is committed, changes of the
 * configuration. Elections ask first whether they could be won (Nomad does so
 * since 1.9), so a server that returns does not disturb a leader.
 */
#ifndef SIM_RAFT_H
#define SIM_RAFT_H

#include "sim_node.h"

void sim_raft_start(struct sim_node *n);
void sim_raft_tick(struct sim_node *n);
int64_t sim_raft_due(const struct sim_node *n);
void sim_raft_append(struct sim_node *n, const struct sim_message *m);
void sim_raft_vote_ask(struct sim_node *n, const struct sim_message *m);
void sim_raft_vote(struct sim_node *n, const struct sim_message *m);
void sim_raft_lead_now(struct sim_node *n, const struct sim_message *m);
/* Gossip learned something: join, bootstrap or remove servers. */
void sim_raft_members_changed(struct sim_node *n);
void sim_raft_follow(struct sim_node *n, struct sim_addr leader);
bool sim_raft_is_leader(const struct sim_node *n);
/* This server's place in the configuration; -1: none. */
int sim_raft_place(const struct sim_raft_config *c, struct sim_addr addr);
int sim_raft_voters(const struct sim_raft_config *c);

/* ---- the leader's part (sim_replicate.c) ---- */
void sim_replicate_begin(struct sim_node *n);
void sim_replicate_tick(struct sim_node *n);
int64_t sim_replicate_due(const struct sim_node *n);
void sim_replicate_appended(struct sim_node *n, const struct sim_message *m);
/* Writes one entry; the index it got. Leader only. */
uint64_t sim_replicate_write(struct sim_node *n, struct sim_record *r);
void sim_replicate_join(struct sim_node *n);
void sim_replicate_remove(struct sim_node *n, struct sim_addr addr);
void sim_replicate_set_voter(struct sim_node *n, struct sim_addr addr, bool voter);
/* Hands leadership to a server, or to the best one (id NULL). */
void sim_replicate_transfer(struct sim_node *n, const struct sim_id *id, struct sim_written *ret);

#endif
