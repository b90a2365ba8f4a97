/*
 * file_way.h - does executing one name execute what another name stands for?
 *
 * Follows the links of `name` one by one, as the kernel would, and looks whether `target` is
 * `name` or one of the links on the way: exchanging `target` then exchanges what `name`
 * executes. Both are compared with their directories resolved. Also tells whether the two end
 * at the same file, which is not enough: a second link to it stays behind. Any thread.
 */
#ifndef FILE_WAY_H
#define FILE_WAY_H

#include "host.h"

/* What cannot be resolved leads nowhere. */
void file_way(const char *name, const char *target, struct host_way *ret);

#endif
