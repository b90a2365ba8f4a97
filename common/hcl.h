/*
 * hcl.h - a tokenizer for HCL and JSON: words, strings, heredocs and signs, one at a time. Pure.
 *
 * Calling sequence: hcl_of_file or hcl_of_text make a struct hcl; then call hcl_next until it
 * returns HCL_END or a kind that the caller refuses. To look ahead, copy the struct. The tokenizer
 * handles comments, strings with ${...} in them, and heredocs. The caller decides which word or
 * sign may stand where.
 *
 * This is not a parser: it does not know blocks, keys or expressions (a number, a name and a part
 * of "a.b-1" are words; the bracket of a call is a sign). Escapes stay as they are written.
 *
 * Limits: the work is bounded by the length of the text; every call before HCL_END passes at least
 * one byte. The tokenizer does not recurse, allocate or write. A NUL byte is a sign like any other.
 * The text is borrowed; tokens point into it.
 */
#ifndef HCL_H
#define HCL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "compiler.h"

#define HCL_ANCHOR_MAX 64 /* bytes of the word that ends a heredoc */

enum hcl_form {
    HCL_NATIVE, /* with heredocs, and with ${...} in strings, which may contain quotes and newlines
                 */
    HCL_PLAIN,  /* without both: JSON, and HCL that is read without them */
};

enum hcl_kind {
    HCL_END,
    HCL_WORD,         /* letters, digits, "_-.+" and bytes above 0x7f */
    HCL_STRING,       /* without its quotes */
    HCL_HEREDOC,      /* its lines, without the line of the anchor */
    HCL_SIGN,         /* any other byte, even one that means nothing in HCL */
    HCL_OPEN_COMMENT, /* a block comment that does not end: the rest of the text */
    HCL_BAD,          /* a string or heredoc that does not end, or an invalid anchor */
};

struct hcl {
    const char *next, *end; /* the text that was not read yet */
    enum hcl_form form;
    uint32_t line; /* line number of `next`, from 1 */
    /* The token that hcl_next returned last: */
    enum hcl_kind kind;
    const char *at; /* HCL_WORD, HCL_STRING, HCL_HEREDOC: n bytes */
    size_t n;
    char sign; /* HCL_SIGN */
};

struct hcl hcl_of_text(const char *text, size_t n, enum hcl_form form);
/* For a whole file. Skips a byte order mark. Like Nomad, takes a file that begins with a brace as
 * JSON (HCL_PLAIN). */
struct hcl hcl_of_file(const char *text, size_t n);
/* Reads the next token and returns its kind. Skips blanks (space, tab, CR, LF) and comments (#, //,
 * block comments). After HCL_BAD the caller must stop: further tokens are meaningless. */
enum hcl_kind hcl_next(struct hcl *h);

#endif
