/*
 * sim_client.h - a Nomad client: fingerprints, registers, sends heartbeats, runs tasks.
 *
 * start_ms after the start of the process its API opens and it registers. Without an answer it
 * tries the next server each second for hold_ms, and then again after retry_ms. Tasks are durable:
 * they survive a restart of the agent, except with the fault lose-tasks.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "sim_node.h"

void sim_client_start(struct sim_node *n);
void sim_client_tick(struct sim_node *n);
int64_t sim_client_due(const struct sim_node *n);
void sim_client_grant(struct sim_node *n, const struct sim_message *m);
void sim_client_order(struct sim_node *n, const struct sim_message *m);
void sim_client_told(struct sim_node *n, const struct sim_message *m);

#endif
