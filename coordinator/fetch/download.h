/*
 * download.h - downloads a file over HTTP into a descriptor; goes on with a part of the file.
 *
 * Limits: a number of bytes (ERR_LIMIT), a deadline for the whole file and a lowest speed
 * (ERR_TIMEOUT), at most 5 redirects, never from https to http and never to file:. The function
 * uses the proxies that the environment names: a proxy can withhold a file, but cannot forge one,
 * because signatures are checked. If a transfer breaks off, the function asks for the rest, up to
 * DOWNLOAD_TRIES requests in all, as long as each request brought some bytes. If the server cannot
 * send ranges, the file begins again at 0. ERR_NOSPACE: the disk has too little room; the text says
 * how much is missing. The download ends as soon as stop_fd is readable (ERR_STATE "interrupted");
 * the bytes that came stay in the file.
 *
 * Further errors: ERR_NETWORK (no answer, a bad HTTP status, or a broken transfer), ERR_NOTFOUND
 * (HTTP status 404), ERR_REFUSED (a refused redirect), ERR_FORMAT (the server sends another part
 * than the one that was asked for).
 */
#ifndef DOWNLOAD_H
#define DOWNLOAD_H

#include <stdbool.h>
#include "clock.h"
#include "err.h"

#define DOWNLOAD_CONNECT_MS 20000
#define DOWNLOAD_TRIES      4

struct download {
    const char *url;
    const struct clock *clock;
    uint64_t max;
    int64_t deadline_ms;
    uint64_t speed_min;      /* bytes a second; 0: no limit */
    uint32_t speed_window_s; /* seconds for which the transfer may be slower */
    int stop_fd;             /* -1: none */
    /* Called with the number of bytes so far; total 0: not known. NULL: no calls. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
};

/* Writes the file to fd, which is open for reading and writing. *from: how many bytes fd has
 * already; afterwards how many it has now, also after an error. */
MUST_CHECK int download(const struct download *d, int fd, uint64_t *from, struct err *err);
/* Has the file system of fd room for so many more bytes? The text of ERR_NOSPACE says how many are
 * missing. */
MUST_CHECK int download_room(int fd, uint64_t more, struct err *err);

#endif
