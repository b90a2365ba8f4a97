#include <ctype.h>
#include <inttypes.h>
#include "str.h"

int str_copy(char *dst, size_t n, const char *s)
{
    size_t len = strnlen(s, n);
    if (len >= n) {
        dst[0] = '\0';
        return -1;
    }
    memcpy(dst, s, len + 1);
    return 0;
}

void str_cut(char *dst, size_t n, const char *s)
{
    size_t len = strnlen(s, n - 1);
    memcpy(dst, s, len);
    dst[len] = '\0';
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
    size_t n = strlen(s);
    size_t m = strlen(suffix);
    return n >= m && strcmp(s + n - m, suffix) == 0;
}

int str_to_u64(const char *s, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    if (*s == '\0')
        return -1;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9')
            return -1;
        uint64_t digit = (uint64_t)(*s - '0');
        if (v > (max - digit) / 10 && (v > max / 10 || v * 10 > max - digit))
            return -1;
        v = v * 10 + digit;
    }
    if (v > max)
        return -1;
    *ret = v;
    return 0;
}

int str_to_i64(const char *s, int64_t *ret)
{
    bool negative = *s == '-';
    uint64_t v;
    uint64_t max = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    if (str_to_u64(s + (negative ? 1 : 0), max, &v) < 0)
        return -1;
    *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
    return 0;
}

struct unit {
    const char *name;
    int64_t ns;
};

/* "ms" stands before "m", because find_unit takes the first unit with which the text begins. */
static const struct unit units[] = {
    {"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000},  {"\xce\xbcs", 1000},
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000LL}, {"h", 3600000000000LL},
};

static const struct unit *find_unit(const char *s)
{
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (str_starts(s, units[i].name))
            return &units[i];
    return NULL;
}

/* Reads one part such as "12.5ms" at *s and moves *s behind it. */
static int read_duration_part(const char **s, double *ret_ns)
{
    const char *p = *s;
    double value = 0;
    double scale = 1;
    int digits = 0;
    for (; isdigit((unsigned char)*p) && digits < 18; p++, digits++)
        value = value * 10 + (*p - '0');
    if (*p == '.') {
        for (p++; isdigit((unsigned char)*p) && digits < 18; p++, digits++) {
            scale /= 10;
            value += (*p - '0') * scale;
        }
    }
    const struct unit *u = find_unit(p);
    if (digits == 0 || u == NULL)
        return -1;
    *ret_ns = value * (double)u->ns;
    *s = p + strlen(u->name);
    return 0;
}

int str_go_duration(const char *s, int64_t *ret_ns)
{
    if (str_eq(s, "0")) {
        *ret_ns = 0;
        return 0;
    }
    bool negative = *s == '-';
    double total = 0;
    if (negative)
        s++;
    if (*s == '\0')
        return -1;
    while (*s != '\0') {
        double part;
        if (read_duration_part(&s, &part) < 0)
            return -1;
        total += part;
    }
    if (total > 9e18)
        return -1;
    *ret_ns = (int64_t)(negative ? -total : total);
    return 0;
}

int64_t str_go_ms(const char *s)
{
    int64_t ns = 0;

    if (s[0] == '\0' || str_go_duration(s, &ns) < 0 || ns < 0)
        return -1;
    return ns / 1000000 + (ns % 1000000 != 0);
}

int str_duration_ms(const char *s, int64_t *ret_ms)
{
    int64_t ns;
    if (*s == '-' || str_go_duration(s, &ns) < 0)
        return -1;
    *ret_ms = ns / 1000000;
    return 0;
}

int str_size(const char *s, uint64_t *ret)
{
    static const char suffixes[] = "KMGT";
    char digits[24];
    uint64_t v;
    size_t n = strlen(s);
    unsigned shift = 0;

    if (n > 0) {
        const char *at = strchr(suffixes, s[n - 1]);
        if (at != NULL && *at != '\0') {
            shift = 10 * (unsigned)(at - suffixes + 1);
            n--;
        }
    }
    if (n >= sizeof(digits))
        return -1;
    memcpy(digits, s, n);
    digits[n] = '\0';
    if (str_to_u64(digits, UINT64_MAX >> shift, &v) < 0)
        return -1;
    *ret = v << shift;
    return 0;
}

void str_hex(char *dst, const unsigned char *p, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        dst[2 * i] = digits[p[i] >> 4];
        dst[2 * i + 1] = digits[p[i] & 15];
    }
    dst[2 * n] = '\0';
}

static int read_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

