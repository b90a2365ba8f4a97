/*
 * url_hide.h - a URL as people may see it: without the user and password in front of the host.
 *
 * Of "https://user:secret@host/path" what stands before the '@' becomes three stars. Every text of
 * a struct err is written so (err.c); whoever shows or stores a URL in another way calls this. What
 * fetches keeps the whole URL, and a file that holds it is of mode 0600. Pure; any thread.
 */
#ifndef URL_HIDE_H
#define URL_HIDE_H

#include <stddef.h>

/* In place, every URL in the text; what is hidden does not grow. */
void url_hide(char *text);
/* A copy that is cut to dst[n], hidden before it is cut. */
void url_shown(char *dst, size_t n, const char *url);

#endif
