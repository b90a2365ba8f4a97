/*
 * codec_layout.h - how a plain struct becomes one msgpack array, as a table.
 *
 * A layout lists a struct's fields in the order of the wire; codec_pack.c writes and
 * codec_read.c reads by the same table, so that the two cannot disagree. Both
 * enforce the same ranges. Payloads, the manifest's body and the trust's body are
 * all made so.
 *
 *   type (layout.h)   on the wire
 *   FIELD_UINT        uint, min..max
 *   FIELD_INT         int
 *   FIELD_BOOL        bool
 *   FIELD_ENUM        uint, min..max
 *   FIELD_NAME        text, valid UTF-8 or refused
 *   FIELD_PROSE       text; packing puts '?' for what is not UTF-8: a report of a failure must
 *                     not fail to be sent because of a byte
 *   FIELD_BYTES       bytes, exactly size
 *   FIELD_BLOB        bytes, at most max
 *   FIELD_STRUCT      array
 *   FIELD_LIST        array of items
 *   FIELD_OWNED       array of items; reading allocates
 */
#ifndef CODEC_LAYOUT_H
#define CODEC_LAYOUT_H

#include "buf.h"
#include "layout.h"
#include "message.h"

/* NULL when this build knows no such kind, direction or version. */
const struct layout *message_layout(enum message_kind kind, bool is_receipt, unsigned version);

/* Appends base's struct to ret, at most max bytes (ERR_LIMIT); ret is untouched on failure. */
MUST_CHECK int layout_pack(const struct layout *l, const void *base, size_t max, struct buf *ret,
                           struct err *err);
/* Fills base, which the caller has zeroed. On failure base may be half filled: call
 * layout_release. */
MUST_CHECK int layout_read(const struct layout *l, const void *p, size_t n, void *base,
                           struct err *err);
/* Frees what FIELD_OWNED holds. */
void layout_release(const struct layout *l, void *base);

#endif