int str_unhex(const char *s, unsigned char *dst, size_t n)
{
    if (strnlen(s, 2 * n + 1) != 2 * n)
        return -1;
    for (size_t i = 0; i < 2 * n; i++)
        if (read_hex_digit(s[i]) < 0)
            return -1;
    for (size_t i = 0; i < n; i++)
        dst[i] = (unsigned char)(read_hex_digit(s[2 * i]) << 4 | read_hex_digit(s[2 * i + 1]));
    return 0;
}

/* Returns the length of the well-formed UTF-8 sequence at p (RFC 3629), or 0. */
static size_t measure_utf8(const unsigned char *p, size_t n)
{
    size_t len = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (len == 0 || p[0] > 0xf4 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

/* Characters that people do not see, or that change the order of the text they see. */
static const struct {
    uint32_t from, to;
} unseen[] = {
    {0x00, 0x1f},       {0x7f, 0x9f}, /* C0 and C1 controls; C1 controls drive some terminals */
    {0x61c, 0x61c},                   /* Arabic letter mark: reorders a line */
    {0x200b, 0x200f},                 /* zero width characters, marks of direction */
    {0x2028, 0x202e},                 /* line separators, embeddings, overrides */
    {0x2060, 0x206f},                 /* invisible operators, isolates */
    {0xfeff, 0xfeff},                 /* zero width */
    {0xfff9, 0xfffb},                 /* annotations */
    {0xe0000, 0xe007f},               /* tags: text that is not shown */
};

size_t str_code_point(const char *s, size_t n, uint32_t *ret, bool *ret_unseen)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t len = n == 0 ? 0 : p[0] < 0x80 ? 1 : measure_utf8(p, n);
    if (len == 0)
        return 0;
    uint32_t c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3f);
    *ret_unseen = false;
    for (size_t i = 0; i < ARRAY_LEN(unseen); i++)
        *ret_unseen |= c >= unseen[i].from && c <= unseen[i].to;
    *ret = c;
    return len;
}

void str_escape(struct buf *out, const char *s, size_t n)
{
    while (n > 0) {
        uint32_t c = 0;
        bool hidden = false;
        size_t len = str_code_point(s, n, &c, &hidden);
        if (len == 0 || hidden) {
            buf_printf(out, "\\x%02x", (unsigned char)*s);
            len = 1;
        } else {
            buf_add(out, s, len);
        }
        s += len;
        n -= len;
    }
}

void str_for_ms(char *dst, size_t n, int64_t ms)
{
    if (ms < 0)
        ms = 0;
    if (ms < 1000)
        snprintf(dst, n, "%" PRId64 " ms", ms);
    else if (ms < 60000)
        snprintf(dst, n, "%" PRId64 ".%" PRId64 " s", ms / 1000, ms % 1000 / 100);
    else if (ms < 3600000)
        snprintf(dst, n, "%" PRId64 " min %" PRId64 " s", ms / 60000, ms % 60000 / 1000);
    else
        snprintf(dst, n, "%" PRId64 " h %" PRId64 " min", ms / 3600000, ms % 3600000 / 60000);
}

const char *str_count(uint64_t n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

void str_for_bytes(char *dst, size_t n, uint64_t bytes)
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    double v = (double)bytes;
    while (v >= 1024 && i + 1 < ARRAY_LEN(names)) {
        v /= 1024;
        i++;
    }
    snprintf(dst, n, i == 0 ? "%.0f %s" : "%.1f %s", v, names[i]);
}

size_t str_distance(const char *a, const char *b)
{
    enum { MOST = 48 };
    size_t row[MOST];
    size_t an = strnlen(a, MOST - 1);
    size_t bn = strnlen(b, MOST - 1);
    for (size_t j = 0; j <= bn; j++)
        row[j] = j;
    for (size_t i = 1; i <= an; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= bn; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t move = MIN_OF(row[j], row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = MIN_OF(change, move);
        }
    }
    return row[bn];
}

void str_wrap(struct buf *out, const char *text, const char *prefix, size_t width)
{
    size_t column = 0;
    while (*text != '\0') {
        text += strspn(text, " \n");
        size_t n = strcspn(text, " \n");
        if (n == 0)
            break;
        if (column > 0 && column + 1 + n > width) {
            buf_add_str(out, "\n");
            column = 0;
        }
        buf_add_str(out, column > 0 ? " " : prefix);
        buf_add(out, text, n);
        column += (column > 0 ? 1 : strlen(prefix)) + n;
        text += n;
    }
    if (column > 0)
        buf_add_str(out, "\n");
}
