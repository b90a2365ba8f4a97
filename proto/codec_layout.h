/*
 * codec_layout.h - how a plain struct becomes one msgpack array, as a table.
 *
 * A layout lists a struct's fields in the order of the wire; codec_pack.c writes and
 * codec_read.c reads by the same table, so that the two cannot disagree. Both
 * enforce the same ranges. Payloads, the manifest's body and the trust's body are
 * all made so.
 *
 *   type          in the struct                         on the wire
 *   FIELD_UINT    unsigned integer, 1 to 8 bytes        uint, min..max
 *   FIELD_INT     int64_t                               int
 *   FIELD_BOOL    bool                                  bool
 *   FIELD_ENUM    enum                                  uint, min..max
 *   FIELD_NAME    char[size], NUL-terminated            text, valid UTF-8 or refused
 *   FIELD_PROSE   the same, for people                  text; packing puts '?' for what is
 *                                                       not UTF-8: a report of a failure must
 *                                                       not fail to be sent because of a byte
 *   FIELD_BYTES   unsigned char[size]                   bytes, exactly size
 *   FIELD_BLOB    unsigned char[max], size_t at count   bytes, at most max
 *   FIELD_STRUCT  struct described by sub               array
 *   FIELD_LIST    array of max items, uint32_t at count array of items
 *   FIELD_OWNED   pointer to such an array              array of items; reading allocates
 */
#ifndef CODEC_LAYOUT_H
#define CODEC_LAYOUT_H

#include <stddef.h>
#include "buf.h"
#include "message.h"

enum field_type {
    FIELD_UINT,
    FIELD_INT,
    FIELD_BOOL,
    FIELD_ENUM,
    FIELD_NAME,
    FIELD_PROSE,
    FIELD_BYTES,
    FIELD_BLOB,
    FIELD_STRUCT,
    FIELD_LIST,
    FIELD_OWNED,
    FIELD_TYPE_COUNT
};

struct layout;
struct field {
    const char *name;
    enum field_type type;
    size_t offset;
    size_t size; /* of the member */
    uint64_t min, max;
    size_t count;             /* BLOB, LIST, OWNED: offset of the length */
    const struct field *item; /* LIST, OWNED: one item, at offset 0 */
    const struct layout *sub; /* STRUCT */
};

struct layout {
    const char *name;
    const struct field *fields;
    uint32_t n;
};

#define FIELD(s, m, t)                                                                             \
    .name = #m, .type = (t), .offset = offsetof(struct s, m), .size = sizeof(((struct s *)0)->m)
#define LAYOUT(text, table)                                                                        \
    {                                                                                              \
        .name = (text), .fields = (table), .n = ARRAY_LEN(table)                                   \
    }

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

/* The value of an UINT, ENUM, BOOL or length of a list: any unsigned width. */
uint64_t layout_load(const void *p, size_t size);
/* Is v within the field's range and width? ERR_FORMAT for enums, ERR_LIMIT for numbers. */
MUST_CHECK int layout_range(const struct field *f, uint64_t v, struct err *err);

#endif
