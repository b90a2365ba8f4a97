/*
 * order.h - is this order genuine, mine, new, and in time?
 *
 * Pure: no I/O, no clock, no library; both programs that obey orders ask it about
 * those they own. The caller has verified the signature (envelope_verify) and
 * asked trust about the sender; nothing of the payload is read here.
 *
 * Order of checks, and what each leads to:
 *   sender not named by the trust in force, cluster, receiver   ORDER_DROP
 *   exact repeat of a kept order                                ORDER_REPEAT
 *   role, session, epoch, sequence, start_by                    ORDER_REFUSE
 *   all passed                                                  ORDER_NEW
 *
 * A trust order ends at its role: it has no lease, no epoch, no sequence and no time, because it is
 * what takes a stolen key's word away. The version of its file makes it happen once.
 *
 * A refusal found here changes nothing on the host: session, epoch, sequence and time only move on,
 * so the same bytes stay refused (those that are too far ahead, until start_by at the latest).
 *
 * An order that came as far as ORDER_NEW and is refused then (lease, phase, law) leaves one thing
 * behind: its sequence, taken within its own epoch, so that a copy of it that arrives when the
 * reason has gone is not obeyed after all. It never raises the epoch: a sequence refused in a
 * higher one is remembered beside (refused_epoch). start_by alone would not do: it leaves a copy
 * two minutes.
 *
 * So that nobody can use up what is counted, an order may be at most ORDER_AHEAD_MAX above what was
 * taken before: to reach the end of 64 bits takes 2^44 orders, each made durable. An honest
 * coordinator numbers from what the host tells, so its steps are small. An epoch may be so far
 * ahead too, and not only by one: caravan-swap is not there when a lease is taken, and a run that
 * only renews a server's lease gives that server no order to count.
 *
 * What caravan-swap obeys must say start_by, and it may be ORDER_BY_MAX_MS away at most: the
 * coordinator goes by the uptime that the listener told, and the listener may lie.
 *
 * Sequences are counted within session and epoch: a new boot or a higher epoch
 * begins a new count (old orders are refused by session or epoch then).
 */
#ifndef ORDER_H
#define ORDER_H

#include "envelope.h"

#define ORDER_KEPT      4 /* receipts kept: the last orders that took a sequence */
#define ORDER_AHEAD_MAX (UINT64_C(1) << 20)
#define ORDER_BY_MAX_MS (120 * 1000)

/* What the owner knows when the order arrives. */
struct order_state {
    unsigned char cluster[CLUSTER_ID_LEN];
    struct pubkey self;
    unsigned char session[SESSION_LEN]; /* of this boot */
    uint64_t now_ms;                    /* CLOCK_BOOTTIME */
    int64_t wall_s;                     /* for the expiry of keys alone */
    uint64_t epoch;                     /* highest obeyed */
    uint64_t sequence;                  /* last taken within session and epoch; 0: none */
    uint64_t refused_epoch;             /* above epoch: orders were refused in it; 0: none */
    uint64_t refused_sequence;          /* the last of them */
    uint64_t epoch_most, sequence_most; /* more is too far ahead; order_most */
    bool sender_named;  /* trust_allows(sender, ROLE_OBSERVER) or a role of its own */
    bool sender_may;    /* by trust and root's list: operators_may */
    const char *barred; /* why root's list lets it not; NULL or "": the list is not the reason */
    uint32_t n_kept;
    struct digest kept[ORDER_KEPT]; /* of the orders' inner bytes */
};

enum order_outcome { ORDER_DROP, ORDER_REPEAT, ORDER_REFUSE, ORDER_NEW };

struct order_judgement {
    enum order_outcome outcome;
    enum refusal refusal; /* ORDER_REFUSE */
    uint32_t kept;        /* ORDER_REPEAT: index into kept */
    const char *why;      /* one sentence, constant or the state's; never NULL */
};

/* false: it stands outside lease, session, epoch, sequence and time (trust). */
bool order_is_counted(enum message_kind kind);
/* The most that is believed after `last`. */
uint64_t order_most(uint64_t last);

struct order_judgement order_judge(const struct header *head, const struct digest *digest,
                                   const struct order_state *state);
/* Is start_by said, and near enough? ORDER_NEW or ORDER_REFUSE; caravan-swap asks this of what came
 * as far as ORDER_NEW, so that a copy that waits until start_by is near is not obeyed. */
struct order_judgement order_judge_by(const struct header *head, uint64_t now_ms);

#endif
