/*
 * swap_orders.h - what each kind of order makes of the record, as a table.
 *
 * A row looks at the order, asks the law, and either refuses or changes `next`, the
 * record as it is to be; nothing happens before swap_obey has made that durable
 * together with the receipt. Only trust and preserve act at once: what they write is durable by
 * itself, and doing it again changes nothing.
 */
#ifndef SWAP_ORDERS_H
#define SWAP_ORDERS_H

#include "swap.h"

/* One order on its way: what it would make of the record. */
struct obeying {
    struct swap *s;
    const struct order *order;
    struct record next;
    struct fetch_get job;
    struct receipt_done done;
    bool fetches;
    void (*after)(struct swap *s); /* once the record is durable */
};

struct order_row {
    void (*obey)(struct obeying *o); /* NULL: no such order for caravan-swap */
    bool begins;                     /* becomes the order that the phases carry out */
};

extern const struct order_row order_rows[MSG_KIND_COUNT];

void order_refuse(struct obeying *o, enum refusal r, const char *text);

#endif
