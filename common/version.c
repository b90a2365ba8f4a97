#include <ctype.h>
#include "version.h"

#define NUMBER_MAX 9999 /* with all parts at their longest the text fits VERSION_TEXT */

/* Nomad's minors in order: 0.0 ... 0.12, 1.0 ... 1.11, 2.0 ... The last line is open. */
static const struct {
    unsigned major;
    unsigned minors; /* how many there are */
} lines[] = {{0, 13}, {1, 12}, {2, NUMBER_MAX}};

static int read_number(const char **s, unsigned *ret)
{
    const char *p = *s;
    unsigned v = 0;
    for (; isdigit((unsigned char)*p); p++) {
        v = v * 10 + (unsigned)(*p - '0');
        if (v > NUMBER_MAX)
            return -1;
    }
    if (p == *s || (**s == '0' && p - *s > 1))
        return -1;
    *s = p;
    *ret = v;
    return 0;
}

static bool is_identifier_char(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '.';
}

/* Identifiers between dots, none of them empty; stops at `end` or the end of s. */
static int read_identifiers(const char **s, char *dst, size_t n)
{
    size_t len = 0;
    while (is_identifier_char((*s)[len]))
        len++;
    if (len == 0 || len >= n || (*s)[0] == '.' || (*s)[len - 1] == '.')
        return -1;
    for (size_t i = 1; i < len; i++)
        if ((*s)[i] == '.' && (*s)[i - 1] == '.')
            return -1;
    memcpy(dst, *s, len);
    dst[len] = '\0';
    *s += len;
    return 0;
}

/* The version at the beginning of *s; *s is left behind it. */
static int read_version(const char **s, struct version *ret)
{
    struct version v = {0};
    if (**s == 'v')
        (*s)++;
    unsigned *const numbers[] = {&v.major, &v.minor, &v.patch};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (i > 0 && *(*s)++ != '.')
            return -1;
        if (read_number(s, numbers[i]) < 0)
            return -1;
    }
    if (**s == '-') {
        (*s)++;
        if (read_identifiers(s, v.pre, sizeof(v.pre)) < 0)
            return -1;
    }
    if (**s == '+') {
        (*s)++;
        if (read_identifiers(s, v.meta, sizeof(v.meta)) < 0)
            return -1;
    }
    *ret = v;
    return 0;
}

int version_parse(const char *s, struct version *ret, struct err *err)
{
    const char *p = s;
    struct version v;
    if (read_version(&p, &v) < 0 || *p != '\0')
        return err_set(err, ERR_FORMAT, 0, "\"%.60s\" is not a version such as 1.9.7 or 2.0.5+ent",
                       s);
    *ret = v;
    return 0;
}

int version_parse_output(const char *out, struct version *ret, struct err *err)
{
    static const char front[] = "Nomad ";
    const char *p = out + sizeof(front) - 1;
    struct version v;
    if (!str_starts(out, front) || read_version(&p, &v) < 0 ||
        (*p != '\0' && !isspace((unsigned char)*p)))
        return err_set(err, ERR_FORMAT, 0, "\"%.60s\" is not what `nomad version` prints", out);
    *ret = v;
    return 0;
}

void version_text(char dst[static VERSION_TEXT], const struct version *v)
{
    auto_buf struct buf text = BUF_INIT;
    buf_printf(&text, "%u.%u.%u", v->major, v->minor, v->patch);
    if (v->pre[0] != '\0')
        buf_printf(&text, "-%s", v->pre);
    if (v->meta[0] != '\0')
        buf_printf(&text, "+%s", v->meta);
    str_cut(dst, VERSION_TEXT, buf_str(&text));
}

static int cmp_unsigned(unsigned a, unsigned b)
{
    return (a > b) - (a < b);
}

/* semver 2.0.0, 11.4: numbers as numbers, below words; words by their bytes. */
static int cmp_identifier(const char *a, size_t an, const char *b, size_t bn)
{
    static const char digits[] = "0123456789";
    bool a_number = strspn(a, digits) >= an;
    bool b_number = strspn(b, digits) >= bn;
    if (a_number != b_number)
        return a_number ? -1 : 1;
    if (a_number && an != bn)
        return an < bn ? -1 : 1;
    int c = memcmp(a, b, MIN_OF(an, bn));
    return c != 0 ? c : (an > bn) - (an < bn);
}

static int cmp_pre(const char *a, const char *b)
{
    if (*a == '\0' || *b == '\0')
        return (*a == '\0') - (*b == '\0');
    for (;;) {
        size_t an = strcspn(a, ".");
        size_t bn = strcspn(b, ".");
        int c = cmp_identifier(a, an, b, bn);
        if (c != 0)
            return c;
        if (a[an] == '\0' || b[bn] == '\0')
            return (a[an] != '\0') - (b[bn] != '\0');
        a += an + 1;
        b += bn + 1;
    }
}

int version_cmp(const struct version *a, const struct version *b)
{
    int c = cmp_unsigned(a->major, b->major);
    if (c == 0)
        c = cmp_unsigned(a->minor, b->minor);
    if (c == 0)
        c = cmp_unsigned(a->patch, b->patch);
    return c != 0 ? c : cmp_pre(a->pre, b->pre);
}

bool version_same(const struct version *a, const struct version *b)
{
    return version_cmp(a, b) == 0 && str_eq(a->meta, b->meta);
}

int version_cmp_text(const struct version *a, const char *text)
{
    struct version b;
    const char *p = text;
    if (read_version(&p, &b) < 0 || *p != '\0')
        abort(); /* a constant of ours is mistyped: found by the first test that meets it */
    return version_cmp(a, &b);
}

/* Place on Nomad's sequence of minors; -1 when it has none. */
static int ordinal(unsigned major, unsigned minor)
{
    unsigned before = 0;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (lines[i].major == major)
            return minor < lines[i].minors ? (int)(before + minor) : -1;
        before += lines[i].minors;
    }
    return -1;
}

static void at_ordinal(int n, unsigned *ret_major, unsigned *ret_minor)
{
    unsigned left = (unsigned)n;
    size_t i = 0;
    for (; i + 1 < ARRAY_LEN(lines) && left >= lines[i].minors; i++)
        left -= lines[i].minors;
    *ret_major = lines[i].major;
    *ret_minor = left;
}

int version_minor_distance(const struct version *from, const struct version *to)
{
    if (from->major == to->major && from->minor == to->minor)
        return 0;
    int a = ordinal(from->major, from->minor);
    int b = ordinal(to->major, to->minor);
    if (a < 0 || b < 0)
        return version_cmp(from, to) < 0 ? 1000 : -1000;
    return MAX_OF(-1000, MIN_OF(1000, b - a));
}

void version_path(char *dst, size_t n, const struct version *from, const struct version *to)
{
    auto_buf struct buf path = BUF_INIT;
    int steps = version_minor_distance(from, to);
    int first = ordinal(from->major, from->minor);
    if (first >= 0 && steps < 1000)
        for (int i = 1; i < steps; i++) {
            unsigned major, minor;
            at_ordinal(first + i, &major, &minor);
            buf_printf(&path, "%s%u.%u", i > 1 ? ", " : "", major, minor);
        }
    str_cut(dst, n, buf_str(&path));
}

static bool has_edition(const struct version *v, const char *prefix)
{
    for (const char *p = v->meta; *p != '\0'; p += strcspn(p, ".")) {
        p += *p == '.';
        if (str_starts(p, prefix))
            return true;
    }
    return false;
}

bool version_is_ent(const struct version *v)
{
    return has_edition(v, "ent");
}

bool version_is_fips(const struct version *v)
{
    return has_edition(v, "fips");
}
