/*
 * order_check.h - is this order genuine, for this host, new, and in time?
 *
 * Pure: no I/O, no clock, no library. caravan-agent and caravan-swap each ask it about the orders
 * that they carry out themselves. Before the call, the caller has verified the signature
 * (envelope_verify) and asked the trust about the sender. Nothing here reads the payload.
 *
 * The checks, in this order, and the outcome when a check fails:
 *   the trust in force names the sender; cluster; receiver      ORDER_DROP
 *   the order is an exact repeat of a kept order                ORDER_REPEAT
 *   role, session, epoch, sequence, start_by                    ORDER_REFUSE
 * An order that passes all checks is ORDER_NEW.
 *
 * For a trust order the checks end at the role. A trust order has no lease, no epoch, no sequence
 * and no start_by, because it is the order that takes a stolen key out of the trust. The version
 * of its trust file makes sure that it is carried out once.
 *
 * A refusal by order_check changes nothing on the host. Session, epoch, sequence and time only move
 * forward, so the same bytes stay refused. (An order that is too far ahead stays refused until its
 * start_by at the latest.)
 *
 * An order can be ORDER_NEW and still be refused afterwards (by lease, phase or law). Such an
 * order leaves one trace: its sequence counts as taken within its own epoch. So a late copy of the
 * order is not carried out when the reason for the refusal is gone. The refusal never raises the
 * epoch: a sequence that was refused in a higher epoch is remembered apart (refused_epoch).
 * start_by alone is not enough, because a copy may arrive up to two minutes later.
 *
 * An order may be at most ORDER_AHEAD_MAX above the last value taken. So nobody can use up the
 * numbers: 2^44 orders are needed to reach the end of 64 bits, and each of them is made durable.
 * An honest coordinator continues from the numbers that the host reports, so its steps are small.
 * An epoch may be this far ahead too, not only by one: caravan-swap does not run when a lease is
 * taken, and a run that only renews the lease of a server sends that server no order to count.
 *
 * An order for caravan-swap must carry start_by, and start_by may be at most ORDER_BY_MAX_MS
 * ahead. The coordinator computes start_by from the uptime that caravan-agent reported, and a
 * listener that was taken over may lie about the uptime.
 *
 * Sequences are counted within a session and an epoch. A new boot or a higher epoch starts a new
 * count; old orders are then refused because of their session or epoch.
 */
#ifndef ORDER_CHECK_H
#define ORDER_CHECK_H

#include "envelope.h"

#define ORDER_KEPT      4 /* receipts kept: the last orders that took a sequence */
#define ORDER_AHEAD_MAX (UINT64_C(1) << 20)
#define ORDER_BY_MAX_MS (120 * 1000)

/* What the program that carries out the order knows when the order arrives. */
struct order_state {
    unsigned char cluster[CLUSTER_ID_LEN];
    struct pubkey self;
    unsigned char session[SESSION_LEN]; /* of this boot */
    uint64_t now_ms;                    /* CLOCK_BOOTTIME */
    int64_t wall_s;                     /* the wall clock; only for the expiry of keys */
    uint64_t epoch;                     /* highest epoch carried out */
    uint64_t sequence;                  /* last taken within session and epoch; 0: none */
    uint64_t refused_epoch;             /* an epoch above `epoch` with refused orders; 0: none */
    uint64_t refused_sequence;          /* the last sequence refused in refused_epoch */
    uint64_t epoch_most, sequence_most; /* a higher value is too far ahead (order_limit) */
    bool sender_named;                  /* the trust names the sender in some role */
    bool sender_may;    /* the trust and root's list allow this order (operators_may) */
    const char *barred; /* why root's list forbids it; NULL or "": the list is not the reason */
    uint32_t n_kept;
    struct digest kept[ORDER_KEPT]; /* digests of the orders' inner bytes */
};

enum order_outcome { ORDER_DROP, ORDER_REPEAT, ORDER_REFUSE, ORDER_NEW };

struct order_judgement {
    enum order_outcome outcome;
    enum refusal refusal; /* ORDER_REFUSE */
    uint32_t kept;        /* ORDER_REPEAT: index into kept */
    const char *why;      /* one sentence: a constant, or borrowed from the state; never NULL */
};

/* false: the kind (trust) needs no lease, session, epoch, sequence and time. */
bool order_is_counted(enum message_kind kind);
/* The highest epoch or sequence that is accepted after `last`. */
uint64_t order_limit(uint64_t last);

struct order_judgement order_check(const struct header *head, const struct digest *digest,
                                   const struct order_state *state);
/* Does the order carry start_by, and is start_by near enough? ORDER_NEW or ORDER_REFUSE.
 * caravan-swap asks this about every order that order_check found new, and takes the sequence of a
 * refused order. So nobody can keep a copy and send it when start_by is near. */
struct order_judgement order_check_start_by(const struct header *head, uint64_t now_ms);

#endif
