/*
 * walls.h - what one version writes that another cannot read, and leaders that crash. Pure.
 *
 * A server binary cannot read raft data or snapshots with features it does not know: a wall
 * stands between it and the version that wrote them. Features are a set per version, not a
 * range: 1.6.6 has one that 1.7.0, which is newer by its number, has not. Enterprise itself is one.
 *
 * Every function is about two parsed versions, or one, and touches nothing; a version that
 * cannot be parsed is the caller's to judge.
 */
#ifndef WALLS_H
#define WALLS_H

#include "hazard_rows.h"

/* A server on `to` may leave behind what `from` cannot read. */
bool version_wall(const struct hazards *h, const struct version *from, const struct version *to);
/* Both write the same format of a client's state.db. */
bool version_same_client_state(const struct hazards *h, const struct version *a,
                               const struct version *b);
/* A new leader on `to` is known to crash followers still on `from`. */
bool version_bad_leader(const struct hazards *h, const struct version *from,
                        const struct version *to);

#endif
