/*
 * cursor.h - reading msgpack, one value at a time, within the bytes given.
 *
 * Each call takes exactly one value of the type it names and moves on; on failure
 * nothing moves and err says what was found and at which byte (ERR_FORMAT).
 * Nothing is allocated; texts and bytes point into the input. Only the shortest
 * form of every value is taken, so that a value has one encoding:
 *
 *   uint   00-7f, cc, cd, ce, cf            int   also e0-ff, d0, d1, d2, d3 (below 0)
 *   bool   c2, c3                           array 90-9f, dc, dd (n <= bytes left)
 *   text   a0-bf, d9, da, db (UTF-8, no NUL)  bytes c4, c5, c6
 *
 * Everything else msgpack knows (nil, maps, floats, extension types) is refused by
 * there being no function for it.
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
/* Nothing may be left. */
MUST_CHECK int cursor_end(const struct cursor *c, struct err *err);

/* Length of the valid UTF-8 character at p (n > 0 bytes there), 0 when there is none:
 * no overlong forms, no surrogates, nothing above U+10FFFF, no NUL. */
size_t utf8_char_len(const unsigned char *p, size_t n);

#endif
