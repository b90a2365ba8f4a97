/*
 * sha256sums.h - finds the digest of a file in a SHA256SUMS file.
 *
 * A line is 64 hexadecimal digits, two blanks (or a blank and `*`, as sha256sum writes for binary
 * files), and a name. A newline or the end of the text ends the line. Anything else is ERR_FORMAT:
 * an empty line, a carriage return, a control character, a name with a blank at either end. Every
 * line of the text is checked, also the lines after the one that is searched. A name with two
 * different digests is ERR_FORMAT, too.
 */
#ifndef SHA256SUMS_H
#define SHA256SUMS_H

#include "crypto.h"

struct sum_line {
    const char *name; /* points into the text; no NUL follows */
    size_t name_len;
    struct digest digest;
};

/* Reads the line at *at and moves *at behind it. 1: a line was read; 0: the text has ended; -1:
 * ERR_FORMAT. */
MUST_CHECK int sha256sums_next(const char **at, const char *end, struct sum_line *ret,
                               struct err *err);

/* Finds the digest of exactly this name. ERR_NOTFOUND: no line has this name. */
MUST_CHECK int sha256sums_find(const char *text, size_t n, const char *name, struct digest *ret,
                               struct err *err);

#endif
