/*
 * node_features.h - reads the features of a node from its record (/v1/node/ID). Pure.
 *
 * Features are the values that must be the same after the upgrade. parse_node calls these
 * functions. Texts are copied into the arena. At most NODE_FEATURES_MAX attributes and as many
 * metadata are read; Go writes both in the order of their keys. The limits for devices and networks
 * are above the number that one host has.
 */
#ifndef NODE_FEATURES_H
#define NODE_FEATURES_H

#include "arena.h"
#include "json.h"
#include "world.h"

#define NODE_FEATURES_MAX 2048

const struct feature *node_features(const struct json *node, struct arena *a, size_t *ret_n);
/* Did the node itself ask for its last drain, when it stopped (drain_on_shutdown, since 1.5)? */
bool node_drained_itself(const struct json *node);
/* Was the last change of the node's eligibility a mark as ineligible, not a drain? A person or
 * Nomad itself (after rejected plans) may have set the mark. Nomad keeps the last ten events of a
 * node (nomad/node_endpoint.go; the same words since 0.9). Also false if the events name no change.
 */
bool node_was_marked(const struct json *node);

#endif
