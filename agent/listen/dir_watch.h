/*
 * dir_watch.h - reports when a file in a directory was replaced or removed (inotify).
 *
 * Calling sequence: dir_watch_open, dir_watch_add for each directory, wait until the descriptor is
 * readable, dir_watch_drain. There are no wake-ups while nothing changes. If a watched directory is
 * removed, dir_watch_drain returns ERR_STATE.
 */
#ifndef DIR_WATCH_H
#define DIR_WATCH_H

#include "err.h"

MUST_CHECK int dir_watch_open(int *ret_fd, struct err *err);
MUST_CHECK int dir_watch_add(int fd, const char *dir, struct err *err);
/* Reads all waiting events. Returns the number of changes. */
MUST_CHECK int dir_watch_drain(int fd, struct err *err);

#endif
