/*
 * file_users.h - the Nomad agents that execute a file, found in /proc.
 *
 * Device and inode identify the file. A process counts if its command line says that it is an
 * agent. Helpers that Nomad starts from its own binary do not count, nor commands that end by
 * themselves. A process whose executable cannot be read (another user's, without CAP_SYS_PTRACE)
 * does not count either. Any thread.
 */
#ifndef FILE_USERS_H
#define FILE_USERS_H

#include "host.h"

/* proc: "/proc"; the tests use another directory. ERR_IO: proc cannot be read. The process `except`
 * and its children do not count; 0: no exception. */
MUST_CHECK int file_users(const char *proc, uint64_t dev, uint64_t ino, uint32_t except,
                          struct host_users *ret, struct err *err);

#endif
