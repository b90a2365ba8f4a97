/*
 * sim_fleet.h - what the leader does with clients: registration, heartbeat
 * timers, placing of allocations, drains, eligibility.
 *
 * One job, `web`, gives every new client cfg.allocs allocations; they move when a
 * node drains (one at a time, migrate_ms apart) or goes down, and do not come
 * back. A drain is over when the client has reported all its allocations ended:
 * DrainStrategy null, still ineligible. Since 1.3.10, 1.4.5 and 1.5.0 a
 * registration leaves the status alone.
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
/* Adds count nodes that are there without a process (the simulator of a large
 * fleet): ready, drivers healthy, beating by themselves. Leader only. */
void sim_fleet_crowd(struct sim_node *n, int count, const char *version);

/* ---- drains (sim_drain.c) ---- */
void sim_drain_tick(struct sim_node *n);
void sim_drain_set(struct sim_node *n, const struct sim_write *w, struct sim_written *ret);
void sim_drain_eligibility(struct sim_node *n, const struct sim_write *w, struct sim_written *ret);
void sim_fleet_event(struct sim_node_record *r, enum sim_event_kind kind, int64_t now);
/* Puts a new allocation for this place of the job on the best other node; false:
 * there is none. */
bool sim_fleet_place(struct sim_node *n, int slot, const struct sim_id *not_here,
                     struct sim_id *ret);
void sim_fleet_order(struct sim_node *n, const struct sim_record *alloc, bool force);

#endif
