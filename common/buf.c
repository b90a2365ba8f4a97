#include "buf.h"

void buf_free(struct buf *b)
{
    free(b->data);
    b->data = NULL;
    b->len = 0;
    b->cap = 0;
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    if (b->data != NULL)
        b->data[0] = '\0';
}

static void grow_buf(struct buf *b, size_t need)
{
    if (need <= b->cap)
        return;
    size_t cap = b->cap > 0 ? b->cap : 64;
    while (cap < need) {
        if (cap > SIZE_MAX / 2)
            die_oom();
        cap *= 2;
    }
    b->data = xrealloc(b->data, cap);
    b->cap = cap;
}

int buf_add(struct buf *b, const void *p, size_t n)
{
    if (n > SIZE_MAX - b->len - 1)
        die_oom();
    if (b->limit > 0 && b->len + n > b->limit)
        return -1;
    grow_buf(b, b->len + n + 1);
    if (n > 0)
        memcpy(b->data + b->len, p, n);
    b->len += n;
    b->data[b->len] = '\0';
    return 0;
}

int buf_add_str(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_add_byte(struct buf *b, unsigned char c)
{
    return buf_add(b, &c, 1);
}

int buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    autofree char *text = NULL;
    int n = vasprintf(&text, fmt, ap);
    if (n < 0)
        die_oom();
    return buf_add(b, text, (size_t)n);
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int rv = buf_vprintf(b, fmt, ap);
    va_end(ap);
    return rv;
}

int buf_add_u32(struct buf *b, uint32_t v)
{
    unsigned char p[4];
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
    return buf_add(b, p, sizeof(p));
}

int buf_add_u64(struct buf *b, uint64_t v)
{
    unsigned char p[8];
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)(v >> (56 - 8 * i));
    return buf_add(b, p, sizeof(p));
}

const char *buf_str(const struct buf *b)
{
    return b->data != NULL ? (const char *)b->data : "";
}

static uint16_t get_u16(const unsigned char *p)
{
    return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

uint32_t get_u32(const unsigned char *p)
{
    return (uint32_t)get_u16(p) << 16 | get_u16(p + 2);
}

uint64_t get_u64(const unsigned char *p)
{
    return (uint64_t)get_u32(p) << 32 | get_u32(p + 4);
}
