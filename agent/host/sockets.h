/*
 * sockets.h - the listening sockets in Nomad's network, and their owners: /proc/PID/net/tcp,
 * /proc/PID/fd.
 *
 * A socket is Nomad's own if Nomad's main process has it, or a process that descends from the main
 * process (if a script started Nomad). Any thread.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "host.h"

/* proc: "/proc". pid: Nomad's main process; its own sockets are marked. pid 0: the network of
 * process 1, where no socket is marked. */
MUST_CHECK int sockets_listening(const char *proc, uint32_t pid, struct tcp_table *ret,
                                 struct err *err);
/* The first process that has this socket. ret->there false: no process was found. */
void sockets_owner(const char *proc, uint64_t inode, uint32_t main_pid, struct host_owner *ret);

#endif
