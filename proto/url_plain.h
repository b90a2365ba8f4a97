/*
 * url_plain.h - the plain form of a URL, which can be compared with a prefix. Pure.
 *
 * In the plain form, the scheme (https, http or file) and the host are in small letters, the host
 * has no dot at its end, the default port of the scheme is left out, the path begins with a slash,
 * and there is no fragment. A URL that two programs could read in two ways has no plain form: a URL
 * with a user before the host, with bytes outside of printable ASCII, with a backslash, or with a
 * part of the path that reads as "." or "..", however its dots and slashes are escaped (also with a
 * backslash, also twice, also with ";parameters").
 *
 * The server gets a request for exactly what the plain URL says, so prefixes of plain URLs can be
 * allowed or refused. caravan-swap checks the places in an order in this way. caravan-fetch uses
 * the same function to check every URL, also of a redirect, as libcurl's own parser understood it.
 * The coordinator checks the places when it makes the plan.
 */
#ifndef URL_PLAIN_H
#define URL_PLAIN_H

#include <stdbool.h>
#include "wire_limits.h"
#include "compiler.h"

/* Writes the plain form. Returns NULL, or a text that says why there is no plain form. */
MUST_CHECK const char *url_plain(const char *url, char dst[static URL_MAX_LEN]);

bool url_has_query(const char *plain);
/* Is the host of this plain URL the host of the address "HOST:PORT" or "[HOST]:PORT"? Numeric hosts
 * are compared as addresses, names by their letters. No name is looked up. */
bool url_is_at(const char *plain, const char *address);

/* Checks that the URL begins with one of the prefixes (blanks between them; no prefix: any URL is
 * allowed). A prefix without a path allows the whole host. A prefix without a plain form allows
 * nothing. Returns NULL: allowed; otherwise a text that says why the URL is refused. */
MUST_CHECK const char *url_refused(const char *prefixes, const char *url);

#endif
