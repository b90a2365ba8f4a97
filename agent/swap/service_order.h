/*
 * service_order.h - what an order about the service itself makes of the host and of the record.
 *
 *   enable, disable  act at once and are read back, like preserve; doing them again changes
 * nothing. Refused, and nothing changed, where it would not keep Nomad from starting (service.h,
 * at_boot) stop             recorded first, then begun; done is that no main process is left. Where
 * Nomad does not run any more because of such an order, nothing is done. Refused where it does not
 * run for another reason start            only as the undo of a stop: the record says that an order
 * stopped it, nobody has started it since, and the file in place is what it was then
 *
 * The law (law.h) is asked before. A stop that its time is not enough for is told, and goes on as
 * its manager sees fit. It is begun again by a caravan-swap started anew in the same boot, as long
 * as the same process runs, and never in another one.
 *
 * A Nomad stopped like that stays stopped: no swap, no revert and no recovery starts it, also not
 * by root's start_stopped, until somebody has started it.
 */
#ifndef SERVICE_ORDER_H
#define SERVICE_ORDER_H

#include "law.h"
#include "phases.h"

enum law_question service_order_question(enum service_op op);

/* next: a copy of p's record with the epoch and sequence of this order; changed only when the
 * answer is REFUSAL_NONE. *ret_acts: phases_act is to follow, once next is durable, with *ret_act.
 * text: why it is refused, or what is done. */
MUST_CHECK enum refusal service_order_obey(const struct phases *p, enum service_op op,
                                           struct record *next, bool *ret_acts,
                                           enum service_act *ret_act, char text[static TEXT_MAX]);
/* Somebody has started Nomad since an order stopped it: next forgets that. */
void service_order_look(const struct phases *p, struct record *next);

#endif
