/*
 * codec.h - payloads: one msgpack array in fixed order.
 *
 * Packing uses msgpack-c, and only here; reading is a bounded cursor over the
 * bytes that allocates nothing but a status receipt's notes, and is tested against msgpack-c's own
 * unpacker. One message has one encoding: shortest integer forms, no maps, no extension types, no
 * floats, nothing after the end; depth <= PAYLOAD_DEPTH_MAX. Reading refuses everything else
 * (ERR_FORMAT, with what and where) and every value outside its enum or limit (ERR_FORMAT,
 * ERR_LIMIT). Call only with bytes whose signature was verified (envelope.h).
 */
#ifndef CODEC_H
#define CODEC_H

#include "message.h"

/* o->head.kind chooses the union member. Appends the payload to ret. */
MUST_CHECK int codec_pack_order(const struct order *o, struct buf *ret, struct err *err);
MUST_CHECK int codec_pack_receipt(const struct receipt *r, struct buf *ret, struct err *err);
/* ret->head is input (kind, is_receipt, version); the union is output. */
MUST_CHECK int codec_read_order(const void *p, size_t n, struct order *ret, struct err *err);
MUST_CHECK int codec_read_receipt(const void *p, size_t n, struct receipt *ret, struct err *err);

#endif
