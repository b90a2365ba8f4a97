/*
 * buf.h - growing bytes.
 *
 * BUF_INIT, then buf_add and friends, then buf_free (or the attribute auto_buf). Memory cannot
 * fail (err.h). `data` is NUL-terminated one past `len` whenever it is not
 * NULL, so a buffer of text is a C string; bytes may hold NUL all the same.
 * A limit set with buf_limit makes adding beyond it fail, for what comes from
 * outside. Not shared between threads.
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
    size_t limit; /* 0: none */
};

#define BUF_INIT                                                                                   \
    {                                                                                              \
        NULL, 0, 0, 0                                                                              \
    }

void buf_free(struct buf *b); /* frees the content and resets; the limit stays */
void buf_clear(struct buf *b);

/* Adds n bytes. -1 (nothing added) only when a limit is set and passed. */
int buf_add(struct buf *b, const void *p, size_t n);
int buf_add_str(struct buf *b, const char *s);
int buf_add_byte(struct buf *b, unsigned char c);
int buf_printf(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
int buf_vprintf(struct buf *b, const char *fmt, va_list ap) PRINTF(2, 0);

/* Big-endian integers, as the wire has them. */
int buf_add_u32(struct buf *b, uint32_t v);
int buf_add_u64(struct buf *b, uint64_t v);

/* The text; "" for an empty buffer. Valid until the next change. */
const char *buf_str(const struct buf *b);

#define auto_buf CLEANUP(buf_free)

/* Big-endian integers from bytes the caller has checked to be there. */
uint32_t get_u32(const unsigned char *p);
uint64_t get_u64(const unsigned char *p);

#endif
