#include "openpgp_armor.h"

#include "crypto.h"
#include "str.h"

#define BLANKS " \t\r"

/* A line without its newline and without the blanks before that, which mail programs may add. */
struct line {
    const char *at;
    size_t n;
};

static const char *const titles[] = {
    [OPENPGP_KEYS] = "PGP PUBLIC KEY BLOCK",
    [OPENPGP_SIGNATURES] = "PGP SIGNATURE",
};

static bool next_armor_line(const char **at, const char *end, struct line *ret)
{
    if (*at == end)
        return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    size_t n = (size_t)((stop != NULL ? stop : end) - *at);
    ret->at = *at;
    *at = stop != NULL ? stop + 1 : end;
    while (n > 0 && memchr(BLANKS, ret->at[n - 1], strlen(BLANKS)) != NULL)
        n--;
    ret->n = n;
    return true;
}

static bool line_starts_with(const struct line *l, const char *s)
{
    return l->n >= strlen(s) && memcmp(l->at, s, strlen(s)) == 0;
}

/* Is the line "-----WORD TITLE-----", such as "-----BEGIN PGP SIGNATURE-----"? */
static bool is_mark(const struct line *l, const char *word, const char *title)
{
    char mark[64];
    int n = snprintf(mark, sizeof(mark), "-----%s %s-----", word, title);
    return n > 0 && l->n == (size_t)n && memcmp(l->at, mark, l->n) == 0;
}

static uint32_t compute_crc24(const unsigned char *p, size_t n)
{
    uint32_t crc = 0xb704ce;
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)p[i] << 16;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1) ^ ((crc & 0x800000) != 0 ? 0x1864cfb : 0);
    }
    return crc & 0xffffff;
}

/* The line of the checksum is "=" and four characters of base64, which are three bytes. */
static int check_armor_sum(const struct line *l, const unsigned char *p, size_t n, struct err *err)
{
    unsigned char b[3];
    size_t got = 0;
    if (l->n != 5 || base64_decode(l->at + 1, 4, b, sizeof(b), &got) < 0 || got != sizeof(b))
        return err_set(err, ERR_FORMAT, 0, "its checksum has a wrong form");
    if (((uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2]) != compute_crc24(p, n))
        return err_set(err, ERR_FORMAT, 0, "its checksum does not match");
    return 0;
}

static int decode_armor(const struct buf *text, struct buf *bytes, struct err *err)
{
    size_t max = text->len / 4 * 3, got = 0;
    autofree unsigned char *p = xalloc(max + 1);
    if (text->len == 0 || base64_decode(buf_str(text), text->len, p, max, &got) < 0)
        return err_set(err, ERR_FORMAT, 0, "it is not base64");
    buf_add(bytes, p, got);
    return 0;
}

/* Skips header lines such as "Version: ..." and the empty line after them. */
static int skip_headers(const char **at, const char *end, struct err *err)
{
    struct line l;
    while (next_armor_line(at, end, &l)) {
        if (l.n == 0)
            return 0;
        if (memmem(l.at, l.n, ": ", 2) == NULL)
            break;
    }
    return err_set(err, ERR_FORMAT, 0, "there is no empty line before its data");
}

/* Reads one block: from the line after BEGIN up to and including the line END. */
static int read_armor_block(const char *title, const char **at, const char *end, struct buf *ret,
                            struct err *err)
{
    auto_buf struct buf text = BUF_INIT, bytes = BUF_INIT;
    struct line l, sum = {NULL, 0};
    bool ended = false;
    if (skip_headers(at, end, err) < 0)
        return -1;
    while (!ended && next_armor_line(at, end, &l)) {
        ended = is_mark(&l, "END", title);
        if (!ended && (sum.at != NULL || l.n == 0 || line_starts_with(&l, "-")))
            return err_set(err, ERR_FORMAT, 0, "it contains a line that is not data");
        if (!ended && l.at[0] == '=')
            sum = l;
        else if (!ended)
            buf_add(&text, l.at, l.n);
    }
    if (!ended)
        return err_set(err, ERR_FORMAT, 0, "it has no end");
    if (decode_armor(&text, &bytes, err) < 0 ||
        (sum.at != NULL && check_armor_sum(&sum, bytes.data, bytes.len, err) < 0))
        return -1;
    buf_add(ret, bytes.data, bytes.len);
    return 0;
}

int openpgp_dearmor(enum openpgp_kind kind, const void *p, size_t n, struct buf *ret,
                    struct err *err)
{
    const char *at = p, *end = at + n, *title = titles[kind];
    auto_buf struct buf all = BUF_INIT;
    struct line l;
    size_t blocks = 0;
    if (n > 0 && (((const unsigned char *)p)[0] & 0x80) != 0) {
        buf_add(ret, p, n);
        return 0;
    }
    while (next_armor_line(&at, end, &l)) {
        if (!line_starts_with(&l, "-----BEGIN "))
            continue;
        blocks++;
        if (!is_mark(&l, "BEGIN", title))
            return err_set(err, ERR_FORMAT, 0, "block %zu of the armour is not a %s", blocks,
                           title);
        if (read_armor_block(title, &at, end, &all, err) < 0)
            return err_wrap(err, "block %zu of the armour", blocks);
    }
    if (blocks == 0)
        return err_set(err, ERR_FORMAT, 0, "it is not binary and contains no %s", title);
    buf_add(ret, all.data, all.len);
    return 0;
}
