/*
 * dir_watch.h - told when a file in a directory was replaced or removed (inotify).
 *
 * dir_watch_open, dir_watch_add for each directory, then wait for the descriptor
 * to be readable and dir_watch_drain. No wake-ups while nothing changes. A
 * directory that vanishes is not followed: dir_watch_drain says so (ERR_STATE).
 */
#ifndef DIR_WATCH_H
#define DIR_WATCH_H

#include "err.h"

MUST_CHECK int dir_watch_open(int *ret_fd, struct err *err);
MUST_CHECK int dir_watch_add(int fd, const char *dir, struct err *err);
/* Reads all that is there. 0 or more: how many changes. */
MUST_CHECK int dir_watch_drain(int fd, struct err *err);

#endif
