/*
 * swap_channel.h - how caravan-agent passes genuine orders to caravan-swap.
 *
 * A SOCK_SEQPACKET Unix socket: /run/caravan/swap.sock (systemd's socket unit, mode 0600, owner
 * caravan), or one end of a socket pair when caravan-swap started caravan-agent itself.
 *
 * One packet in each direction for each order. The packet to caravan-swap contains the order's
 * inner bytes (the seal is opened, no byte is changed), and after them the inner bytes of the
 * lease order behind this order: the newest take or renew that the listener accepted, or nothing
 * if none is known. The answer is the inner bytes of the signed receipt. An empty packet:
 * caravan-swap gives no answer, because the order is not authentic to it.
 *
 * caravan-swap verifies everything again by itself. It answers within SWAP_ANSWER_MS: it begins
 * the work of an accepted order, and does not wait for the end of the work. While it works,
 * caravan-swap reads orders between any two operations; so it answers cancel and exact repeats
 * during a phase.
 *
 * One order at a time on a connection. caravan-agent keeps one connection, and opens a new one
 * after caravan-swap has exited.
 */
#ifndef SWAP_CHANNEL_H
#define SWAP_CHANNEL_H

#include "envelope.h"

#define SWAP_ANSWER_MS  10000
#define SWAP_PACKET_MAX (INNER_ORDER_MAX + SWAP_LEASE_MAX)
#define SWAP_LEASE_MAX  512               /* a lease order's inner bytes */
#define SWAP_FD_ENV     "CARAVAN_SWAP_FD" /* number of the inherited socket pair's end */

/* The contents of a packet; borrowed. */
struct swap_packet {
    const void *order;
    size_t n;
    const void *lease; /* n_lease 0: none */
    size_t n_lease;
};
/* Splits a packet into order and lease order. The order's header gives the order's length; if the
 * packet is shorter, all of it is the order, and there is no lease order. */
struct swap_packet swap_packet_split(const void *packet, size_t n);

/* Sends the packet and waits for the answer. fd: a connected SEQPACKET socket.
 * ERR_STATE: the order was not sent (the connection was closed, or its buffer stayed full). So
 * caravan-swap has certainly not carried out the order.
 * ERR_TIMEOUT, ERR_NETWORK (closed), ERR_LIMIT: caravan-swap may have carried out the order. */
MUST_CHECK int swap_channel_call(int fd, const struct swap_packet *p, struct buf *ret_receipt,
                                 struct err *err);
MUST_CHECK int swap_channel_connect(const char *path, int *ret_fd, struct err *err);

#endif
