/*
 * envelope.h - signs, seals, opens and verifies messages. No payload is parsed before its signature
 * was verified.
 *
 * Outer frame:  "CRVN" | format u8 (1 sealed, 2 plain) | length u32 | bytes
 * Inner bytes:  kind u8 | version u8 | cluster 16 | sender 32 | receiver 32 |
 *               nonce 16 | session 16 | epoch u64 | sequence u64 | time u64 |
 *               order digest 32 | payload length u32 | payload | signature 64
 * Bit 7 is set in the kind of a receipt. The signature covers everything before it. Its domain is
 * "caravan/<kind>/v<n>" for orders ("caravan/trust-order/v<n>" for trust orders) and
 * "caravan/<kind>-receipt/v<n>" for receipts. Integers are big-endian. Format 2 is only for the
 * hello of enrolment and its receipt.
 *
 * Sending: envelope_sign makes the inner bytes, which the caller keeps for retries; envelope_seal
 * seals them. A retry seals the same inner bytes again.
 * Receiving: envelope_open gives the inner bytes; envelope_verify checks the signature and the
 * lengths and does not look into the payload; the caller checks cluster, receiver, session and so
 * on (agent/shared/order_check.h); codec_read_* reads the payload. The bytes that are decoded are
 * the bytes that were verified.
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

/* The domain, which is signed together with the bytes. Every kind of signed bytes has a domain of
 * its own. */
void envelope_domain(const struct header *h, char dst[static DOMAIN_MAX]);

enum frame_format { FRAME_SEALED = 1, FRAME_PLAIN = 2 };

/* Appends the inner bytes: header, payload, signature. The payload must be packed already. The
 * sender in the header is the public part of key, whatever head->sender is. */
MUST_CHECK int envelope_sign(const struct header *head, const void *payload, size_t n,
                             const struct keypair *key, struct buf *ret_inner, struct err *err);
/* Pack the payload of the order or receipt, and sign the packed bytes. */
MUST_CHECK int envelope_sign_order(const struct order *o, const struct keypair *key,
                                   struct buf *ret_inner, struct err *err);
MUST_CHECK int envelope_sign_receipt(const struct receipt *r, const struct keypair *key,
                                     struct buf *ret_inner, struct err *err);

MUST_CHECK int envelope_seal(const void *inner, size_t n, const struct pubkey *to,
                             struct buf *ret_frame, struct err *err);
/* Like envelope_seal, with a receiver's box key that was derived before (crypto.h). */
MUST_CHECK int envelope_seal_boxed(const void *inner, size_t n, const struct boxkey *to,
                                   struct buf *ret_frame, struct err *err);
MUST_CHECK int envelope_plain(const void *inner, size_t n, struct buf *ret_frame, struct err *err);

/* Appends the inner bytes of a frame. Opens a sealed frame with our key; copies a plain frame. */
MUST_CHECK int envelope_open(const void *frame, size_t n, const struct keypair *key,
                             size_t inner_max, struct buf *ret_inner, enum frame_format *ret_format,
                             struct err *err);

/* The length of whole inner bytes, computed from their first INNER_HEADER_LEN bytes. */
size_t envelope_inner_len(const void *header);

struct verified {
    struct header head;
    const unsigned char *payload; /* points into the inner bytes */
    size_t payload_len;
    struct digest digest; /* of all inner bytes; the receipt repeats the digest of its order */
};

/* Checks lengths, kind, version and the signature by head.sender. The caller checks whether that
 * sender may send this message (trust.h). */
MUST_CHECK int envelope_verify(const void *inner, size_t n, struct verified *ret, struct err *err);

/* Checks that the receipt answers this order: kind, version, cluster, nonce and digest are those of
 * the order, the sender is the key of the host, and the receiver is the sender of the order. host
 * NULL: any sender. ERR_CRYPTO: the receipt does not answer this order. */
MUST_CHECK int envelope_answers(const struct verified *receipt, const struct header *order,
                                const struct digest *order_digest, const struct pubkey *host,
                                struct err *err);

#endif
