/*
 * process.h - what /proc says about one process.
 *
 * An absent process is not an error. An executable is identified by device and inode, which also
 * works for a file that has lost its name. To read the executable of another user's process,
 * CAP_SYS_PTRACE is needed.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <sys/types.h>
#include "host.h"

/* The start of the process, in kernel clock ticks since boot (/proc/PID/stat field 22). 0: there is
 * no such process, or it has ended and has not been reaped yet. */
uint64_t process_start(pid_t pid);
MUST_CHECK int process_executes(pid_t pid, struct host_process *ret, struct err *err);
/* The digest of the file that the process executes. */
MUST_CHECK int process_digest(pid_t pid, struct digest *ret, struct err *err);
/* Nomad's data_dir, found from the process's open files; "": not found. */
void process_data_dir(pid_t pid, char *dst, size_t n);
/* Nomad's data_dir, from the path of one open file. -1: the path does not show the data_dir, or dst
 * is too small. */
MUST_CHECK int process_data_dir_parse(const char *target, char *dst, size_t n);
/* The user, groups and rights of the process. */
MUST_CHECK int process_user(pid_t pid, struct path_user *ret, struct err *err);
/* The user, groups and rights of a process that this user starts; "": root. */
MUST_CHECK int process_user_named(const char *name, struct path_user *ret, struct err *err);
/* The number in a pid file; 0: the file does not exist, or contains no number. */
pid_t process_pid_file(const char *path);
/* Like process_pid_file, for the text of the file. */
pid_t process_pid_parse(const char *text);

#endif
