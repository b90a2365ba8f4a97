/*
 * act_order.h - orders to agents: their head, and those of an intent, signed into the ledger.
 *
 * Whoever orders something sets the kind, the sequence and what the kind asks for, and order_send
 * does the rest. act_order does all but the sending for an intent to stage, swap, revert or serve,
 * and leaves the signed bytes in the ledger's host: they are sent after the commit, and a retry
 * sends the same. What is noted of a host before its turn, to be compared with afterwards, is noted
 * here too.
 */
#ifndef ACT_ORDER_H
#define ACT_ORDER_H

#include "run.h"

/* Completes o's head by what the agent's hello told and by the lease that is held, signs o and
 * sends it: *c has begun. In a lease order the epoch is the caller's. 1: not possible now (no
 * hello, no lease), and *c is as it was. */
MUST_CHECK int order_send(struct run *r, const char *key, struct order *o, struct call *c,
                          struct err *err);
/* The same without sending: signed into ret_inner. The nonce of what is kept is the caller's. */
MUST_CHECK int order_sign(struct run *r, const char *key, struct order *o, struct call *c,
                          struct buf *ret_inner, struct digest *ret_digest, struct err *err);
/* Of an order that is kept, before it is signed. */
void order_nonce(struct run *r, const struct ledger_host *lh, struct header *head,
                 unsigned char ret_salt[static NONCE_LEN]);
/* What is kept with the next commit: an order of caravan-swap's, which is sent after it; a receipt
 * by which the run goes on. */
void order_keep(struct run *r, struct ledger_host *lh, const unsigned char salt[static NONCE_LEN],
                const struct buf *inner, const struct digest *digest);
void order_keep_receipt(struct run *r, const struct ledger_host *lh, const struct event *ev);
/* The next sequence for an order of caravan-swap's, and the agent's uptime now. */
uint64_t order_sequence(const struct ledger_host *lh, const struct agent_view *a);
uint64_t order_uptime(const struct agent_view *a, int64_t now);

/* The signed order of an intent in the ledger, not yet committed or sent. 1: not possible now (no
 * hello, no lease). */
int act_order(struct run *r, struct ledger_host *lh, const struct plan_host *p,
              const struct intent *in, enum message_kind kind, struct err *err);
/* What the host is before its turn: allocations, fingerprint, stamp. */
void act_baseline(const struct run *r, struct ledger_host *lh);
/* How far a server that settles must catch up: its leader's index, by the first look after the
 * restart that shows a leader. There may be none yet when it begins to settle. */
void act_measure(struct ledger *l, const struct plan *p, const struct world *w, int64_t now);

#endif
