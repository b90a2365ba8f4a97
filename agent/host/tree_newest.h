/*
 * tree_newest.h - when was a directory, or anything below it, last changed?
 *
 * For the port `newest` of host.h. Follows no link. Any thread.
 */
#ifndef TREE_NEWEST_H
#define TREE_NEWEST_H

#include <stdint.h>
#include "err.h"

/* The newest mtime or ctime, in nanoseconds of wall time; 0: dir does not exist. ERR_IO: some part
 * could not be read, so there is no result. */
MUST_CHECK int tree_newest(const char *dir, int64_t *ret_ns, struct err *err);

#endif
