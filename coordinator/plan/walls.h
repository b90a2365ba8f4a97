/*
 * walls.h - data that one version writes and another cannot read, and leaders that crash. Pure.
 *
 * A server binary cannot read raft data or snapshots with features that it does not know: a wall
 * stands between the binary and the version that wrote the data. Each version has a set of
 * features, not a range: 1.6.6 has a feature that 1.7.0, newer by its number, does not have.
 * Enterprise is a feature, too.
 *
 * All functions take parsed versions. The caller decides about a version that cannot be parsed.
 */
#ifndef WALLS_H
#define WALLS_H

#include "hazard_rows.h"

/* May a server on `to` write data that a server on `from` cannot read? */
bool version_wall(const struct hazards *h, const struct version *from, const struct version *to);
/* Do both versions write the same format of a client's state.db? */
bool version_same_client_state(const struct hazards *h, const struct version *a,
                               const struct version *b);
/* Is a new leader on `to` known to crash followers that are still on `from`? */
bool version_bad_leader(const struct hazards *h, const struct version *from,
                        const struct version *to);

#endif
