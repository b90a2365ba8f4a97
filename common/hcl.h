/*
 * hcl.h - what HCL and JSON are written with: words, strings, heredocs and signs, one at a
 * time. Pure.
 *
 * Calling sequence: a struct hcl from hcl_of_file or hcl_of_text, then hcl_next until HCL_END
 * or a kind that the caller refuses. A copy of the struct looks ahead. What a caller wants to
 * know of comments, strings with ${...} in them and heredocs is here; which sign or word may
 * stand where is the caller's.
 *
 * It is no parser: it knows no blocks, no keys and no expressions (a number, a name and a
 * part of "a.b-1" are words; the bracket of a call is a sign), and leaves escapes as they stand.
 *
 * Limits: bounded by the text's length, every call but that for HCL_END passes at least one
 * byte. No recursion, nothing allocated, nothing written; NUL bytes are signs like others. The
 * text is borrowed, and what a token points to is in it.
 */
#ifndef HCL_H
#define HCL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "compiler.h"

#define HCL_ANCHOR_MAX 64 /* what a heredoc ends with */

enum hcl_form {
    HCL_NATIVE, /* strings hold ${...}, within which quotes and ends of line stand; heredocs */
    HCL_PLAIN,  /* neither: JSON, and HCL that is read without them */
};

enum hcl_kind {
    HCL_END,
    HCL_WORD,         /* letters, digits, "_-.+" and bytes above 0x7f */
    HCL_STRING,       /* without its quotes */
    HCL_HEREDOC,      /* its lines, without the anchor's */
    HCL_SIGN,         /* any byte that begins nothing else, also one that HCL has no use for */
    HCL_OPEN_COMMENT, /* a block comment that does not end: all the rest of the text */
    HCL_BAD,          /* a string or heredoc that does not end, or an anchor that is none */
};

struct hcl {
    const char *next, *end; /* what is left */
    enum hcl_form form;
    uint32_t line; /* of `next`, from 1 */
    /* The token that was read last. */
    enum hcl_kind kind;
    const char *at; /* HCL_WORD, HCL_STRING, HCL_HEREDOC: n bytes */
    size_t n;
    char sign; /* HCL_SIGN */
};

struct hcl hcl_of_text(const char *text, size_t n, enum hcl_form form);
/* A whole file, behind its byte order mark: JSON when it begins with a brace, as Nomad tells. */
struct hcl hcl_of_file(const char *text, size_t n);
/* Reads the next token; returns its kind. Blanks (space, tab, CR, LF) and comments (#, //,
 * block comments) are passed over. After HCL_BAD nothing that follows means anything. */
enum hcl_kind hcl_next(struct hcl *h);

#endif
