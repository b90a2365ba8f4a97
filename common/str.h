/*
 * str.h - text: bounded copies, strict numbers, hexadecimal, durations, escapes.
 *
 * Only functions that append to a struct buf allocate memory. A function returns -1 instead of
 * cutting a value that could be mistaken for the whole value.
 */
#ifndef STR_H
#define STR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "buf.h"

/* Copies s into dst[n], always with a NUL at the end. -1: s does not fit; dst is "". str_cut is for
 * texts that people read: it cuts a text that does not fit. */
MUST_CHECK int str_copy(char *dst, size_t n, const char *s);
void str_cut(char *dst, size_t n, const char *s);

/* Inline, and compares the first letter first, for speed: the code compares many identifiers, and
 * most of them differ. */
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

/* Parses a text that is exactly one decimal number within the range, without blanks and without a
 * sign (i64: an optional '-'). Otherwise returns -1 and does not change *ret. */
MUST_CHECK int str_to_u64(const char *s, uint64_t max, uint64_t *ret);
MUST_CHECK int str_to_i64(const char *s, int64_t *ret);

/* Parses a duration as Go prints it ("34.1ms", "1m30s", "0", "0s"; units ns us µs ms s m h, one
 * after the other, decimals allowed) to nanoseconds. -1: the text is not a duration. */
MUST_CHECK int str_go_duration(const char *s, int64_t *ret_ns);
/* Like str_go_duration, in whole milliseconds, rounded up. -1: the text is not a duration, or the
 * duration is below 0. */
int64_t str_go_ms(const char *s);

/* Parses a duration as people type it in options and configuration ("500ms", "10s", "2m", "1h") to
 * milliseconds. A number without unit is refused, except 0. */
MUST_CHECK int str_duration_ms(const char *s, int64_t *ret_ms);

/* Parses a size as people type it ("100", "64K", "150M", "1G"; powers of 1024) to bytes. */
MUST_CHECK int str_size(const char *s, uint64_t *ret);

/* Writes 2n lower-case digits and NUL into dst (2n + 1 bytes). */
void str_hex(char *dst, const unsigned char *p, size_t n);
/* Parses exactly 2n digits of either case. -1: the text is anything else. */
MUST_CHECK int str_unhex(const char *s, unsigned char *dst, size_t n);

/* Returns the length of the UTF-8 sequence at s, and its code point. 0: the sequence is not valid.
 * *ret_unseen: is it a control character, or a character that reorders or hides text? */
size_t str_code_point(const char *s, size_t n, uint32_t *ret, bool *ret_unseen);
/* Appends s. Unseen characters, invalid UTF-8 and terminal escapes become visible as \xNN. Use it
 * for every text from a host or from Nomad that people see. */
void str_escape(struct buf *out, const char *s, size_t n);

/* For people: "1.2 s", "2 min 5 s", "1 h 3 min", "350 ms". dst has at least 24 bytes. */
void str_for_ms(char *dst, size_t n, int64_t ms);
/* The word that fits the number: str_count(1, "host", "hosts") is "host". */
const char *str_count(uint64_t n, const char *one, const char *many);
/* For people: "150.0 MiB". dst has at least 24 bytes. */
void str_for_bytes(char *dst, size_t n, uint64_t bytes);

/* How many single-character changes turn one name into the other; for "did you mean". Only the
 * first 47 characters of each name count. */
size_t str_distance(const char *a, const char *b);

/* Appends the text in lines of at most width columns, broken at blanks. Every line begins with
 * prefix and ends with a newline. A word that is too long for a line gets a line of its own. */
void str_wrap(struct buf *out, const char *text, const char *prefix, size_t width);

#endif
