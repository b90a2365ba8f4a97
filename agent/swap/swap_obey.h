/*
 * swap_obey.h - one order, from its inner bytes to its receipt.
 *
 * The order is verified again, as if nobody had: signature, sender, cluster, receiver, and the
 * rest in the order of proto/README.md. A genuine new one is asked of the law and becomes a
 * changed copy of the record, which is made durable together with its receipt, or not at all;
 * the phases carry it out afterwards (phases.h). The lease behind it is looked at as well
 * (lease_shown.h). A refusal takes the order's sequence and changes nothing else (order.h). An
 * exact repeat gets the kept receipt. A trust order has neither, and leaves the record alone.
 */
#ifndef SWAP_OBEY_H
#define SWAP_OBEY_H

#include "swap.h"
#include "swap_channel.h"

/* Between two steps of the phases. ret_receipt stays empty when nothing is to be said (not
 * authentic to this host). */
void swap_obey(struct swap *s, const struct swap_packet *p, struct buf *ret_receipt);

#endif
