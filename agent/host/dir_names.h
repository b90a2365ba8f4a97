/*
 * dir_names.h - the files of one directory, as the port `names` of host.h tells them.
 *
 * Links are followed, also that of `path` itself: this is for directories that root or Nomad's
 * configuration names. Where links may lead out, plain_tree.h. Any thread.
 */
#ifndef DIR_NAMES_H
#define DIR_NAMES_H

#include "host.h"

/* By name, without directories; at most HOST_NAMES, `more` tells of others. What is there and
 * no directory: ret->dir is false. ERR_NOTFOUND, ERR_IO. */
MUST_CHECK int dir_names(const char *path, struct host_names *ret, struct err *err);

#endif
