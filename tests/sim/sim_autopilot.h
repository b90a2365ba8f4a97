/*
 * sim_autopilot.h - the leader's view of its servers' health, and what it does.
 *
 * Measured on real Nomad (recordings/timelines/raft3.txt) and kept here: the
 * published state is refreshed each autopilot_ms from statistics asked of every
 * server; a server that died or was restarted since the last refresh lets the
 * refresh hang for stats_wait_ms (its connection is dead), so health is told
 * late, and while it hangs others may look sick too. A new leader publishes
 * nothing before its first refresh: 429 with Servers null.
 * Each reconcile_ms dead servers are removed and stable non-voters promoted.
 */
#ifndef SIM_AUTOPILOT_H
#define SIM_AUTOPILOT_H

#include "sim_node.h"

void sim_autopilot_begin(struct sim_node *n); /* this server leads now */
void sim_autopilot_tick(struct sim_node *n);
int64_t sim_autopilot_due(const struct sim_node *n);
void sim_autopilot_send(struct sim_node *n, struct sim_addr to);
void sim_autopilot_receive(struct sim_node *n, const struct sim_message *m);
/* Does any server of the region speak a protocol below 3? Then health is refused. */
bool sim_autopilot_old_protocol(const struct sim_node *n);

#endif
