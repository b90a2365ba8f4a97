/*
 * sha256sums.h - what a SHA256SUMS file says of one exact name.
 *
 * A line is 64 hexadecimal digits, two blanks (or a blank and `*`, as sha256sum writes
 * for binary files), and a name; it ends with a newline or with the text. Anything else
 * is no such file (ERR_FORMAT): an empty line, a carriage return, a control character, a
 * name with a blank at either end. The whole text must be such lines, also behind the one
 * that is looked for, and one name with two digests refuses.
 */
#ifndef SHA256SUMS_H
#define SHA256SUMS_H

#include "crypto.h"

struct sum_line {
    const char *name; /* into the text; not terminated */
    size_t name_len;
    struct digest digest;
};

/* The next line at *at, which moves behind it. 1: there is one; 0: the end; -1: ERR_FORMAT. */
MUST_CHECK int sha256sums_next(const char **at, const char *end, struct sum_line *ret,
                               struct err *err);

/* The digest of exactly this name. ERR_NOTFOUND when no line has it. */
MUST_CHECK int sha256sums_find(const char *text, size_t n, const char *name, struct digest *ret,
                               struct err *err);

#endif
