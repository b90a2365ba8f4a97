/*
 * sim_client.h - a Nomad client: fingerprints, registers, beats, runs tasks.
 *
 * Its API opens and it registers start_ms after the process started; a
 * registration without an answer is tried with the next server each second for
 * hold_ms, then again after retry_ms. Tasks are durable: a restart of the agent
 * does not end them (unless the fault says so).
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
