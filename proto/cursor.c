#include "cursor.h"

static int refuse_unexpected(const struct cursor *c, const char *what, struct err *err)
{
    if (c->at >= c->n)
        return err_set(err, ERR_FORMAT, 0, "the bytes end at %zu where %s is expected", c->at,
                       what);
    return err_set(err, ERR_FORMAT, 0, "byte %zu: %s expected, 0x%02x found", c->at, what,
                   c->p[c->at]);
}

static int refuse_too_short(const struct cursor *c, const char *what, struct err *err)
{
    return err_set(err, ERR_FORMAT, 0, "byte %zu: %s goes past the end at %zu", c->at, what, c->n);
}

static int refuse_longer_form(const struct cursor *c, const char *what, struct err *err)
{
    return err_set(err, ERR_FORMAT, 0, "byte %zu: %s is not in its shortest form", c->at, what);
}

/* Reads the big-endian number of `width` bytes that follows the tag. */
static int read_wide_number(const struct cursor *c, size_t width, const char *what, uint64_t *ret,
                            struct err *err)
{
    if (c->n - c->at - 1 < width)
        return refuse_too_short(c, what, err);
    uint64_t v = 0;
    for (size_t i = 0; i < width; i++)
        v = v << 8 | c->p[c->at + 1 + i];
    *ret = v;
    return 0;
}

int cursor_uint(struct cursor *c, uint64_t *ret, struct err *err)
{
    static const char what[] = "an unsigned number";
    /* The largest value for which there is a shorter form. */
    static const uint64_t shorter[] = {0x7f, UINT8_MAX, UINT16_MAX, UINT32_MAX};

    if (c->at >= c->n)
        return refuse_unexpected(c, what, err);
    unsigned char tag = c->p[c->at];
    uint64_t v = tag;
    size_t width = 0;
    if (tag >= 0xcc && tag <= 0xcf) {
        width = (size_t)1 << (tag - 0xcc);
        if (read_wide_number(c, width, what, &v, err) < 0)
            return -1;
        if (v <= shorter[tag - 0xcc])
            return refuse_longer_form(c, what, err);
    } else if (tag > 0x7f) {
        return refuse_unexpected(c, what, err);
    }
    c->at += 1 + width;
    *ret = v;
    return 0;
}

int cursor_int(struct cursor *c, int64_t *ret, struct err *err)
{
    static const char what[] = "a number";
    static const int64_t shorter[] = {-32, INT8_MIN, INT16_MIN, INT32_MIN};

    if (c->at >= c->n)
        return refuse_unexpected(c, what, err);
    unsigned char tag = c->p[c->at];
    uint64_t u;
    if (tag >= 0xe0) {
        *ret = (int64_t)tag - 0x100;
        c->at++;
        return 0;
    }
    if (tag >= 0xd0 && tag <= 0xd3) {
        size_t width = (size_t)1 << (tag - 0xd0);
        if (read_wide_number(c, width, what, &u, err) < 0)
            return -1;
        unsigned unused = (unsigned)(64 - 8 * width);
        int64_t v = (int64_t)(u << unused) >> unused; /* sign extension */
        if (v >= shorter[tag - 0xd0])
            return refuse_longer_form(c, what, err);
        c->at += 1 + width;
        *ret = v;
        return 0;
    }
    struct cursor ahead = *c;
    if (cursor_uint(&ahead, &u, err) < 0)
        return -1;
    if (u > INT64_MAX)
        return err_set(err, ERR_FORMAT, 0, "byte %zu: a number above 2^63-1", c->at);
    *c = ahead;
    *ret = (int64_t)u;
    return 0;
}

int cursor_bool(struct cursor *c, bool *ret, struct err *err)
{
    if (c->at >= c->n || (c->p[c->at] & 0xfe) != 0xc2)
        return refuse_unexpected(c, "true or false", err);
    *ret = c->p[c->at] == 0xc3;
    c->at++;
    return 0;
}

/* How a type writes its length: in the tag itself, or after one of up to three other tags. */
struct form {
    const char *what;
    unsigned char fix_tag;
    uint64_t fix_max;                 /* UINT64_MAX: no such form */
    unsigned char tag8, tag16, tag32; /* 0: no such form */
};

#define NO_FIX UINT64_MAX

static int find_length_width(const struct form *f, unsigned char tag, size_t *ret)
{
    const unsigned char tags[] = {f->tag8, f->tag16, f->tag32};
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        if (tags[i] != 0 && tags[i] == tag) {
            *ret = (size_t)1 << i;
            return 0;
        }
    }
    return -1;
}

