#include "url_hide.h"

#include <ctype.h>
#include "cleanup.h"
#include "err.h"
#include "str.h"

/* The characters that end the authority (user, host and port) of a URL, and those that end a URL.
 */
#define END_AUTHORITY "/?# \t\r\n\"'<>"
#define END_URL       " \t\r\n\"'<>"

static char *find_last_at(char *from, size_t n)
{
    while (n > 0 && from[n - 1] != '@')
        n--;
    return n > 0 ? from + n - 1 : NULL;
}

/* "host:8080", "[::1]:8080", "host": a number follows the last colon, or there is no colon. */
static bool is_host(const char *from, size_t n)
{
    size_t digits = 0;
    while (digits < n && isdigit((unsigned char)from[n - 1 - digits]))
        digits++;
    return digits == n || from[n - 1 - digits] == ':' || memchr(from, ':', n) == NULL ||
           from[n - 1] == ']';
}

/* Returns the '@' after the user and password; NULL: the URL has none. A password with a slash in
 * it is not valid in a URL, but it is still a secret; so the search then goes on up to the end of
 * the URL. */
static char *find_user_end(char *from)
{
    size_t n = strcspn(from, END_AUTHORITY);
    char *at = find_last_at(from, n);
    return at != NULL || is_host(from, n) ? at : find_last_at(from, strcspn(from, END_URL));
}

void url_hide(char *text)
{
    for (char *p = text; (p = strstr(p, "://")) != NULL;) {
        p += strlen("://");
        char *at = find_user_end(p);
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
