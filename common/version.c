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

bool version_find(const char *text, struct version *ret)
{
    unsigned major = 0, minor = 0;
    const char *at = text + strcspn(text, "0123456789");
    char *end = NULL;

    major = (unsigned)(strtoul(at, &end, 10) & 0xffff);
    if (end == at || *end != '.')
        return false;
    at = end + 1;
    minor = (unsigned)(strtoul(at, &end, 10) & 0xffff);
    *ret = (struct version){.major = major, .minor = minor};
    return end != at;
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

/* ---- lists of versions ---- */

int version_cmp_numbers(const struct version *a, const struct version *b)
{
    struct version x = *a, y = *b;
    x.pre[0] = y.pre[0] = '\0';
    return version_cmp(&x, &y);
}

/* The next word of a list, as a version; false: the list has ended. A word that is none is a
 * mistyped constant of ours. */
static bool next_word(const char **s, char dst[static VERSION_TEXT])
{
    *s += strspn(*s, " ");
    size_t n = strcspn(*s, " ");
    if (n == 0)
        return false;
    if (n >= VERSION_TEXT)
        abort();
    memcpy(dst, *s, n);
    dst[n] = '\0';
    *s += n;
    return true;
}

static struct version constant(const char *text)
{
    struct version v;
    struct err err = ERR_INIT;
    if (version_parse(text, &v, &err) < 0)
        abort();
    return v;
}

bool version_has(const struct version *v, const char *since)
{
    char word[VERSION_TEXT];
    bool above = false;

    while (next_word(&since, word)) {
        struct version entry = constant(word);
        if (version_is_ent(&entry) && !version_is_ent(v))
            continue;
        if (entry.major == v->major && entry.minor == v->minor)
            return version_cmp_numbers(v, &entry) >= 0;
        above |= version_cmp_numbers(v, &entry) > 0;
    }
    return above;
}

bool version_within(const struct version *v, const char *ranges)
{
    char word[VERSION_TEXT];

    while (next_word(&ranges, word)) {
        char *dash = strchr(word, '-');
        if (dash != NULL)
            *dash++ = '\0';
        bool open = dash != NULL && *dash == '\0';
        struct version first = constant(word), last = open ? *v : constant(dash ? dash : word);
        if (version_is_ent(&last) && !version_is_ent(v))
            continue;
        if (version_cmp_numbers(v, &first) >= 0 && version_cmp_numbers(v, &last) <= 0)
            return true;
    }
    return false;
}

/* ---- the days they were released on ---- */

/* By minor: the days of patch 0, 1, 2 ... From 1.8.5 and 1.9.8 on some are Enterprise's only
 * (source: Nomad's changelogs up to 2.0.5; of 2.0.6 and 2.0.7 the days on which their changelogs
 * were merged and Homebrew got them: hashicorp/nomad#28535 and #28582, hashicorp/homebrew-tap#396
 * and #421). */
#define DAY 11 /* with its blank */
static const struct {
    unsigned major, minor;
    const char *days;
} released[] = {
    {0, 8,
     "2018-04-12 2018-04-17 2018-04-26 2018-04-27 2018-06-11 2018-09-13 "
     "2018-09-26 2019-01-14"},
    {0, 9,
     "2019-04-09 2019-04-29 2019-06-05 2019-06-12 2019-07-30 2019-08-21 "
     "2019-10-07 2019-12-04"},
    {0, 10,
     "2019-10-22 2019-11-04 2019-12-04 2020-01-29 2020-02-19 2020-03-24 "
     "2020-10-21 2020-10-23 2020-11-10 2020-11-19"},
    {0, 11,
     "2020-04-08 2020-04-22 2020-05-14 2020-06-05 2020-08-07 2020-10-21 "
     "2020-10-23 2020-11-10 2020-11-19"},
    {0, 12,
     "2020-07-09 2020-07-23 2020-08-12 2020-08-13 2020-09-09 2020-09-17 "
     "2020-10-21 2020-10-23 2020-11-10 2020-11-18 2021-01-28 2021-03-18 "
     "2021-05-11"},
    {1, 0,
     "2020-12-08 2020-12-16 2021-01-14 2021-01-28 2021-02-24 2021-05-11 "
     "2021-05-18 2021-06-09 2021-06-22 2021-07-29 2021-08-26 2021-09-20 "
     "2021-10-05 2021-11-15 2021-11-19 2021-12-13 2022-01-18 2022-02-01 "
     "2022-02-09"},
    {1, 1,
     "2021-05-18 2021-06-09 2021-06-22 2021-07-29 2021-08-26 2021-09-20 "
     "2021-10-05 2021-11-15 2021-11-19 2021-12-13 2022-01-18 2022-02-01 "
     "2022-02-09 2022-05-10 2022-05-19 2022-07-13 2022-08-05 2022-08-25 "
     "2022-08-31"},
    {1, 2,
     "2021-11-15 2021-11-19 2021-11-24 2021-12-13 2022-01-18 2022-02-01 "
     "2022-02-09 2022-05-10 2022-05-19 2022-07-13 2022-08-05 2022-08-25 "
     "2022-08-31 2022-10-04 2022-10-26 2022-11-21 2023-02-14"},
    {1, 3,
     "2022-05-11 2022-05-19 2022-07-13 2022-08-05 2022-08-25 2022-08-31 "
     "2022-10-04 2022-10-26 2022-11-21 2023-02-14 2023-03-01 2023-03-10 "
     "2023-03-21 2023-04-04 2023-05-02 2023-05-19 2023-08-18"},
    {1, 4,
     "2022-10-04 2022-10-06 2022-10-26 2022-11-21 2023-02-14 2023-03-01 "
     "2023-03-10 2023-03-21 2023-04-04 2023-05-02 2023-05-19 2023-07-18 "
     "2023-07-21 2023-09-13 2023-10-30"},
    {1, 5,
     "2023-03-01 2023-03-10 2023-03-21 2023-04-04 2023-05-02 2023-05-05 "
     "2023-05-19 2023-07-18 2023-07-21 2023-09-13 2023-10-30 2023-12-07 "
     "2023-12-13 2024-01-15 2024-02-08 2024-02-13 2024-03-12 2024-04-16"},
    {1, 6,
     "2023-07-18 2023-07-21 2023-09-13 2023-10-30 2023-12-07 2023-12-13 "
     "2024-01-15 2024-02-08 2024-02-13 2024-03-12 2024-04-16 2024-05-28 "
     "2024-06-19 2024-07-16 2024-08-13 2024-09-17"},
    {1, 7,
     "2023-12-07 2023-12-08 2023-12-13 2024-01-15 2024-02-08 2024-02-13 "
     "2024-03-12 2024-04-16 2024-05-28 2024-06-19 2024-07-16 2024-08-13 "
     "2024-09-17 2024-10-10 2024-10-21 2024-11-08 2024-12-18 2025-01-14 "
     "2025-02-11 2025-03-11"},
    {1, 8,
     "2024-05-28 2024-06-19 2024-07-16 2024-08-13 2024-09-17 2024-10-10 "
     "2024-10-21 2024-11-08 2024-12-18 2025-01-14 2025-02-11 2025-03-11 "
     "2025-04-09 2025-05-13 2025-06-10 2025-07-08 2025-08-13 2025-09-19 "
     "2025-11-11 2025-12-09 2026-02-11 2026-03-11"},
    {1, 9,
     "2024-10-10 2024-10-21 2024-11-08 2024-11-11 2024-12-18 2025-01-14 "
     "2025-02-11 2025-03-11 2025-04-09 2025-05-13 2025-06-10 2025-07-08 "
     "2025-08-13 2025-09-19"},
    {1, 10,
     "2025-04-09 2025-05-13 2025-06-09 2025-07-08 2025-08-13 2025-09-09 "
     "2025-11-11 2025-12-09 2026-02-11 2026-03-11 2026-04-21 2026-05-12 "
     "2026-05-22 2026-06-09 2026-07-07 2026-08-12"},
    {1, 11,
     "2025-11-11 2025-12-09 2026-02-11 2026-03-11 2026-04-21 2026-05-12 "
     "2026-05-22 2026-06-09 2026-07-07 2026-08-12"},
    {2, 0,
     "2026-04-21 2026-05-12 2026-05-22 2026-06-09 2026-07-07 2026-08-12 "
     "2026-09-09 2026-09-18"},
};

static bool is_day(const char *s)
{
    static const char shape[] = "dddd-dd-dd";
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
            return false;
    return true;
}

void version_released(char dst[static DAY_TEXT], const struct version *v)
{
    dst[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(released) && v->pre[0] == '\0'; i++) {
        size_t at = (size_t)v->patch * DAY;
        if (released[i].major == v->major && released[i].minor == v->minor &&
            at < strlen(released[i].days)) {
            memcpy(dst, released[i].days + at, DAY - 1);
            dst[DAY - 1] = '\0';
        }
    }
}

bool version_built_before(const char *a, const char *b)
{
    return is_day(a) && is_day(b) && strncmp(a, b, DAY - 1) < 0;
}

/* Years are counted from March, so that the day a leap year has more is a year's last. */
int64_t version_day_ms(const char *day)
{
    static const int64_t era = 719468; /* days from 0000-03-01 to 1970-01-01 */
    unsigned y = 0, m = 0, d = 0;

    if (!is_day(day))
        return -1;
    for (int i = 0; i < 4; i++)
        y = y * 10 + (unsigned)(day[i] - '0');
    for (int i = 0; i < 2; i++) {
        m = m * 10 + (unsigned)(day[5 + i] - '0');
        d = d * 10 + (unsigned)(day[8 + i] - '0');
    }
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31)
        return -1;
    y -= m <= 2;
    m = (m + 9) % 12;
    int64_t days = (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + d - 1;
    return (days - era) * 24 * 3600 * 1000;
}
