/*
 * codec.h - payloads of messages: a payload is one msgpack array in fixed order.
 *
 * Packing uses msgpack-c, which no other code of the programs uses. Reading uses a bounded cursor
 * over the bytes. It allocates only the notes of a status receipt, and is tested against
 * msgpack-c's own unpacker. A message has exactly one encoding: shortest integer forms, no maps, no
 * extension types, no floats, nothing after the end; depth <= PAYLOAD_DEPTH_MAX. Reading refuses
 * everything else (ERR_FORMAT; the text says what and where), and every value that is outside its
 * enum (ERR_FORMAT) or its limit (ERR_LIMIT). Read only bytes whose signature was verified
 * (envelope.h).
 */
#ifndef CODEC_H
#define CODEC_H

#include "message.h"

/* Appends the payload to ret. head.kind of the message selects the member of the union. */
MUST_CHECK int codec_pack_order(const struct order *o, struct buf *ret, struct err *err);
MUST_CHECK int codec_pack_receipt(const struct receipt *r, struct buf *ret, struct err *err);
/* The caller has filled in ret->head (kind, is_receipt, version); reading fills in the union. */
MUST_CHECK int codec_read_order(const void *p, size_t n, struct order *ret, struct err *err);
MUST_CHECK int codec_read_receipt(const void *p, size_t n, struct receipt *ret, struct err *err);

#endif
