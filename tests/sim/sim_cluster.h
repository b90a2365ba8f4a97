/*
 * sim_cluster.h - some nodes and a network between them, in virtual time.
 *
 *     sim_cluster_init(&c, seed, start)   then sim_cluster_add for every node
 *     sim_cluster_run(&c, until)          every event up to that moment, in order
 *
 * Time jumps from event to event. Messages take delay_ms to 2 x delay_ms; `lose`
 * (NULL: none) is asked for every message and may drop it: partitions and loss
 * belong to whoever owns the cluster. Nodes are started, stopped and read by
 * their index directly (cluster.nodes[i]); call sim_cluster_start for starts so
 * that the clock is right. One thread, no I/O.
 */
#ifndef SIM_CLUSTER_H
#define SIM_CLUSTER_H

#include "sim_node.h"

#define SIM_CLUSTER_MAX 32

struct sim_flight {
    int64_t at;
    uint64_t order; /* ties go in the order of sending */
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
    struct sim_message **pool; /* memory for messages, to be used again */
    int n_pool, cap_pool;
    uint64_t events; /* messages and ticks so far */
};

void sim_cluster_init(struct sim_cluster *c, uint64_t seed, int64_t now);
void sim_cluster_free(struct sim_cluster *c);
/* Returns the node's index. */
int sim_cluster_add(struct sim_cluster *c, const struct sim_config *cfg);
/* A usual fleet: servers .11 on, clients .21 on, of 127.0.0.x, all started. */
void sim_cluster_fleet(struct sim_cluster *c, int servers, int clients, const char *version,
                       const struct sim_timing *t, uint8_t raft_vsn);
void sim_cluster_start(struct sim_cluster *c, int i);
void sim_cluster_run(struct sim_cluster *c, int64_t until);
struct sim_node *sim_cluster_at(struct sim_cluster *c, struct sim_addr addr);
/* Index of the node that leads with a majority behind it; -1: none. */
int sim_cluster_leader(const struct sim_cluster *c);

#endif
