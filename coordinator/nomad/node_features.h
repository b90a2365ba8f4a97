/*
 * node_features.h - what a node is known by, out of its record (/v1/node/ID). Pure.
 *
 * parse_node hands its answer on. Texts are copied into the arena. Of attributes and metadata no
 * more than NODE_FEATURES_MAX each, which Go writes in the order of their keys; of devices and
 * networks no more than are ever in one host.
 */
#ifndef NODE_FEATURES_H
#define NODE_FEATURES_H

#include "arena.h"
#include "json.h"
#include "world.h"

#define NODE_FEATURES_MAX 2048

const struct feature *node_features(const struct json *node, struct arena *a, size_t *ret_n);
/* Its last drain is the one that a node asks for when it stops (drain_on_shutdown, since 1.5). */
bool node_drained_itself(const struct json *node);
/* Of what touched its eligibility, the last was a mark: by somebody's command, or by Nomad's own
 * after rejected plans. Nomad keeps a node's last ten events (nomad/node_endpoint.go; the same
 * words since 0.9). False also where they tell of neither. */
bool node_was_marked(const struct json *node);

#endif
