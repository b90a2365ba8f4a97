#include "url_hide.h"

#include <ctype.h>
#include "cleanup.h"
#include "err.h"
#include "str.h"

/* Ends of what may hold a user: those of a URL's authority. */
#define END_AUTHORITY "/?# \t\r\n\"'<>"
#define END_URL       " \t\r\n\"'<>"

static char *last_at(char *from, size_t n)
{
    while (n > 0 && from[n - 1] != '@')
        n--;
    return n > 0 ? from + n - 1 : NULL;
}

/* "host:8080", "[::1]:8080", "host": after the last colon there is a number, or no colon at all. */
static bool is_host(const char *from, size_t n)
{
    size_t digits = 0;
    while (digits < n && isdigit((unsigned char)from[n - 1 - digits]))
        digits++;
    return digits == n || from[n - 1 - digits] == ':' || memchr(from, ':', n) == NULL ||
           from[n - 1] == ']';
}

/* The '@' behind the user, NULL: there is none. Whose password has a slash in it wrote no URL, but
 * his password it is all the same. */
static char *end_of_user(char *from)
{
    size_t n = strcspn(from, END_AUTHORITY);
    char *at = last_at(from, n);
    return at != NULL || is_host(from, n) ? at : last_at(from, strcspn(from, END_URL));
}

void url_hide(char *text)
{
    for (char *p = text; (p = strstr(p, "://")) != NULL;) {
        p += strlen("://");
        char *at = end_of_user(p);
        if (at == NULL)
            continue;
        size_t stars = MIN_OF((size_t)(at - p), (size_t)3);
        memset(p, '*', stars);
        memmove(p + stars, at, strlen(at) + 1);
        p += stars;
    }
}

void url_shown(char *dst, size_t n, const char *url)
{
    autofree char *copy = xstrdup(url);
    url_hide(copy);
    str_cut(dst, n, copy);
}
