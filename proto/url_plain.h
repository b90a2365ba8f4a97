/*
 * url_plain.h - a URL in the one form in which it can be compared with a prefix.
 *
 * Pure. Plain: scheme (https, http or file) and host in small letters, the host without the dot
 * at its end, no port where it is the scheme's own, a path that begins with a slash, no fragment.
 * A URL that two programs may read in two ways has no plain form: a user before the host, bytes
 * outside of printable ASCII, a backslash, a part of the path that reads as "." or "..", however
 * its dots and slashes are escaped (also by a backslash, also twice, also with ";parameters").
 *
 * What a plain URL begins with is what the server is asked for, so caravan-swap judges the places
 * of an order by it, and caravan-fetch, by the same function, every URL as libcurl's own parser
 * understood it, a redirect's too. The coordinator asks before the night, when it makes the plan.
 */
#ifndef URL_PLAIN_H
#define URL_PLAIN_H

#include <stdbool.h>
#include "wire_limits.h"
#include "compiler.h"

/* NULL, or why there is no plain form. */
MUST_CHECK const char *url_plain(const char *url, char dst[static URL_MAX_LEN]);

bool url_has_query(const char *plain);
/* Is the host of this plain URL the one of "HOST:PORT" or "[HOST]:PORT"? Numbers are compared as
 * addresses, names by their letters; nothing is looked up. */
bool url_is_at(const char *plain, const char *address);

/* Does the URL begin with one of the prefixes (blanks between; none: any URL)? A prefix without a
 * path is a whole host. NULL: yes. Else why not; a prefix without a plain form allows nothing. */
MUST_CHECK const char *url_refused(const char *prefixes, const char *url);

#endif
