/*
 * http_range.h - the part of a body that an HTTP request asks for (RFC 9110, section 14). Pure.
 *
 * One range of bytes is understood: "bytes=first-last", "bytes=first-", "bytes=-count". Anything
 * else (several ranges, another unit, blanks, signs, numbers that are too large) is ignored, as the
 * RFC allows; then the answer is the whole body. So no client can request the same bytes many times
 * in one request.
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdint.h>
#include "compiler.h"

enum http_range_kind {
    HTTP_RANGE_WHOLE,   /* status 200 */
    HTTP_RANGE_PART,    /* status 206 */
    HTTP_RANGE_OUTSIDE, /* status 416: the body has no byte of this range */
};

struct http_range {
    enum http_range_kind kind;
    uint64_t first, last; /* offsets, both within the body; OUTSIDE: 0, 0 */
};

/* text: the value of the header Range; NULL: the request has no such header. size: bytes of the
 * body. */
MUST_CHECK struct http_range http_range_of(const char *text, uint64_t size);

#endif
