/*
 * file_users.h - the Nomad agents that execute a file, as /proc tells.
 *
 * A file is told by device and inode. Counted are processes whose command line says that they
 * are agents; helpers that Nomad starts from its own binary and commands that end by
 * themselves are not. Whose executable cannot be read (another user's, without
 * CAP_SYS_PTRACE) is not counted either. Any thread.
 */
#ifndef FILE_USERS_H
#define FILE_USERS_H

#include "host.h"

/* proc: "/proc", another directory for the tests; ERR_IO when it cannot be read. Without the
 * process `except` and its children; 0: without nobody. */
MUST_CHECK int file_users(const char *proc, uint64_t dev, uint64_t ino, uint32_t except,
                          struct host_users *ret, struct err *err);

#endif
