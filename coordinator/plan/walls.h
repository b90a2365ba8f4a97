/*
 * walls.h - what one version writes that another cannot read, and leaders that crash. Pure.
 *
 * A server binary cannot read raft data or snapshots with features it does not know: a wall
 * stands between it and the version that wrote them. Features are a set per version, not a
 * range: 1.6.6 has one that 1.7.0, which is newer by its number, has not. Sources: Nomad's
 * upgrade guides, changelog and source, 0.8 to 2.0.5.
 *
 * Every function is about two parsed versions, or one, and touches nothing; a version that
 * cannot be parsed is the caller's to judge.
 */
#ifndef WALLS_H
#define WALLS_H

#include "version.h"

/* A server on `to` may leave behind what `from` cannot read. */
bool version_wall(const struct version *from, const struct version *to);
/* Format of a client's state.db: 1 before 0.9, 2 before 1.3, then 3. */
int version_client_state(const struct version *v);
/* A new leader on `to` is known to crash followers still on `from`. */
bool version_bad_leader(const struct version *from, const struct version *to);

#endif
