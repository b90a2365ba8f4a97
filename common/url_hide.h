/*
 * url_hide.h - hides the user and password in a URL before people see the URL.
 *
 * In "https://user:secret@host/path" three stars take the place of "user:secret". err.c does this
 * for every text of a struct err. Code that shows or stores a URL in another way must call these
 * functions. Code that fetches keeps the whole URL; a file that contains the whole URL has mode
 * 0600. Pure; any thread.
 */
#ifndef URL_HIDE_H
#define URL_HIDE_H

#include <stddef.h>

/* Hides the user and password of every URL in the text, in place. The text does not get longer. */
void url_hide(char *text);
/* Copies the URL to dst[n]. Hides the user and password first, then cuts the URL if it is too long.
 */
void url_shown(char *dst, size_t n, const char *url);

#endif
