/*
 * envelope.h - sign, seal, open, verify: nothing is parsed before it is authentic.
 *
 * Outer frame:  "CRVN" | format u8 (1 sealed, 2 plain) | length u32 | bytes
 * Inner bytes:  kind u8 | version u8 | cluster 16 | sender 32 | receiver 32 |
 *               nonce 16 | session 16 | epoch u64 | sequence u64 | time u64 |
 *               order digest 32 | payload length u32 | payload | signature 64
 * A receipt's kind has bit 7 set. The signature covers everything before it, in
 * the domain "caravan/<kind>/v<n>" for orders ("caravan/trust-order/v<n>" for trust),
 * "caravan/<kind>-receipt/v<n>" for receipts. Integers are big-endian. Format 2 is for the hello of
 * enrolment and its receipt only.
 *
 * Sending: envelope_sign -> inner bytes (kept for retries) -> envelope_seal.
 * Receiving: envelope_open -> inner bytes -> envelope_verify (signature, lengths,
 * and nothing of the payload) -> the caller's own checks of cluster, receiver,
 * session, ... (agent/order.h) -> codec_read_*. What was verified is what is
 * decoded. A retry seals the same inner bytes anew.
 */
#ifndef ENVELOPE_H
#define ENVELOPE_H

#include "message.h"

#define OUTER_HEADER_LEN  9
#define INNER_HEADER_LEN  174
#define INNER_ORDER_MAX   (INNER_HEADER_LEN + ORDER_PAYLOAD_MAX + SIG_LEN)
#define INNER_RECEIPT_MAX (INNER_HEADER_LEN + RECEIPT_PAYLOAD_MAX + SIG_LEN)
#define FRAME_ORDER_MAX   (OUTER_HEADER_LEN + INNER_ORDER_MAX + SEAL_OVERHEAD)
#define FRAME_RECEIPT_MAX (OUTER_HEADER_LEN + INNER_RECEIPT_MAX + SEAL_OVERHEAD)

#define DOMAIN_MAX 48

/* What is signed before the bytes: no two things that are signed have the same. */
void envelope_domain(const struct header *h, char dst[static DOMAIN_MAX]);

enum frame_format { FRAME_SEALED = 1, FRAME_PLAIN = 2 };

/* Packs nothing: payload is already packed. Appends inner bytes. head->sender is
 * overwritten with the key's public part. */
MUST_CHECK int envelope_sign(const struct header *head, const void *payload, size_t n,
                             const struct keypair *key, struct buf *ret_inner, struct err *err);
/* Convenience: codec + sign. */
MUST_CHECK int envelope_sign_order(const struct order *o, const struct keypair *key,
                                   struct buf *ret_inner, struct err *err);
MUST_CHECK int envelope_sign_receipt(const struct receipt *r, const struct keypair *key,
                                     struct buf *ret_inner, struct err *err);

MUST_CHECK int envelope_seal(const void *inner, size_t n, const struct pubkey *to,
                             struct buf *ret_frame, struct err *err);
/* The same to a key that was derived before (crypto.h). */
MUST_CHECK int envelope_seal_boxed(const void *inner, size_t n, const struct boxkey *to,
                                   struct buf *ret_frame, struct err *err);
MUST_CHECK int envelope_plain(const void *inner, size_t n, struct buf *ret_frame, struct err *err);

/* Opens an outer frame with our key (sealed) or takes it as it is (plain). */
MUST_CHECK int envelope_open(const void *frame, size_t n, const struct keypair *key,
                             size_t inner_max, struct buf *ret_inner, enum frame_format *ret_format,
                             struct err *err);

/* How long inner bytes are that begin with these INNER_HEADER_LEN, as they say themselves. */
size_t envelope_inner_len(const void *header);

struct verified {
    struct header head;
    const unsigned char *payload; /* into the inner bytes */
    size_t payload_len;
    struct digest digest; /* of all inner bytes: what a receipt repeats */
};

/* Checks lengths, kind, version and the signature by head.sender. Whether that
 * sender may say this is the caller's question (trust.h). */
MUST_CHECK int envelope_verify(const void *inner, size_t n, struct verified *ret, struct err *err);

/* A receipt answers this order: kind, cluster, sender == expected host key,
 * receiver == the asker, nonce and digest are those of the order. ERR_CRYPTO. */
MUST_CHECK int envelope_answers(const struct verified *receipt, const struct header *order,
                                const struct digest *order_digest, const struct pubkey *host,
                                struct err *err);

#endif
