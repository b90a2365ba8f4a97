/*
 * swap_obey.h - one order, from its inner bytes to its receipt.
 *
 * The order is verified again, as if nobody had: signature, sender, cluster, receiver, and the
 * rest in the order of proto/README.md. A genuine new one is asked of the law and becomes a
 * changed copy of the record, which is made durable together with its receipt, or not at all;
 * the phases carry it out afterwards (phases.h). A refusal takes the order's sequence and changes
 * nothing else. An exact repeat gets the kept receipt.
 */
#ifndef SWAP_OBEY_H
#define SWAP_OBEY_H

#include "swap.h"

/* Between two steps of the phases. ret_receipt stays empty when nothing is to be said (not
 * authentic to this host). */
void swap_obey(struct swap *s, const void *inner, size_t n, struct buf *ret_receipt);

#endif
