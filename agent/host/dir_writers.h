/*
 * dir_writers.h - who, besides root, may put another file into a directory?
 *
 * A user who may do that can replace every name in the directory: then the file that root checked
 * is not the file that root renames, copies or starts. This process's own user does not count (in
 * a test it is not root). A group does not count if its only members are root and this process's
 * user. A group whose members cannot be found does count. Any thread.
 */
#ifndef DIR_WRITERS_H
#define DIR_WRITERS_H

#include "host.h"

/* dst: a text for people, such as "group staff (50)" or "everybody"; "": nobody. */
MUST_CHECK int dir_writers(int dir, char *dst, size_t n, struct err *err);

#endif
