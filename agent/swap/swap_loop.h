/*
 * swap_loop.h - caravan-swap's only loop: orders, phases, and the end of the program.
 *
 * Under systemd the loop accepts connections on the sockets from systemd (sd_listen_fds), and ends
 * after SWAP_IDLE_MS without work. Without systemd the loop starts caravan-agent at the other end
 * of a socket pair, starts it again (with growing pauses) if it ends, ends it at its own end, and
 * stays. SIGTERM, SIGINT and SIGHUP end the loop between two steps. The next start takes up
 * unfinished work.
 */
#ifndef SWAP_LOOP_H
#define SWAP_LOOP_H

#include "swap.h"

#define SWAP_LISTENERS_MAX 2 /* sockets from systemd */
#define SWAP_IDLE_MS       30000
#define SWAP_LOOK_MS       10000 /* at rest, without systemd: time between two looks at the service */

/* Runs until the program is to end. 0: the end; -1: an error of the loop itself. */
MUST_CHECK int swap_loop_run(struct swap *s, struct err *err);

#endif
