/*
 * http_range.h - which part of a body a request asks for (RFC 9110, section 14). Pure.
 *
 * One range of bytes is understood: "bytes=first-last", "bytes=first-", "bytes=-count". What is
 * anything else (several ranges, another unit, blanks, signs, numbers that do not fit) is as if it
 * were not there, as the RFC allows: the whole is sent. So nobody can ask for the same bytes many
 * times at once.
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdint.h>
#include "compiler.h"

enum http_range_kind {
    HTTP_RANGE_WHOLE,   /* 200 */
    HTTP_RANGE_PART,    /* 206 */
    HTTP_RANGE_OUTSIDE, /* 416: nothing of it is there */
};

struct http_range {
    enum http_range_kind kind;
    uint64_t first, last; /* both within the body; OUTSIDE: 0, 0 */
};

/* text: of the header Range; NULL: it was not sent. A body of 0 bytes has no part. */
MUST_CHECK struct http_range http_range_of(const char *text, uint64_t size);

#endif
