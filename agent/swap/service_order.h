/*
 * service_order.h - orders about the service itself: enable, disable, stop, start.
 *
 * - enable, disable: they act at once and read the result back, like preserve. A repeat changes
 *   nothing. If this would not keep Nomad from starting (service.h, at_boot), the order is refused
 *   and nothing changes.
 * - stop: recorded first, then begun. The stop is done when no main process is left. If Nomad is
 *   stopped already because of such an order, nothing happens. If Nomad does not run for another
 *   reason, the order is refused.
 * - start: only undoes a stop. The record must say that an order stopped Nomad, nobody may have
 *   started Nomad since, and the file in place must be the same as at the stop.
 *
 * The law (law.h) is asked first. If the time for a stop is not enough, caravan-swap reports this,
 * and the service manager continues the stop. After a restart in the same boot, caravan-swap begins
 * the stop again if the same process still runs; never in another boot.
 *
 * A Nomad that was stopped by order stays stopped until somebody starts it: no swap, no revert and
 * no recovery starts it, also not with root's start_stopped.
 */
#ifndef SERVICE_ORDER_H
#define SERVICE_ORDER_H

#include "law.h"
#include "phases.h"

enum law_question service_order_question(enum service_op op);

/* next: a copy of p's record with the epoch and sequence of this order. The function changes it
 * only if it returns REFUSAL_NONE. *ret_acts: the caller must call phases_act with *ret_act once
 * next is durable. text: why the order is refused, or what is done. */
MUST_CHECK enum refusal service_order_accept(const struct phases *p, enum service_op op,
                                             struct record *next, bool *ret_acts,
                                             enum service_act *ret_act, char text[static TEXT_MAX]);
/* If somebody has started Nomad since an order stopped it, next forgets the stop. */
void service_order_forget_stop(const struct phases *p, struct record *next);

#endif
