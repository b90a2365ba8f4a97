/*
 * lease.h - an agent's promise to carry out the orders of one run only, for a while. Pure.
 *
 * A plain struct, kept by agent_store, and its transitions. Every accepted order raises the
 * revision. Every order names the revision that it expects. So when two coordinators ask at the
 * same time, only one of them succeeds.
 *
 * take      The order names a run and a plan. The run gets the lease if nobody else holds the
 *           lease, if the lease has expired, or if the order says take_over. The epoch is then one
 *           above the highest epoch ever given on this host, and above epoch_floor. Exception: the
 *           same run takes the lease again, for the same plan, without take_over. Such an order
 *           comes from a coordinator that resumes with its ledger; the epoch stays, and a pause
 *           stays. After the highest 64-bit epoch, a take is refused (REFUSAL_LIMIT). The header of
 *           a take contains the highest epoch that the coordinator knows; only caravan-swap uses
 *           that number (lease_shown.h).
 * renew     Only by the holder, in the holder's epoch; also after the lease has expired, as long as
 *           nobody else has taken it.
 * pause     By any operator; the order names the run. A pause outlives the lease's expiry. Only
 *           unpause, give back or another run ends a pause.
 * unpause   By any operator; the order names the run.
 * give back Only by the holder, in the holder's epoch.
 *
 * Times are uptimes (CLOCK_BOOTTIME, milliseconds). A lease that was renewed in an earlier boot
 * session counts as renewed at boot. A ttl above max_ttl_ms is cut to max_ttl_ms.
 */
#ifndef LEASE_H
#define LEASE_H

#include "message.h"

struct lease {
    uint64_t revision;
    uint64_t epoch; /* highest epoch ever given; never falls */
    bool held;      /* a run took the lease and has not given it back; it may have expired */
    bool paused;
    unsigned char run_id[RUN_ID_LEN]; /* of the last holder */
    struct digest plan;
    uint64_t ttl_ms;
    uint64_t renewed_ms;                /* uptime */
    unsigned char session[SESSION_LEN]; /* the boot session in which renewed_ms counts */
};

struct lease_now {
    uint64_t uptime_ms;
    unsigned char session[SESSION_LEN];
    uint64_t max_ttl_ms;  /* law */
    uint64_t epoch_floor; /* highest epoch that caravan-swap has accepted; 0: unknown */
};

/* REFUSAL_NONE: *ret is the lease after the order (l and ret may point to the same lease).
 * Any other refusal: text says why, and *ret is unchanged. epoch: from the order's header. */
MUST_CHECK enum refusal lease_apply(const struct lease *l, const struct order_lease *o,
                                    uint64_t epoch, const struct lease_now *now, struct lease *ret,
                                    char text[static TEXT_MAX]);

/* May the host carry out an order of this kind, in this epoch, now? hello, status, lease and trust
 * orders need no lease. While the run is paused, stage, swap and service are refused. */
MUST_CHECK enum refusal lease_allows(const struct lease *l, enum message_kind kind, uint64_t epoch,
                                     const struct lease_now *now, char text[static TEXT_MAX]);

/* The lease as receipts report it: an expired lease is reported as not held. */
void lease_describe(const struct lease *l, const struct lease_now *now, struct lease_state *ret);

#endif
