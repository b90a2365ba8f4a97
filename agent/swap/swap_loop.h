/*
 * swap_loop.h - caravan-swap's one loop: orders, phases, and its end.
 *
 * Under systemd it accepts connections on the sockets handed over
 * (sd_listen_fds) and ends when nothing has been going on for SWAP_IDLE_MS. Without
 * systemd it starts caravan-agent at the other end of a socket pair, starts it again
 * (with growing pauses) when it dies, ends it at its own end, and stays.
 * SIGTERM and SIGINT end it between two steps; work begun is taken up at the next
 * start.
 */
#ifndef SWAP_LOOP_H
#define SWAP_LOOP_H

#include "swap.h"

#define SWAP_LISTENERS_MAX 2 /* sockets of systemd */
#define SWAP_IDLE_MS       30000
#define SWAP_LOOK_MS       10000 /* at rest, without systemd: has the service changed? */

MUST_CHECK int swap_loop_run(struct swap *s, struct err *err);

#endif
