/*
 * lease.h - an agent's promise to obey one run only, for a while: pure.
 *
 * A plain struct, kept by agent_store, and its transitions. Every accepted order
 * raises the revision, and every order names the revision it is based on (expect),
 * so that of two askers one wins.
 *
 * take      names run and plan. Nobody holds it, or it expired, or take_over is
 *           said: the run gets it. The epoch is one above the highest ever given
 *           here (and above epoch_floor), except when the same run takes again
 *           for the same plan without take_over: that is a coordinator resuming
 *           with its ledger, and the epoch and a pause stay. The last epoch there is
 *           is never given. The header tells the highest epoch that the coordinator was told,
 *           for caravan-swap (lease_shown.h); here it counts for nothing.
 * renew     by the holder, in its epoch; also after expiry while nobody took it.
 * pause, unpause   by any operator, naming the run; a pause survives expiry and
 *           is ended by unpause, give back or another run only.
 * give back by the holder, in its epoch.
 *
 * Time is the uptime (CLOCK_BOOTTIME, ms). A lease renewed in another boot session
 * counts as renewed at boot. The ttl asked for is cut to max_ttl_ms.
 */
#ifndef LEASE_H
#define LEASE_H

#include "message.h"

struct lease {
    uint64_t revision;
    uint64_t epoch; /* highest given; never falls */
    bool held;      /* given and not given back; expiry is computed */
    bool paused;
    unsigned char run_id[RUN_ID_LEN]; /* of the last holder */
    struct digest plan;
    uint64_t ttl_ms;
    uint64_t renewed_ms;                /* uptime */
    unsigned char session[SESSION_LEN]; /* the boot that renewed_ms is of */
};

struct lease_now {
    uint64_t uptime_ms;
    unsigned char session[SESSION_LEN];
    uint64_t max_ttl_ms;  /* law */
    uint64_t epoch_floor; /* highest epoch caravan-swap obeyed; 0 when not known */
};

/* REFUSAL_NONE: *ret is the lease after the order (l and ret may be the same).
 * Else text says why and *ret is untouched. epoch: the order's header's. */
MUST_CHECK enum refusal lease_apply(const struct lease *l, const struct order_lease *o,
                                    uint64_t epoch, const struct lease_now *now, struct lease *ret,
                                    char text[static TEXT_MAX]);

/* May an order of this kind, in this epoch, be obeyed now? hello, status, lease and
 * trust orders need no lease; stage, swap and service are refused while paused. */
MUST_CHECK enum refusal lease_allows(const struct lease *l, enum message_kind kind, uint64_t epoch,
                                     const struct lease_now *now, char text[static TEXT_MAX]);

/* As told in receipts: an expired lease is told as not held. */
void lease_tell(const struct lease *l, const struct lease_now *now, struct lease_state *ret);

#endif
