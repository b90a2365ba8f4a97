/*
 * same_node.h - is a host that was just swapped what it was before? Pure.
 *
 * Compares what is seen of a host of the ledger with the fingerprint that was kept before its swap
 * (invariant 14). What comes late (attributes of Consul, drivers) makes it fail until it is there:
 * whoever asks waits for the host's ready deadline. Borrows everything, keeps nothing.
 */
#ifndef SAME_NODE_H
#define SAME_NODE_H

#include "gate.h"

struct same_node {
    struct gate_result gate;
    enum feature_kind worst; /* what it fails for; NONE: it does not */
    bool drained;            /* its own stop has drained it, which was eligible: to be given back */
    bool drains;             /* a drain that its own stop began runs still */
    char told[TEXT_MAX]; /* for people: differences that do not fail, or why it was not compared */
};

void same_node(const struct world *w, const struct plan *p, const struct ledger *l, const char *key,
               int64_t now, struct same_node *ret);
/* By its own agent, whose key it is, Nomad has another id there since the swap: what is read of the
 * old one is of the past. */
bool same_node_is_another(const struct host *h, const struct ledger_host *lh,
                          struct gate_result *ret);
struct gate_result same_node_gate(const struct world *w, const struct plan *p,
                                  const struct ledger *l, const char *key, int64_t now);

#endif
