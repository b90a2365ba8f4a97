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
 * A refusal found here changes nothing on the host: session, epoch, sequence and
 * time only move on, so the same bytes stay refused. An order that came as far
 * as ORDER_NEW takes its sequence and its receipt is kept, even when the law then
 * refuses it: a copy of it that arrives later must not be obeyed after all.
 *
 * Sequences are counted within session and epoch: a new boot or a higher epoch
 * begins a new count (old orders are refused by session or epoch then).
 */
#ifndef ORDER_H
#define ORDER_H

#include "envelope.h"

#define ORDER_KEPT 4 /* receipts kept: the last orders that took a sequence */

/* What the owner knows when the order arrives. */
struct order_state {
    unsigned char cluster[CLUSTER_ID_LEN];
    struct pubkey self;
    unsigned char session[SESSION_LEN]; /* of this boot */
    uint64_t now_ms;                    /* CLOCK_BOOTTIME */
    uint64_t epoch;                     /* highest obeyed */
    uint64_t sequence;                  /* last taken within session and epoch; 0: none */
    bool sender_named; /* trust_allows(sender, ROLE_OBSERVER) or a role of its own */
    bool sender_may;   /* trust_allows(sender, message_role(kind)) */
    uint32_t n_kept;
    struct digest kept[ORDER_KEPT]; /* of the orders' inner bytes */
};

enum order_outcome { ORDER_DROP, ORDER_REPEAT, ORDER_REFUSE, ORDER_NEW };

struct order_judgement {
    enum order_outcome outcome;
    enum refusal refusal; /* ORDER_REFUSE */
    uint32_t kept;        /* ORDER_REPEAT: index into kept */
    const char *why;      /* one sentence, constant; never NULL */
};

struct order_judgement order_judge(const struct header *head, const struct digest *digest,
                                   const struct order_state *state);

#endif
