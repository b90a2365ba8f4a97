/*
 * process.h - what /proc tells about one process.
 *
 * Absent processes are not errors. Executables are told by device and inode, which
 * also holds for a file that has lost its name; reading them needs CAP_SYS_PTRACE
 * for processes of other users.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>
#include "host.h"

/* Kernel clock ticks since boot at its start (/proc/PID/stat field 22); 0: no such
 * process, or it has ended and waits to be reaped. */
uint64_t process_start(pid_t pid);
MUST_CHECK int process_executes(pid_t pid, struct host_process *ret, struct err *err);
/* Digest of the file it executes. */
MUST_CHECK int process_digest(pid_t pid, struct digest *ret, struct err *err);
/* Nomad's data_dir from its open files; "" when none of them tells. */
void process_data_dir(pid_t pid, char *dst, size_t n);
/* What an open file's path says of it; -1: it is not one of those, or too long for dst. */
MUST_CHECK int process_data_dir_parse(const char *target, char *dst, size_t n);
/* As whom it runs. */
MUST_CHECK int process_user(pid_t pid, struct path_user *ret, struct err *err);
/* As whom it would, started as this user; "" root. */
MUST_CHECK int process_user_named(const char *name, struct path_user *ret, struct err *err);
/* One number from a pid file; 0: absent or not a number. */
pid_t process_pid_file(const char *path);
pid_t process_pid_parse(const char *text); /* its text */

#endif
