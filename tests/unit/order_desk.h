/*
 * order_desk.h - the coordinator's side of the wire, for tests of the agent.
 *
 * The desk has the keys of a small cluster and makes orders with them. desk_order makes an order
 * with a right header; the test changes the field that must be wrong; desk_frame signs and seals
 * the order. desk_receipt opens a frame and checks that it answers the order. Failures of the desk
 * itself abort.
 */
#ifndef ORDER_DESK_H
#define ORDER_DESK_H

#include "codec.h"
#include "envelope.h"
#include "manifest.h"
#include "trust.h"

struct desk {
    struct keypair *host, *operator, * other_operator, *observer, *stranger;
    struct trust trust;
    unsigned char session[SESSION_LEN];
};

void desk_open(struct desk *d);
void desk_close(struct desk *d);
/* Fixed keys, made from seeds; the trust file of this desk contains them. */
void desk_trust_file(const struct desk *d, struct buf *ret);

struct order *desk_order(const struct desk *d, enum message_kind kind, uint64_t epoch,
                         uint64_t sequence); /* caller frees */
/* Puts this manifest, signed, into a stage order; the caller owns urls. */
void desk_manifest(struct order_stage *st, const struct keypair *by, const struct manifest *m);
/* The same with version 1.1.0 for linux and this architecture: one bare file. */
void desk_stage(struct order_stage *st, const struct keypair *by, const char *arch, uint64_t size,
                const struct digest *digest);
/* The lease order of this epoch, for caravan-swap: signed by an operator, of run 'a'. */
void desk_lease(const struct desk *d, enum lease_op op, uint64_t epoch, uint64_t time_ms,
                struct buf *ret_inner);
void desk_inner(const struct order *o, const struct keypair *by, struct buf *ret_inner);
void desk_seal(const struct desk *d, const struct buf *inner, struct buf *ret_frame);
void desk_frame(const struct desk *d, const struct order *o, const struct keypair *by,
                struct buf *ret_inner, struct buf *ret_frame);
/* ret: caller calls receipt_done_with and frees. NULL with a reason on failure. */
struct receipt *desk_receipt(const struct desk *d, const struct keypair *by,
                             const struct buf *inner, const void *frame, size_t n, struct err *err);

#endif
