/*
 * orders_received.h - one order, from its inner bytes to its receipt.
 *
 * caravan-swap verifies the order itself and does not rely on caravan-agent: signature, sender,
 * cluster, receiver, and the rest in the order of proto/README.md. For a genuine new order,
 * caravan-swap checks the lease (lease_shown.h) and asks the law. An accepted order becomes a
 * changed copy of the record. The record and the receipt become durable together, or not at all.
 * The phases carry out the order afterwards (phases.h).
 *
 * A refusal uses up the order's sequence and changes nothing else (order_check.h). An exact repeat
 * of an order gets the kept receipt. A trust order has no sequence and no kept receipt, and does
 * not change the record.
 */
#ifndef ORDERS_RECEIVED_H
#define ORDERS_RECEIVED_H

#include "swap.h"
#include "swap_channel.h"

/* Call it between two steps of the phases. ret_receipt stays empty if there is no receipt: the
 * order is not authentic for this host. */
void swap_answer_order(struct swap *s, const struct swap_packet *p, struct buf *ret_receipt);

#endif
