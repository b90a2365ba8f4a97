/*
 * lease_shown.h - the lease of an order, as its operator signed it.
 *
 * caravan-agent keeps the lease. caravan-agent listens to the network and may lie about the lease
 * if somebody took it over. Therefore caravan-agent passes on, with every order, the newest take or
 * renew that it accepted, byte for byte. caravan-swap checks these bytes itself: an operator of the
 * trust in force signed them, for this cluster, host and boot; they have the order's epoch; and
 * they are not older than their start_by and ttl allow.
 *
 * A take is signed before its epoch is known: its header contains the highest epoch that the host
 * reported. The lease then gets this epoch (the same run again) or the next epoch.
 *
 * So if a false caravan-agent keeps an order back, or claims a lease that nobody renews, it
 * succeeds for one ttl of a lease at most. caravan-swap does not see a pause. During a pause, the
 * paused coordinator itself must give no orders.
 */
#ifndef LEASE_SHOWN_H
#define LEASE_SHOWN_H

#include "order_check.h"
#include "swap_channel.h"
#include "trust.h"

/* REFUSAL_NONE: the lease in *p covers the order in *p. Else text gives the reason. order: the
 * order's header. now: cluster, host, session and times of this host. max_ttl_ms: root's limit. */
MUST_CHECK enum refusal lease_shown(const struct swap_packet *p, const struct header *order,
                                    const struct order_state *now, const struct trust *trust,
                                    uint64_t max_ttl_ms, char text[static TEXT_MAX]);

#endif
