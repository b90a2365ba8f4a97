/*
 * lease_shown.h - the lease that an order goes by, as its operator signed it.
 *
 * caravan-agent keeps the lease and may lie about it: it is what listens to the network. So with
 * every order it hands over the newest take or renew that it obeyed, byte for byte, and
 * caravan-swap asks of it by itself: signed by an operator of the trust in force, for this cluster,
 * host and boot; of the order's epoch; and not older than its start_by and ttl say. A take does not
 * know the epoch that it will be given: its header tells the highest one that the host told, and a
 * lease is given that one (the same run again) or the next.
 *
 * So a listener that keeps an order back, or says that a lease is held that nobody renews, is
 * believed for a lease's ttl at most. A pause is not shown: within that time the coordinator that
 * was paused is the one who must not order.
 */
#ifndef LEASE_SHOWN_H
#define LEASE_SHOWN_H

#include "order.h"
#include "swap_channel.h"
#include "trust.h"

/* REFUSAL_NONE: p's order may go by p's lease. Else text says why. order: of the order's header.
 * now: whose cluster, host, session and times; max_ttl_ms: root's. */
MUST_CHECK enum refusal lease_shown(const struct swap_packet *p, const struct header *order,
                                    const struct order_state *now, const struct trust *trust,
                                    uint64_t max_ttl_ms, char text[static TEXT_MAX]);

#endif
