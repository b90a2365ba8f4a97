/*
 * download.h - one file over HTTP into a descriptor, from where it stopped.
 *
 * Limits: max bytes (ERR_LIMIT), a deadline for all, a floor on speed (ERR_TIMEOUT), at
 * most 5 redirects, never from https to http and never to file:. Proxies that the environment names
 * are used: they can keep files away, but who signed them is checked. A mirror that breaks off
 * is asked for the rest, a few times, as long as each time brought something; one that
 * knows no ranges begins again, and so does the file. No room is ERR_NOSPACE, and says how
 * much is missing. What stop_fd has to read ends it (ERR_STATE "interrupted"); what came
 * until then stays in the file.
 *
 * Errors: ERR_NETWORK (no answer, a status, broken off), ERR_NOTFOUND (status 404),
 * ERR_REFUSED (a redirect), ERR_FORMAT (it does not go on from where it was asked to), and those
 * above.
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
    uint64_t speed_min; /* bytes a second; 0: none */
    uint32_t speed_window_s;
    int stop_fd; /* -1: none */
    /* NULL, or told how far it is; total 0: not known. */
    void (*progress)(void *ctx, uint64_t done, uint64_t total);
    void *ctx;
};

/* fd: for reading and writing; *from bytes of it are there already, and afterwards *from are. */
MUST_CHECK int download(const struct download *d, int fd, uint64_t *from, struct err *err);
/* Is there room for so many more bytes where fd is? ERR_NOSPACE says how many are missing. */
MUST_CHECK int download_room(int fd, uint64_t more, struct err *err);

#endif
