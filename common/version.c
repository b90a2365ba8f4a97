#include <ctype.h>
#include "version.h"

#define NUMBER_MAX 9999 /* a version with the longest parts still fits VERSION_TEXT */

/* Nomad's minors in order: 0.0 ... 0.12, 1.0 ... 1.11, 2.0 ... The last line has no end. */
static const struct {
    unsigned major;
    unsigned minors; /* number of minors */
} lines[] = {{0, 13}, {1, 12}, {2, NUMBER_MAX}};

static int read_version_number(const char **s, unsigned *ret)
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

/* Reads identifiers with dots between them; none may be empty. Stops at the first other character.
 */
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

/* Reads the version at *s and moves *s behind it. */
static int read_version(const char **s, struct version *ret)
{
    struct version v = {0};
    if (**s == 'v')
        (*s)++;
    unsigned *const numbers[] = {&v.major, &v.minor, &v.patch};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        if (i > 0 && *(*s)++ != '.')
            return -1;
        if (read_version_number(s, numbers[i]) < 0)
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

/* semver 2.0.0, 11.4: numbers are compared as numbers and come before words; words are compared by
 * their bytes. */
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
        abort(); /* a constant in our code is mistyped; the first test that uses it finds this */
    return version_cmp(a, &b);
}

/* The place of a minor on Nomad's sequence, from 0; -1: the minor is not on it. */
static int find_minor_ordinal(unsigned major, unsigned minor)
{
    unsigned before = 0;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        if (lines[i].major == major)
            return minor < lines[i].minors ? (int)(before + minor) : -1;
        before += lines[i].minors;
    }
    return -1;
}

static void find_minor_at_ordinal(int n, unsigned *ret_major, unsigned *ret_minor)
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
    int a = find_minor_ordinal(from->major, from->minor);
    int b = find_minor_ordinal(to->major, to->minor);
    if (a < 0 || b < 0)
        return version_cmp(from, to) < 0 ? 1000 : -1000;
    return MAX_OF(-1000, MIN_OF(1000, b - a));
}

void version_path(char *dst, size_t n, const struct version *from, const struct version *to)
{
    auto_buf struct buf path = BUF_INIT;
    int steps = version_minor_distance(from, to);
    int first = find_minor_ordinal(from->major, from->minor);
    if (first >= 0 && steps < 1000)
        for (int i = 1; i < steps; i++) {
            unsigned major, minor;
            find_minor_at_ordinal(first + i, &major, &minor);
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

/* Copies the next word of a list; false: the list has ended. Aborts when the word is too long: then
 * a constant in our code is mistyped. */
static bool next_list_word(const char **s, char dst[static VERSION_TEXT])
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

static struct version parse_constant(const char *text)
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

    while (next_list_word(&since, word)) {
        struct version entry = parse_constant(word);
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

    while (next_list_word(&ranges, word)) {
        char *dash = strchr(word, '-');
        if (dash != NULL)
            *dash++ = '\0';
        bool open = dash != NULL && *dash == '\0';
        struct version first = parse_constant(word),
                       last = open ? *v : parse_constant(dash ? dash : word);
        if (version_is_ent(&last) && !version_is_ent(v))
            continue;
        if (version_cmp_numbers(v, &first) >= 0 && version_cmp_numbers(v, &last) <= 0)
            return true;
    }
    return false;
}

static bool take_list_word(const char **list, char dst[static VERSION_TEXT])
{
    *list += strspn(*list, " ");
    return strcspn(*list, " ") < VERSION_TEXT && next_list_word(list, dst);
}

/* Is the text three numbers, with or without "+ent"? */
static bool is_list_entry(const char *text, struct version *ret)
{
    struct err unused = ERR_INIT;
    return version_parse(text, ret, &unused) == 0 && ret->pre[0] == '\0' &&
           (ret->meta[0] == '\0' || str_eq(ret->meta, "ent"));
}

bool version_since_ok(const char *since)
{
    char word[VERSION_TEXT];
    struct version v;
    size_t n = 0;

    for (; take_list_word(&since, word); n++)
        if (!is_list_entry(word, &v))
            return false;
    return n > 0 && *since == '\0';
}

static bool is_list_range(char *word)
{
    struct version first, last;
    char *dash = strchr(word, '-');

    if (dash == NULL)
        return is_list_entry(word, &first);
    *dash++ = '\0';
    if (!is_list_entry(word, &first) || first.meta[0] != '\0')
        return false;
    return *dash == '\0' || (is_list_entry(dash, &last) && version_cmp(&first, &last) <= 0);
}

bool version_ranges_ok(const char *ranges)
{
    char word[VERSION_TEXT];
    size_t n = 0;

    for (; take_list_word(&ranges, word); n++)
        if (!is_list_range(word))
            return false;
    return n > 0 && *ranges == '\0';
}

/* ---- days ---- */

#define DAY 11 /* "2024-01-15" and the character after it */

static bool is_day(const char *s)
{
    static const char shape[] = "dddd-dd-dd";
    for (size_t i = 0; shape[i] != '\0'; i++)
        if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
            return false;
    return true;
}

bool version_built_before(const char *a, const char *b)
{
    return is_day(a) && is_day(b) && strncmp(a, b, DAY - 1) < 0;
}

/* A year is counted from March, so that the additional day of a leap year is the last of its year.
 */
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
