/*
 * layout.h - the fields of a plain struct, as a table. Pure.
 *
 * Whatever writes a struct down field by field, and reads it back, walks such a table: messages
 * (codec_layout.h), caravan-swap's record, caravan-agent's state, the ledger's columns, a plan's
 * text. So the two ways cannot disagree, and a field is added in one line. How a field looks when
 * it is written is each format's own; a format takes the types that it needs.
 *
 *   type          in the struct
 *   FIELD_UINT    unsigned integer of 1, 2, 4 or 8 bytes, min..max
 *   FIELD_INT     int64_t
 *   FIELD_BOOL    bool
 *   FIELD_ENUM    enum, min..max
 *   FIELD_NAME    char[size], NUL-terminated
 *   FIELD_PROSE   the same, a text for people
 *   FIELD_BYTES   unsigned char[size]
 *   FIELD_BLOB    unsigned char[max], size_t at count
 *   FIELD_BUF     struct buf
 *   FIELD_INTS    int64_t[size / 8]
 *   FIELD_STRUCT  struct described by sub
 *   FIELD_LIST    array of max items, uint32_t at count
 *   FIELD_OWNED   pointer to such an array
 *
 * Tables are constant; any thread.
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
    size_t size; /* of the member */
    uint64_t min, max;
    size_t count;             /* BLOB, LIST, OWNED: offset of the length */
    const struct field *item; /* LIST, OWNED: one item, at offset 0 */
    const struct layout *sub; /* STRUCT */
    bool later;               /* came after its format's first version: 0 may be left out */
};

struct layout {
    const char *name;
    const struct field *fields;
    uint32_t n;
};

/* The beginning of a row: a member, which may be one of a member (base.size), under its own name or
 * another one. */
#define FIELD_AS(text, s, m, t)                                                                    \
    .name = (text), .type = (t), .offset = offsetof(struct s, m), .size = sizeof(((struct s *)0)->m)
#define FIELD(s, m, t) FIELD_AS(#m, s, m, t)
/* Rows that most formats need; a number has all of its width. */
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

/* The value of an UINT, ENUM, BOOL or length of a list: any unsigned width. */
uint64_t layout_load(const void *p, size_t size);
/* The same, written; what does not fit is cut: layout_range first. */
void layout_store(void *p, size_t size, uint64_t v);
/* Is v within the field's range and width? BOOL: 0 or 1. ERR_FORMAT for enums, ERR_LIMIT for
 * numbers. */
MUST_CHECK int layout_range(const struct field *f, uint64_t v, struct err *err);

#endif
