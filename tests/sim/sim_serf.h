/*
 * sim_serf.h - gossip between servers: who is there, and since when not.
 *
 * Every server tells all others that it lives, each probe_ms; a member not heard
 * for failed_after_ms (to 1.5 of it) is `failed`, and the one that finds out
 * tells the rest. A server that starts again has a higher incarnation: that is
 * when others learn its new version. `left` is told by the leader. A name belongs to
 * the address that had it first, also after its server has left: who comes from elsewhere
 * under that name is not heard.
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
/* This member leaves: others are told (force-leave, own leave). Once it is silent long enough it
 * has left; one that lives says so at its next probe, and is alive again. */
void sim_serf_leaving(struct sim_node *n, struct sim_member *m);
/* This member has left: others are told (force-leave, clean-up, own leave). */
void sim_serf_left(struct sim_node *n, struct sim_member *m);
/* This server's own entry, up to date. */
struct sim_info sim_serf_self(const struct sim_node *n);

/* Servers of other regions are members, and nothing else. */
bool sim_serf_is_ours(const struct sim_node *n, const struct sim_member *m);

#endif
