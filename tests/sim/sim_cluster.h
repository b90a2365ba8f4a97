/*
 * sim_cluster.h - nodes and a network between them, in virtual time.
 *
 *     sim_cluster_init(&c, seed, start)   then sim_cluster_add for every node
 *     sim_cluster_run(&c, until)          processes every event up to that moment, in order
 *
 * Time jumps from event to event. A message needs delay_ms to 2 x delay_ms. The owner of the
 * cluster can make partitions and loss with `lose` (NULL: none): the cluster calls it for every
 * message, and true drops the message. Callers stop and read nodes by their index
 * (cluster.nodes[i]), and start them with sim_cluster_start, which sets the node's clock. One
 * thread, no I/O.
 */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include "sim_node.h"

#define SIM_CLUSTER_MAX 32

struct sim_flight {
    int64_t at;
    uint64_t order; /* messages of the same time arrive in the order of sending */
    struct sim_message *message;
};

struct sim_cluster {
    int64_t now;
    uint64_t rng, sent;
    int64_t delay_ms;
    bool (*lose)(void *ctx, const struct sim_message *m);
    void *ctx;
    int n;
    struct sim_node nodes[SIM_CLUSTER_MAX];
    int64_t due[SIM_CLUSTER_MAX];
    struct sim_flight *heap;
    int n_heap, cap_heap;
    struct sim_message **pool; /* memory of delivered messages, for reuse */
    int n_pool, cap_pool;
    uint64_t events; /* messages and ticks so far */
};

void sim_cluster_init(struct sim_cluster *c, uint64_t seed, int64_t now);
void sim_cluster_free(struct sim_cluster *c);
/* Returns the node's index. */
int sim_cluster_add(struct sim_cluster *c, const struct sim_config *cfg);
/* Adds and starts a usual fleet on 127.0.0.x: servers from .11, clients from .21. */
void sim_cluster_fleet(struct sim_cluster *c, int servers, int clients, const char *version,
                       const struct sim_timing *t, uint8_t raft_vsn);
void sim_cluster_start(struct sim_cluster *c, int i);
void sim_cluster_run(struct sim_cluster *c, int64_t until);
struct sim_node *sim_cluster_at(struct sim_cluster *c, struct sim_addr addr);
/* Index of the node that leads and has a majority; -1: none. */
int sim_cluster_leader(const struct sim_cluster *c);

#endif
