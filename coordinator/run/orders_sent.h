/*
 * orders_sent.h - makes orders to agents, and signs the order of an intent into the ledger.
 *
 * For a note or a lease order, the caller sets the kind, the sequence and the payload, and calls
 * order_send(). For an intent to stage, swap, revert or stop a host, order_sign_intent() makes and
 * signs the order, and leaves the signed bytes in the host's row of the ledger. intents_carry_out()
 * sends these bytes after the commit; a retry sends the same bytes. This file also records the
 * state of a host before its turn, so that the run can compare the host with it afterwards.
 */
#ifndef ORDERS_SENT_H
#define ORDERS_SENT_H

#include "run.h"

/* Completes the header of o from the agent's hello and from the lease that the run holds, signs o,
 * sends it, and begins *c. For a lease order the caller sets the epoch. Returns 1 when the agent
 * has sent no hello, or when the run does not hold its lease; *c is then unchanged. */
MUST_CHECK int order_send(struct run *r, const char *key, struct order *o, struct call *c,
                          struct err *err);
/* Does the same as order_send, but puts the signed bytes into ret_inner and sends nothing. For an
 * order that the record keeps, the caller sets the nonce (order_nonce). */
MUST_CHECK int order_sign(struct run *r, const char *key, struct order *o, struct call *c,
                          struct buf *ret_inner, struct digest *ret_digest, struct err *err);
/* Sets the nonce of an order that the record keeps. Call it before order_sign. */
void order_nonce(struct run *r, const struct ledger_host *lh, struct header *head,
                 unsigned char ret_salt[static NONCE_LEN]);
/* Put an order to caravan-swap, or the receipt that decides about it, into the record. The next
 * commit writes both; the order is sent after that commit. */
void order_keep(struct run *r, struct ledger_host *lh, const unsigned char salt[static NONCE_LEN],
                const struct buf *inner, const struct digest *digest);
void order_keep_receipt(struct run *r, const struct ledger_host *lh, const struct event *ev);
/* The sequence for the host's next order to caravan-swap; the host's uptime now, in milliseconds.
 */
uint64_t order_sequence(const struct ledger_host *lh, const struct agent_view *a);
uint64_t order_uptime(const struct agent_view *a, int64_t now);

/* Signs the order of an intent into lh; the caller commits and sends it. Returns 1 when the agent
 * has sent no hello, or when the run does not hold its lease. */
int order_sign_intent(struct run *r, struct ledger_host *lh, const struct plan_host *p,
                      const struct intent *in, enum message_kind kind, struct err *err);
/* Records the host before its turn: allocations, fingerprint, and the stamp of its binary. */
void order_note_baseline(const struct run *r, struct ledger_host *lh);
/* Records how far a settling server must catch up: the index of its leader, from the first
 * observation after the restart that shows a leader. */
void order_note_leader_index(struct ledger *l, const struct plan *p, const struct world *w,
                             int64_t now);

#endif
