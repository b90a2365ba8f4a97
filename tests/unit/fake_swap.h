/*
 * fake_swap.h - a thread in the place of caravan-swap at the end of swap_channel.h, for tests.
 *
 * The thread receives orders on a SEQPACKET socket. As the test demands, it signs an accepting
 * receipt, does not answer, closes the connection, or answers late. It counts the orders, keeps the
 * last bytes, and checks nothing.
 */
#ifndef FAKE_SWAP_H
#define FAKE_SWAP_H

#include "swap_channel.h"

enum fake_swap_does {
    FAKE_ACCEPT,
    FAKE_SILENT,
    FAKE_HANG_UP,
    FAKE_STALE_FIRST,
    FAKE_OF_BEFORE /* as up to 0.1.0: silent when a lease comes with the order, else accepting */
};

struct fake_swap;

/* Listens at path (unlinked first). key: the host's, borrowed. */
struct fake_swap *fake_swap_start(const char *path, const struct keypair *key);
void fake_swap_stop(struct fake_swap *f); /* joins; NULL is fine */
void fake_swap_does(struct fake_swap *f, enum fake_swap_does what);
unsigned fake_swap_count(struct fake_swap *f);       /* orders that came */
unsigned fake_swap_connections(struct fake_swap *f); /* accepted so far */
void fake_swap_last(struct fake_swap *f, struct buf *ret);
void fake_swap_lease(struct fake_swap *f, struct buf *ret); /* what came behind it */

#endif
