/*
 * sim_fleet.h - the leader's work for clients: registration, heartbeat timers, placing of
 * allocations, drains, eligibility.
 *
 * One job, `web`, gives every new client cfg.allocs allocations. When a node drains, they move one
 * at a time, migrate_ms apart; when it goes down, they move, too. They do not come back. A drain
 * ends when the client has reported the end of all its allocations: DrainStrategy is null, and the
 * node stays ineligible. Since 1.3.10, 1.4.5 and 1.5.0 a registration does not change the status.
 */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include "sim_node.h"

void sim_fleet_begin(struct sim_node *n); /* this server leads now */
void sim_fleet_tick(struct sim_node *n);
int64_t sim_fleet_due(const struct sim_node *n);
void sim_fleet_register(struct sim_node *n, const struct sim_message *m);
void sim_fleet_beat(struct sim_node *n, const struct sim_message *m);
void sim_fleet_tasks(struct sim_node *n, const struct sim_message *m);
/* Carries out a write on the leader. */
void sim_fleet_write(struct sim_node *n, const struct sim_write *w, struct sim_written *ret);
/* Adds count nodes without a process, to simulate a large fleet. They are ready, their drivers are
 * healthy, and they need no heartbeats. Leader only. */
void sim_fleet_crowd(struct sim_node *n, int count, const char *version);

/* ---- drains (sim_drain.c) ---- */
void sim_drain_tick(struct sim_node *n);
void sim_drain_set(struct sim_node *n, const struct sim_write *w, struct sim_written *ret);
void sim_drain_eligibility(struct sim_node *n, const struct sim_write *w, struct sim_written *ret);
void sim_fleet_event(struct sim_node_record *r, enum sim_event_kind kind, int64_t now);
/* Places a new allocation for this slot of the job on the best other node. False: there is none. */
bool sim_fleet_place(struct sim_node *n, int slot, const struct sim_id *not_here,
                     struct sim_id *ret);
void sim_fleet_order(struct sim_node *n, const struct sim_record *alloc, bool force);

#endif
