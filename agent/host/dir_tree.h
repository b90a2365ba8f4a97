/*
 * dir_tree.h - opens a directory, and a directory below it, without following a link.
 *
 * `root` itself may be reached through links. From there on, each name of `path` ("": root itself)
 * is opened in the directory before it, and a link on the way is an error (ERR_FORMAT). So nobody
 * who may write below root can lead the caller to another place. ERR_NOTFOUND: nothing is there.
 * ERR_NOSPACE: no room for a new directory. Any thread.
 */
#ifndef DIR_TREE_H
#define DIR_TREE_H

#include "host.h"

/* Opens the directory. The caller closes *ret_fd. */
MUST_CHECK int dir_tree_open(const char *root, const char *path, int *ret_fd, struct err *err);
/* All names, also those of directories, unsorted; `program` is not set. */
MUST_CHECK int dir_tree_list(int dir, struct host_names *ret, struct err *err);
/* path: an absolute path that belongs to root. Removing a directory that does not exist is no
 * error. */
MUST_CHECK int dir_tree_make_dir(const char *path, uint32_t mode, struct err *err);
MUST_CHECK int dir_tree_remove_dir(const char *path, struct err *err); /* empty */

#endif
