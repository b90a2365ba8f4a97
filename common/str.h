/*
 * str.h - text: bounded copies, strict numbers, hexadecimal, durations, escapes.
 *
 * Nothing here allocates unless it says so, and nothing truncates in silence
 * where a truncated value could be taken for a whole one: those return -1.
 */
#ifndef STR_H
#define STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "buf.h"

/* Copies s into dst[n], always terminated. -1 when it did not fit (dst then
 * holds ""). str_cut is for texts people read: it cuts instead. */
MUST_CHECK int str_copy(char *dst, size_t n, const char *s);
void str_cut(char *dst, size_t n, const char *s);

/* Inline, with the first letter first: identifiers are compared everywhere, and mostly differ. */
static inline bool str_eq(const char *a, const char *b)
{
    return a[0] == b[0] && strcmp(a, b) == 0;
}
static inline bool str_is_blank(char c)
{
    return c == ' ' || c == '\t';
}
bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);

/* The whole text is one decimal number in range, no sign (i64: optional '-'),
 * no blanks; else -1 and *ret untouched. */
MUST_CHECK int str_to_u64(const char *s, uint64_t max, uint64_t *ret);
MUST_CHECK int str_to_i64(const char *s, int64_t *ret);

/* A duration as Go prints it ("34.1ms", "1m30s", "0", "0s"; units ns us µs ms
 * s m h, concatenated, decimals allowed) to nanoseconds; -1 when it is none. */
MUST_CHECK int str_go_duration(const char *s, int64_t *ret_ns);
/* The same in whole ms, rounded up; -1: it is none, or below 0. */
int64_t str_go_ms(const char *s);

/* A duration as people type it in options and configuration: "500ms", "10s",
 * "2m", "1h"; a number without unit is refused unless 0. To milliseconds. */
MUST_CHECK int str_duration_ms(const char *s, int64_t *ret_ms);

/* A size as people type it: "100", "64K", "150M", "1G" (powers of 1024). */
MUST_CHECK int str_size(const char *s, uint64_t *ret);

/* Writes 2n lower-case digits and NUL into dst (2n + 1 bytes). */
void str_hex(char *dst, const unsigned char *p, size_t n);
/* Exactly 2n digits of either case, nothing else; else -1. */
MUST_CHECK int str_unhex(const char *s, unsigned char *dst, size_t n);

/* Length of the well-formed UTF-8 sequence at s, and its code point; 0: none. Unseen: a control
 * character, or one that reorders or hides what people read. */
size_t str_code_point(const char *s, size_t n, uint32_t *ret, bool *ret_unseen);
/* Appends s with unseen characters, invalid UTF-8 and terminal escapes made
 * visible as \xNN. For every text from a host or from Nomad that people see. */
void str_escape(struct buf *out, const char *s, size_t n);

/* "1.2 s", "2 min 5 s", "1 h 3 min", "350 ms": for people. dst >= 24 bytes. */
void str_for_ms(char *dst, size_t n, int64_t ms);
/* The word that fits the number: str_count(1, "host", "hosts"). */
const char *str_count(uint64_t n, const char *one, const char *many);
/* "150.0 MiB": for people. dst >= 24 bytes. */
void str_for_bytes(char *dst, size_t n, uint64_t bytes);

/* How many single-character changes lie between two names; for "did you mean".
 * Only the first 47 characters of each count. */
size_t str_distance(const char *a, const char *b);

/* Appends text broken at blanks into lines of at most width columns, each begun
 * with prefix and ended with a newline. A word longer than that stands alone. */
void str_wrap(struct buf *out, const char *text, const char *prefix, size_t width);

#endif
