/*
 * sim_autopilot.h - the leader's view of its servers' health, and its actions on them.
 *
 * The model behaves as measured on real Nomad (recordings/timelines/raft3.txt). Each autopilot_ms
 * the leader asks every server for statistics and refreshes the published state. If a server has
 * died or restarted since the last refresh, its connection is dead, and the refresh hangs for
 * stats_wait_ms: the state is published late, and other servers may look sick meanwhile. A new
 * leader publishes nothing before its first refresh: 429 with Servers null. Each reconcile_ms the
 * leader removes dead servers and promotes stable non-voters.
 */
#ifndef SIM_AUTOPILOT_H
#define SIM_AUTOPILOT_H

#include "sim_node.h"

void sim_autopilot_begin(struct sim_node *n); /* this server leads now */
void sim_autopilot_tick(struct sim_node *n);
int64_t sim_autopilot_due(const struct sim_node *n);
void sim_autopilot_send(struct sim_node *n, struct sim_addr to);
void sim_autopilot_receive(struct sim_node *n, const struct sim_message *m);
/* Has any server of the region a raft protocol below 3? Then health is refused. */
bool sim_autopilot_old_protocol(const struct sim_node *n);

#endif