/* The largest length that fits a shorter form than that of `width` bytes; -1: no shorter form. */
static int64_t find_shorter_max(const struct form *f, size_t width)
{
    int64_t max = f->fix_max == NO_FIX ? -1 : (int64_t)f->fix_max;
    if (width > 1 && f->tag8 != 0)
        max = UINT8_MAX;
    if (width > 2 && f->tag16 != 0)
        max = UINT16_MAX;
    return max;
}

/* Reads tag and length without moving the cursor; *ret_head is the size of both in bytes. */
static int read_length(const struct cursor *c, const struct form *f, uint64_t *ret,
                       size_t *ret_head, struct err *err)
{
    size_t width;
    uint64_t v;

    if (c->at >= c->n)
        return refuse_unexpected(c, f->what, err);
    unsigned char tag = c->p[c->at];
    if (f->fix_max != NO_FIX && tag >= f->fix_tag && tag <= f->fix_tag + f->fix_max) {
        *ret = (uint64_t)(tag - f->fix_tag);
        *ret_head = 1;
        return 0;
    }
    if (find_length_width(f, tag, &width) < 0)
        return refuse_unexpected(c, f->what, err);
    if (read_wide_number(c, width, f->what, &v, err) < 0)
        return -1;
    if ((int64_t)v <= find_shorter_max(f, width))
        return refuse_longer_form(c, f->what, err);
    *ret = v;
    *ret_head = 1 + width;
    return 0;
}

int cursor_array(struct cursor *c, uint32_t *ret_n, struct err *err)
{
    static const struct form form = {"an array", 0x90, 15, 0, 0xdc, 0xdd};
    uint64_t n;
    size_t head;

    if (read_length(c, &form, &n, &head, err) < 0)
        return -1;
    if (n > c->n - c->at - head) /* an element has at least one byte */
        return refuse_too_short(c, form.what, err);
    c->at += head;
    *ret_n = (uint32_t)n;
    return 0;
}

static int read_body(struct cursor *c, const struct form *f, const unsigned char **ret_p,
                     size_t *ret_n, size_t *ret_head, struct err *err)
{
    uint64_t n;
    size_t head;

    if (read_length(c, f, &n, &head, err) < 0)
        return -1;
    if (n > c->n - c->at - head)
        return refuse_too_short(c, f->what, err);
    *ret_p = c->p + c->at + head;
    *ret_n = (size_t)n;
    *ret_head = head;
    return 0;
}

int cursor_bytes(struct cursor *c, const unsigned char **ret_p, size_t *ret_n, struct err *err)
{
    static const struct form form = {"a byte string", 0, NO_FIX, 0xc4, 0xc5, 0xc6};
    size_t head;

    if (read_body(c, &form, ret_p, ret_n, &head, err) < 0)
        return -1;
    c->at += head + *ret_n;
    return 0;
}

int cursor_text(struct cursor *c, const unsigned char **ret_p, size_t *ret_n, struct err *err)
{
    static const struct form form = {"a text", 0xa0, 31, 0xd9, 0xda, 0xdb};
    const unsigned char *p;
    size_t n, head;

    if (read_body(c, &form, &p, &n, &head, err) < 0)
        return -1;
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_char_len(p + i, n - i);
        if (len == 0)
            return err_set(err, ERR_FORMAT, 0, "byte %zu: the text contains NUL or invalid UTF-8",
                           c->at + head + i);
    }
    c->at += head + n;
    *ret_p = p;
    *ret_n = n;
    return 0;
}

int cursor_end(const struct cursor *c, struct err *err)
{
    if (c->at != c->n)
        return err_set(err, ERR_FORMAT, 0, "%zu bytes too many after byte %zu", c->n - c->at,
                       c->at);
    return 0;
}

size_t utf8_char_len(const unsigned char *p, size_t n)
{
    /* First byte range, length, and the range of the second byte (RFC 3629). */
    static const struct {
        unsigned char first, last, len, low, high;
    } rows[] = {
        {0x01, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
        {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
        {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
    };

    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        if (p[0] < rows[r].first || p[0] > rows[r].last)
            continue;
        size_t len = rows[r].len;
        if (len > n || (len > 1 && (p[1] < rows[r].low || p[1] > rows[r].high)))
            return 0;
        for (size_t i = 2; i < len; i++) {
            if ((p[i] & 0xc0) != 0x80)
                return 0;
        }
        return len;
    }
    return 0;
}
