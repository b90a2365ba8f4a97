/*
 * same_node.h - is a host that was just swapped the same node as before? Pure.
 *
 * Compares the present features of a host of the ledger with the fingerprint from before its swap
 * (invariant 14). A feature that comes late (attributes of Consul, drivers) lets the host fail
 * until the feature is there; the caller waits for the host's ready deadline. The functions borrow
 * everything and keep nothing.
 */
#ifndef SAME_NODE_H
#define SAME_NODE_H

#include "gate.h"

struct same_node {
    struct gate_result gate;
    enum feature_kind worst; /* the feature that the host fails for; NONE: it does not fail */
    bool drained; /* its own stop drained the node, which was eligible before: to be undone */
    bool drains;  /* a drain that its own stop began still runs */
    char told[TEXT_MAX]; /* for people: differences that do not let the host fail, or why it was not
                            compared */
};

void same_node(const struct world *w, const struct plan *p, const struct ledger *l, const char *key,
               int64_t now, struct same_node *ret);
/* True if, by the host's own agent (the key fits), Nomad has another id there since the swap.
 * Then Nomad's record of the old id is about the past. */
bool same_node_is_another(const struct host *h, const struct ledger_host *lh,
                          struct gate_result *ret);
struct gate_result same_node_gate(const struct world *w, const struct plan *p,
                                  const struct ledger *l, const char *key, int64_t now);

#endif
