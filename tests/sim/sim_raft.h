/*
 * sim_raft.h - elections and replication, as far as they affect an upgrade.
 *
 * sim_raft.c is the part of followers and candidates. sim_replicate.c is the leader's part:
 * progress of the peers, committed entries, changes of the configuration. Before an election a
 * server asks whether it could win (Nomad does so since 1.9), so a server that returns does not
 * disturb a leader.
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
/* The members in gossip have changed: joins, bootstraps or removes servers. */
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
/* Writes one entry and returns its index. Leader only. */
uint64_t sim_replicate_write(struct sim_node *n, struct sim_record *r);
void sim_replicate_join(struct sim_node *n);
void sim_replicate_remove(struct sim_node *n, struct sim_addr addr);
void sim_replicate_set_voter(struct sim_node *n, struct sim_addr addr, bool voter);
/* Transfers leadership to a server, or to the best one (id NULL). */
void sim_replicate_transfer(struct sim_node *n, const struct sim_id *id, struct sim_written *ret);

#endif
