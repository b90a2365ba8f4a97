/*
 * tree_newest.h - when anything in a directory or below it was changed last.
 *
 * Follows no link. As the port `newest` of host.h tells it. Any thread.
 */
#ifndef TREE_NEWEST_H
#define TREE_NEWEST_H

#include <stdint.h>
#include "err.h"

/* The newest mtime or ctime, ns of wall time; 0: dir is not there. ERR_IO: not all of it could be
 * read, so that nothing is told. */
MUST_CHECK int tree_newest(const char *dir, int64_t *ret_ns, struct err *err);

#endif
