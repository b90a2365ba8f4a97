/*
 * get.h - one binary, from one of several places, checked in size and digest.
 *
 * The places are tried in order, each within its share of what is left of the deadline: half of it
 * for the first of two, so that no place takes the time of those behind it. What arrives goes into
 * <dir>/<fetch digest>.part, hashed as it comes and cut off at the size known before; a zip's
 * member `nomad` is unpacked beside it. The result is <dir>/<digest>, mode 0600, and counts only by
 * its digest: the caller copies it before it trusts it. Whatever fails leaves nothing in the
 * directory, and a job begins by removing what a killed one left (names of 64 hexadecimal digits,
 * with or without ".part"; nothing else is touched).
 *
 * No connection is made for a place that root does not allow, nor where a redirect leads to one:
 * refused-by-law.
 *
 * A place that ends in the file's own digest is one of Caravan's (release serve, a seed), which
 * redirect nowhere: no redirect is followed there, its answer is no-network. So a host that plays
 * the seed cannot send others on to what they alone may ask.
 *
 * A place that says another size than was signed is left before a byte of it is taken.
 *
 * The failure told is that of the last place tried; no space, no time and "told to
 * stop" end the job at once. A place that answers nothing is no-network, one that
 * is slower than the floor for GET_SPEED_WINDOW_S or past its share of the deadline too-slow.
 */
#ifndef GET_H
#define GET_H

#include "clock.h"
#include "fetch_job.h"

#define GET_SPEED_WINDOW_S 30
#define GET_CONNECT_MS     10000
#define GET_PATH_MAX       (256 + 1 + 2 * DIGEST_LEN + 1)

struct get {
    const struct fetch_get *job;
    const struct clock *clock;
    bool allow_file; /* file:// places */
    const char
        *url_prefixes; /* root's (url_plain.h), for places and where redirects lead; NULL: any */
    unsigned speed_window_s; /* of job->speed_min; 0: GET_SPEED_WINDOW_S */
    int stop_fd;             /* readable or closed: stop; -1: never */
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* at most 4 a second */
    /* A place was given up, the next one is tried; NULL: nobody is told. */
    void (*left)(void *ctx, enum failure why, const char *text);
    void *ctx;
};

/* -1: *ret_failure says what kind, err the rest. */
MUST_CHECK int get_run(const struct get *g, char ret_path[static GET_PATH_MAX],
                       enum failure *ret_failure, struct err *err);

#endif
