/*
 * swap_link.h - caravan-agent's one connection to caravan-swap, opened when needed.
 *
 * Under systemd, caravan-swap starts and exits behind its socket. After an exit the connection is
 * opened again, with at most SWAP_CONNECT_MS of attempts; an order that met a closed connection is
 * sent once more (caravan-swap recognises exact repeats). With an inherited socket pair there is
 * only that one connection.
 *
 * swap_link_call: one order, one receipt. Callers wait for each other. *ret_delivered false after
 * -1: the order has certainly not reached caravan-swap. true: caravan-swap may have carried out
 * the order, so the caller must not answer that it was refused.
 */
#ifndef SWAP_LINK_H
#define SWAP_LINK_H

#include "clock.h"
#include "swap_channel.h"

#define SWAP_CONNECT_MS 3000

struct swap_link;

/* path is copied. fd >= 0: the end of the inherited pair; the link owns it, and ignores path. */
struct swap_link *swap_link_new(const char *path, int fd, const struct clock *clock);
void swap_link_free(struct swap_link *s); /* NULL: does nothing */

/* ret_receipt empty after 0: caravan-swap gives no answer to this order. */
MUST_CHECK int swap_link_call(struct swap_link *s, const struct swap_packet *p,
                              struct buf *ret_receipt, bool *ret_delivered, struct err *err);
/* Opens a new connection. Behind a socket unit this starts caravan-swap, which looks at its host
 * and writes a view. false: nothing was done, because the link is a pair, a call is under way, or
 * nobody listens at the socket. */
bool swap_link_nudge(struct swap_link *s);

#endif
