/*
 * sockets.h - what listens in Nomad's network, and whose it is: /proc/PID/net/tcp, /proc/PID/fd.
 *
 * Nomad's own are those of its main process, and of processes that descend from it (where a script
 * started it). Any thread.
 */
#ifndef SOCKETS_H
#define SOCKETS_H

#include "host.h"

/* proc: "/proc". pid 0: the network of process 1, in which nothing is Nomad's own. */
MUST_CHECK int sockets_listening(const char *proc, uint32_t pid, struct tcp_table *ret,
                                 struct err *err);
/* The first process that has this socket. *ret: there false: not found. */
void sockets_owner(const char *proc, uint64_t inode, uint32_t main_pid, struct host_owner *ret);

#endif
