/*
 * sim_serf.h - gossip between servers: the members and their status.
 *
 * Each probe_ms every server tells all others that it is alive. A member that is silent for
 * failed_after_ms (to 1.5 times this) is `failed`, and the server that notices this tells the
 * others. A server that starts again has a higher incarnation, and then the others learn its new
 * version. The leader announces `left`. A name belongs to the address that used it first, also
 * after its server has left: messages from another address with this name are ignored.
 */
#ifndef SIM_SERF_H
#define SIM_SERF_H

#include "sim_node.h"

void sim_serf_start(struct sim_node *n);
void sim_serf_tick(struct sim_node *n);
void sim_serf_alive(struct sim_node *n, const struct sim_message *m);
void sim_serf_tell(struct sim_node *n, const struct sim_message *m);
struct sim_member *sim_serf_find(struct sim_node *n, struct sim_addr addr);
struct sim_member *sim_serf_named(struct sim_node *n, const char *name); /* "s1.global" */
/* Marks the member as leaving and tells the others (force-leave, own leave). When it has been
 * silent long enough it has left. A member that is alive says so at its next probe, and is alive
 * again. */
void sim_serf_leaving(struct sim_node *n, struct sim_member *m);
/* Marks the member as left and tells the others (force-leave, clean-up, own leave). */
void sim_serf_left(struct sim_node *n, struct sim_member *m);
/* This server's own entry, with its present state. */
struct sim_info sim_serf_self(const struct sim_node *n);

/* Is the member a server of this region? Servers of other regions are only members. */
bool sim_serf_is_ours(const struct sim_node *n, const struct sim_member *m);

#endif
