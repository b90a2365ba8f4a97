/*
 * dir_names.h - the files in one directory, for the port `names` of host.h.
 *
 * Links are followed, also if `path` itself is a link. So this is for directories that root or
 * Nomad's configuration names. Where links must not lead to another place, use dir_tree.h. Any
 * thread.
 */
#ifndef DIR_NAMES_H
#define DIR_NAMES_H

#include "host.h"

/* The names without directories, sorted; at most HOST_NAMES; `more`: there are others. If path
 * exists but is not a directory, ret->dir is false. ERR_NOTFOUND: nothing is there. */
MUST_CHECK int dir_names(const char *path, struct host_names *ret, struct err *err);

#endif
