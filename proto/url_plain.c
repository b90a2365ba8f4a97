#include "url_plain.h"
#include <ctype.h>
#include "address.h"
#include "str.h"

static const struct scheme {
    const char *front; /* the beginning of plain URLs */
    unsigned port;     /* the default port; 0: the scheme has neither host nor port */
} schemes[] = {{"https://", 443}, {"http://", 80}, {"file://", 0}};

/* The position in the URL, and the plain form so far. */
struct plain {
    const char *at;
    char *dst;
    size_t n;
    bool too_long;
};

static void put_plain_char(struct plain *p, char c)
{
    if (p->n + 1 < URL_MAX_LEN)
        p->dst[p->n++] = c;
    else
        p->too_long = true;
}

static const char *read_url_scheme(struct plain *p, const struct scheme **ret)
{
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        size_t n = strlen(schemes[i].front);

        if (strncasecmp(p->at, schemes[i].front, n) != 0)
            continue;
        for (size_t c = 0; c < n; c++)
            put_plain_char(p, schemes[i].front[c]);
        p->at += n;
        *ret = &schemes[i];
        return NULL;
    }
    return "it is neither https://, http:// nor file://";
}

static const char *read_host_name(struct plain *p, const char *letters, size_t n)
{
    if (n == 0 || strspn(p->at, letters) < n)
        return "its host is not plain";
    for (size_t i = 0; i < n; i++)
        put_plain_char(p, (char)tolower((unsigned char)p->at[i]));
    p->at += n;
    return NULL;
}

static const char *read_url_host(struct plain *p)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    static const char number[] = "[0123456789abcdefABCDEF:.]";
    const char *why;

    if (p->at[strcspn(p->at, "@/?#")] == '@')
        return "it names a user before the host";
    if (p->at[0] == '[')
        return read_host_name(p, number, strcspn(p->at, "]") + 1);
    why = read_host_name(p, name, strcspn(p->at, ":/?#"));
    if (why == NULL && p->n > 0 && p->dst[p->n - 1] == '.')
        p->n--;
    return why == NULL && strchr("./", p->dst[p->n - 1]) != NULL ? "its host is not plain" : why;
}

static const char *read_url_port(struct plain *p, unsigned own)
{
    char digits[8];
    size_t n;

    if (*p->at != ':')
        return NULL;
    n = strspn(++p->at, "0123456789");
    if (n >= sizeof(digits))
        return "its port is not a number up to 65535";
    memcpy(digits, p->at, n);
    digits[n] = '\0';
    p->at += n;
    uint64_t port = own;
    if (n > 0 && (str_to_u64(digits, 65535, &port) < 0 || port == 0))
        return "its port is not a number up to 65535";
    if (port == own)
        return NULL;
    n = (size_t)snprintf(digits, sizeof(digits), ":%u", (unsigned)port);
    for (size_t i = 0; i < n; i++)
        put_plain_char(p, digits[i]);
    return NULL;
}

/* Reads one character of a path as the last of several readers might see it: unescaped, however
 * many times its percent sign was escaped. */
static char next_path_char(const char **s)
{
    const char *p = *s + 1;
    char c = **s;
    unsigned char byte;
    char hex[3] = "";

    while (c == '%' && p[0] == '2' && p[1] == '5')
        p += 2;
    if (c == '%' && p[0] != '\0' && p[1] != '\0') {
        memcpy(hex, p, 2);
        if (str_unhex(hex, &byte, 1) == 0) {
            c = (char)byte;
            p += 2;
        }
    }
    *s = p;
    return c;
}

/* Could any reader read a part of the path as "." or ".."? */
static bool has_dots(const char *path, const char *end)
{
    size_t len = 0, dots = 0;
    bool in_name = true; /* false after a semicolon */

    while (path < end) {
        char c = next_path_char(&path);

        if (c == '/' || c == '\\' || c == '\0') {
            if (len == dots && (dots == 1 || dots == 2))
                return true;
            len = dots = 0;
            in_name = true;
            continue;
        }
        in_name = in_name && c != ';';
        len += in_name;
        dots += in_name && c == '.';
    }
    return len == dots && (dots == 1 || dots == 2);
}

static const char *read_url_path(struct plain *p)
{
    const char *end = p->at + strcspn(p->at, "?#");

    if (has_dots(p->at, end))
        return "a part of its path reads as \".\" or \"..\"";
    if (*p->at != '/')
        put_plain_char(p, '/');
    end += strcspn(end, "#");
    while (p->at < end)
        put_plain_char(p, *p->at++);
    return NULL;
}

const char *url_plain(const char *url, char dst[static URL_MAX_LEN])
{
    struct plain p = {.at = url, .dst = dst};
    const struct scheme *scheme = NULL;
    const char *why;

    for (const char *s = url; *s != '\0'; s++) {
        if (!isgraph((unsigned char)*s) || *s == '\\')
            return "it contains a blank, a backslash or a character that is not ASCII";
    }
    why = read_url_scheme(&p, &scheme);
    if (why == NULL && scheme->port == 0 && *p.at != '/')
        why = "a file:// place has no host";
    if (why == NULL && scheme->port != 0)
        why = read_url_host(&p);
    if (why == NULL && scheme->port != 0)
        why = read_url_port(&p, scheme->port);
    if (why == NULL && strchr("/?#", *p.at) == NULL)
        why = "its host is not plain";
    if (why == NULL)
        why = read_url_path(&p);
    dst[p.n] = '\0';
    return why == NULL && p.too_long ? "it is too long" : why;
}

bool url_has_query(const char *plain)
{
    return strchr(plain, '?') != NULL;
}

#define HOST_LEN 256

/* Copies the host of "HOST:PORT", "[HOST]:PORT" or "HOST/...". */
static void copy_url_host(const char *at, char dst[static HOST_LEN])
{
    bool six = at[0] == '[';
    size_t n = strcspn(at + six, six ? "]" : ":/");

    snprintf(dst, HOST_LEN, "%.*s", (int)MIN_OF(n, (size_t)HOST_LEN - 1), at + six);
}

bool url_is_at(const char *plain, const char *address)
{
    const char *at = strstr(plain, "//");
    char a[HOST_LEN], b[HOST_LEN];
    struct address x, y;

    if (at == NULL)
        return false;
    copy_url_host(at + 2, a);
    copy_url_host(address, b);
    if (address_parse(a, &x) && address_parse(b, &y))
        return memcmp(&x, &y, sizeof(x)) == 0;
    return a[0] != '\0' && strcasecmp(a, b) == 0;
}

static bool begins_with_prefix(const char *plain, const char *prefix, size_t n)
{
    char one[URL_MAX_LEN], allowed[URL_MAX_LEN];

    if (n >= sizeof(one))
        return false;
    memcpy(one, prefix, n);
    one[n] = '\0';
    return url_plain(one, allowed) == NULL && str_starts(plain, allowed);
}

const char *url_refused(const char *prefixes, const char *url)
{
    static const char blanks[] = " \t";
    char plain[URL_MAX_LEN];

    if (prefixes == NULL || prefixes[strspn(prefixes, blanks)] == '\0')
        return NULL;
    const char *why = url_plain(url, plain);
    if (why != NULL)
        return why;
    for (const char *p = prefixes + strspn(prefixes, blanks); *p != '\0';) {
        size_t n = strcspn(p, blanks);

        if (begins_with_prefix(plain, p, n))
            return NULL;
        p += n;
        p += strspn(p, blanks);
    }
    return "it begins with none of the allowed prefixes";
}
