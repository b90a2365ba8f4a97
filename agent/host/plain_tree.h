/*
 * plain_tree.h - a directory, and what lies below it, without following a link.
 *
 * `root` itself may be reached through links; from there on every name of `path` ("" is root)
 * is opened in the directory before it, and a link on the way ends it (ERR_FORMAT). So nobody
 * who may write below root can lead us out of it. Nothing that is there: ERR_NOTFOUND; no room
 * for a directory: ERR_NOSPACE. Any thread.
 */
#ifndef PLAIN_TREE_H
#define PLAIN_TREE_H

#include "host.h"

/* A regular file, for reading; the caller closes it. */
MUST_CHECK int plain_tree_open(const char *root, const char *path, int *ret_fd, struct err *err);
/* Every name, also of directories, in the order they are found; `program` is not told. */
MUST_CHECK int plain_tree_list(const char *root, const char *path, struct host_names *ret,
                               struct err *err);
/* Directories of our own, named in full. One that is not there need not be removed. */
MUST_CHECK int plain_tree_make_dir(const char *path, uint32_t mode, struct err *err);
MUST_CHECK int plain_tree_remove_dir(const char *path, struct err *err); /* empty */

#endif
