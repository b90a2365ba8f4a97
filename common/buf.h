/*
 * buf.h - a byte buffer that grows.
 *
 * Calling sequence: BUF_INIT, then buf_add and friends, then buf_free (or the attribute auto_buf).
 * Running out of memory ends the program (err.h). When `data` is not NULL, a NUL byte follows the
 * `len` bytes, so that a buffer of text is a C string. The content itself may contain NUL bytes.
 * Set `limit` for data from outside: adding more than `limit` bytes then fails. Not shared between
 * threads.
 */
#ifndef BUF_H
#define BUF_H

#include <stdarg.h>
#include <stdint.h>
#include "cleanup.h"
#include "err.h"

struct buf {
    unsigned char *data;
    size_t len;
    size_t cap;
    size_t limit; /* bytes; 0: no limit */
};

#define BUF_INIT                                                                                   \
    {                                                                                              \
        NULL, 0, 0, 0                                                                              \
    }

void buf_free(struct buf *b);  /* frees the content; the buffer is empty then and keeps its limit */
void buf_clear(struct buf *b); /* empties the buffer and keeps its memory */

/* Appends n bytes. -1: the buffer would become longer than its limit; nothing was appended. */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_add_str(struct buf *b, const char *s);
int buf_add_byte(struct buf *b, unsigned char c);
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
int buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);

/* Appends an integer as big-endian bytes, as on the wire. */
int buf_add_u32(struct buf *b, uint32_t v);
int buf_add_u64(struct buf *b, uint64_t v);

/* The content as text; "" for an empty buffer. The pointer is valid until the next change. */
const char *buf_str(const struct buf *b);

#define auto_buf CLEANUP(buf_free)

/* Reads a big-endian integer. The caller has checked that 4 (or 8) bytes are there. */
uint32_t get_u32(const unsigned char *p);
uint64_t get_u64(const unsigned char *p);

#endif
