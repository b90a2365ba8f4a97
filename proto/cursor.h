/*
 * cursor.h - reads msgpack, one value at a time, within the given bytes.
 *
 * Each call reads exactly one value of its type and moves the cursor behind the value. On failure
 * the cursor does not move; err says what was found and at which byte (ERR_FORMAT). The cursor
 * allocates nothing; texts and bytes point into the input. It accepts only the shortest form of a
 * value, so that every value has one encoding:
 *
 *   uint   00-7f, cc, cd, ce, cf            int   also e0-ff, d0, d1, d2, d3 (below 0)
 *   bool   c2, c3                           array 90-9f, dc, dd (n <= bytes left)
 *   text   a0-bf, d9, da, db (UTF-8, no NUL)  bytes c4, c5, c6
 *
 * There is no function for the other types of msgpack (nil, maps, floats, extension types), so they
 * are always refused.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include <stdbool.h>
#include <stdint.h>
#include "err.h"

struct cursor {
    const unsigned char *p;
    size_t n;
    size_t at;
};

MUST_CHECK int cursor_uint(struct cursor *c, uint64_t *ret, struct err *err);
MUST_CHECK int cursor_int(struct cursor *c, int64_t *ret, struct err *err);
MUST_CHECK int cursor_bool(struct cursor *c, bool *ret, struct err *err);
MUST_CHECK int cursor_array(struct cursor *c, uint32_t *ret_n, struct err *err);
MUST_CHECK int cursor_text(struct cursor *c, const unsigned char **ret_p, size_t *ret_n,
                           struct err *err);
MUST_CHECK int cursor_bytes(struct cursor *c, const unsigned char **ret_p, size_t *ret_n,
                            struct err *err);
/* Checks that all bytes were read. */
MUST_CHECK int cursor_end(const struct cursor *c, struct err *err);

/* Returns the length of the valid UTF-8 character at p, where n > 0 bytes are. 0: the character is
 * not valid (an overlong form, a surrogate, above U+10FFFF, or NUL). */
size_t utf8_char_len(const unsigned char *p, size_t n);

#endif
