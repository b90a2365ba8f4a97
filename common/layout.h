/*
 * layout.h - the fields of a plain struct, as a table. Pure.
 *
 * Code that writes a struct field by field, and reads it back, walks such a table: for messages
 * (codec_layout.h), caravan-swap's record, caravan-agent's state, the columns of the ledger, the
 * text of a plan. So writing and reading cannot disagree, and one line adds a field. Each format
 * decides how it writes a field, and supports the types that it needs.
 *
 *   type          in the struct
 *   FIELD_UINT    unsigned integer of 1, 2, 4 or 8 bytes, min..max
 *   FIELD_INT     int64_t
 *   FIELD_BOOL    bool
 *   FIELD_ENUM    enum, min..max
 *   FIELD_NAME    char[size], NUL-terminated
 *   FIELD_PROSE   the same, but a text for people
 *   FIELD_BYTES   unsigned char[size]
 *   FIELD_BLOB    unsigned char[max]; its length is the size_t at offset count
 *   FIELD_BUF     struct buf
 *   FIELD_INTS    int64_t[size / 8]
 *   FIELD_STRUCT  struct; sub describes it
 *   FIELD_LIST    array of max items; its length is the uint32_t at offset count
 *   FIELD_OWNED   pointer to such an array
 *
 * Tables are constant. Any thread may use them.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "err.h"

enum field_type {
    FIELD_UINT,
    FIELD_INT,
    FIELD_BOOL,
    FIELD_ENUM,
    FIELD_NAME,
    FIELD_PROSE,
    FIELD_BYTES,
    FIELD_BLOB,
    FIELD_BUF,
    FIELD_INTS,
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
    size_t size; /* bytes of the member */
    uint64_t min, max;
    size_t count;             /* BLOB, LIST, OWNED: offset of the length */
    const struct field *item; /* LIST, OWNED: describes one item, with offset 0 */
    const struct layout *sub; /* STRUCT: its fields */
    bool later; /* the first version of the format lacks it: the value 0 may be omitted */
};

struct layout {
    const char *name;
    const struct field *fields;
    uint32_t n;
};

/* The beginning of a row, for a member or a member of a member (base.size). FIELD names the field
 * like the member; FIELD_AS gives another name. */
#define FIELD_AS(text, s, m, t)                                                                    \
    .name = (text), .type = (t), .offset = offsetof(struct s, m), .size = sizeof(((struct s *)0)->m)
#define FIELD(s, m, t) FIELD_AS(#m, s, m, t)
/* Rows that most formats need. A number may have any value that fits into its member. */
#define ROW_UINT(text, s, m)                                                                       \
    {                                                                                              \
        FIELD_AS(text, s, m, FIELD_UINT), .max = UINT64_MAX                                        \
    }
#define ROW_LATER(text, s, m)                                                                      \
    {                                                                                              \
        FIELD_AS(text, s, m, FIELD_UINT), .max = UINT64_MAX, .later = true                         \
    }
#define ROW_ENUM(text, s, m, lo, hi)                                                               \
    {                                                                                              \
        FIELD_AS(text, s, m, FIELD_ENUM), .min = (lo), .max = (hi)                                 \
    }
#define ROW(text, s, m, t)                                                                         \
    {                                                                                              \
        FIELD_AS(text, s, m, t)                                                                    \
    }
#define LAYOUT(text, table)                                                                        \
    {                                                                                              \
        .name = (text), .fields = (table), .n = ARRAY_LEN(table)                                   \
    }

/* Loads the value of a UINT, ENUM, BOOL or length. size: 1, 2, 4 or 8 bytes. */
uint64_t layout_load(const void *p, size_t size);
/* Stores such a value. Bits that do not fit are lost; call layout_range first. */
void layout_store(void *p, size_t size, uint64_t v);
/* Checks that v is within the range and the width of the field (BOOL: 0 or 1). If v is not:
 * ERR_FORMAT for an enum, ERR_LIMIT for other types. */
MUST_CHECK int layout_range(const struct field *f, uint64_t v, struct err *err);

#endif
