/*
 * dir_writers.h - who besides root may put another file into a directory.
 *
 * Where somebody else may, a name there is his: what root looked at is not what root then
 * renames, copies from or starts. Ourselves (not root, in a test) do not count, nor a group
 * whose only members are root and ourselves; one whose members cannot be told does. Any thread.
 */
#ifndef DIR_WRITERS_H
#define DIR_WRITERS_H

#include "host.h"

/* dst: "user nomad", "group staff", "everybody"; "" nobody. */
MUST_CHECK int dir_writers(int dir, char *dst, size_t n, struct err *err);

#endif
