/*
 * swap_link.h - the agent's one connection to caravan-swap, opened when needed.
 *
 * Under systemd caravan-swap comes and goes behind its socket: the connection is
 * made anew when swap had exited, for at most SWAP_CONNECT_MS, and an order that
 * found a closed connection is handed over once more (swap knows exact repeats).
 * With an inherited socket pair there is one connection, and no other.
 *
 * swap_link_call: one order, one receipt, one at a time (callers wait for each
 * other). *ret_delivered false after -1: the order was certainly not handed over.
 * true: it may have been obeyed, so nothing may be said about it.
 */
#ifndef SWAP_LINK_H
#define SWAP_LINK_H

#include "clock.h"
#include "swap_channel.h"

#define SWAP_CONNECT_MS 3000

struct swap_link;

/* path is copied. fd >= 0: the inherited pair's end (owned from now on), path unused. */
struct swap_link *swap_link_new(const char *path, int fd, const struct clock *clock);
void swap_link_free(struct swap_link *s); /* NULL is fine */

/* ret_receipt empty after 0: swap says nothing about this order. */
MUST_CHECK int swap_link_call(struct swap_link *s, const void *inner, size_t n,
                              struct buf *ret_receipt, bool *ret_delivered, struct err *err);
/* Connects, which starts caravan-swap where a socket unit waits for it: it looks
 * at its host then, and writes its view. false: nothing done, because it is a pair,
 * a call is under way, or nobody listens. */
bool swap_link_nudge(struct swap_link *s);

#endif
