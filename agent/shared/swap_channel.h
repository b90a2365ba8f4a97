/*
 * swap_channel.h - how caravan-agent hands genuine orders on to caravan-swap.
 *
 * A SOCK_SEQPACKET Unix socket: /run/caravan/swap.sock (systemd's socket unit,
 * mode 0600, owner caravan) or one end of a socket pair when caravan-swap started
 * the agent itself. One packet each way per order: the order's inner bytes,
 * opened but otherwise byte for byte; back comes the signed receipt's inner
 * bytes, or an empty packet when swap will say nothing (not authentic to it).
 * caravan-swap verifies everything again by itself. It answers within
 * SWAP_ANSWER_MS: accepting an order begins its work, it does not wait for it.
 * One order at a time on a connection; the agent keeps one connection and opens
 * it anew when swap had exited. While it works swap listens between any two
 * operations, so cancel and exact repeats are answered during a phase.
 */
#ifndef SWAP_CHANNEL_H
#define SWAP_CHANNEL_H

#include "envelope.h"

#define SWAP_ANSWER_MS 10000
#define SWAP_FD_ENV    "CARAVAN_SWAP_FD" /* number of the inherited socket pair's end */

/* fd: a connected SEQPACKET socket. After ERR_STATE the order was not handed over
 * (closed before, or no room in time): it may be said that it was not obeyed. After
 * ERR_TIMEOUT, ERR_NETWORK (closed) and ERR_LIMIT it may have been. */
MUST_CHECK int swap_channel_call(int fd, const void *inner, size_t n, struct buf *ret_receipt,
                                 struct err *err);
MUST_CHECK int swap_channel_connect(const char *path, int *ret_fd, struct err *err);

#endif
