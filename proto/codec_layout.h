/*
 * codec_layout.h - packs a plain struct into one msgpack array, and reads it back, by a table.
 *
 * A layout lists the fields of a struct in the order of the wire. codec_pack.c writes and
 * codec_read.c reads by the same table, so that the two cannot disagree. Both check the same
 * ranges. Payloads and the bodies of manifests and trust files are written in this way.
 *
 *   type (layout.h)   on the wire
 *   FIELD_UINT        uint, min..max
 *   FIELD_INT         int
 *   FIELD_BOOL        bool
 *   FIELD_ENUM        uint, min..max
 *   FIELD_NAME        text; text that is not valid UTF-8 is refused
 *   FIELD_PROSE       text; packing writes '?' for bytes that are not UTF-8, so that such a byte
 *                     cannot prevent the report of a failure
 *   FIELD_BYTES       bytes, exactly size
 *   FIELD_BLOB        bytes, at most max
 *   FIELD_STRUCT      array
 *   FIELD_LIST        array of items
 *   FIELD_OWNED       array of items; reading allocates the memory for them
 */
#ifndef CODEC_LAYOUT_H
#define CODEC_LAYOUT_H

#include "buf.h"
#include "layout.h"
#include "message.h"

/* The layout of a payload. NULL: this build does not know the kind, direction or version. */
const struct layout *message_layout(enum message_kind kind, bool is_receipt, unsigned version);

/* Appends the struct at base to ret. ERR_LIMIT: the result is longer than max bytes. Does not
 * change ret on failure. */
MUST_CHECK int layout_pack(const struct layout *l, const void *base, size_t max, struct buf *ret,
                           struct err *err);
/* Fills in the struct at base, which the caller has zeroed. After a failure base may be partly
 * filled: call layout_release. */
MUST_CHECK int layout_read(const struct layout *l, const void *p, size_t n, void *base,
                           struct err *err);
/* Frees the arrays of FIELD_OWNED fields. */
void layout_release(const struct layout *l, void *base);

#endif
