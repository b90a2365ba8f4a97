/*
 * binary_download.h - fetches one binary from one of several places, and checks its size and
 * digest.
 *
 * The places are tried in order. Each place gets an equal share of the time that is left: the
 * first of two gets half of it, so that no place uses up the time of the places after it. The
 * bytes go into <dir>/<fetch digest>.part and are hashed as they come; the download ends at the
 * signed size. The member `nomad` of a zip is unpacked into the same directory. The result is
 * <dir>/<digest>, mode 0600. Only its digest makes it valid: the caller copies the file and hashes
 * the copy before it trusts it. A failure leaves nothing in the directory. A job begins by
 * removing the files of a killed job (names of 64 hexadecimal digits, with or without ".part";
 * nothing else is removed).
 *
 * No connection is made to a place that root does not allow, also after a redirect: refused-by-law.
 *
 * If the last part of a URL is the digest of the file, the place is one of Caravan's own (release
 * serve, a seed). These never redirect, so no redirect is followed: a redirect is no-network. So
 * an attacker who poses as a seed cannot send this host to addresses that only this host can
 * reach.
 *
 * If a place announces another size than the signed one, nothing is fetched from it.
 *
 * The reported failure is that of the last place. No space, no time and a request to stop end the
 * job at once. A place that does not answer is no-network. A place is too-slow if it is slower
 * than the floor for BINARY_SPEED_WINDOW_S, or needs more than its share of the time.
 */
#ifndef BINARY_DOWNLOAD_H
#define BINARY_DOWNLOAD_H

#include "clock.h"
#include "fetch_job.h"

#define BINARY_SPEED_WINDOW_S 30
#define BINARY_CONNECT_MS     10000
#define BINARY_PATH_MAX       (256 + 1 + 2 * DIGEST_LEN + 1)

struct binary_download {
    const struct fetch_get *job;
    const struct clock *clock;
    bool allow_file; /* file:// places */
    const char
        *url_prefixes; /* root's (url_plain.h), for places and where redirects lead; NULL: any */
    unsigned speed_window_s; /* of job->speed_min; 0: BINARY_SPEED_WINDOW_S */
    int stop_fd;             /* stop when it becomes readable or is closed; -1: never */
    void (*progress)(void *ctx, uint64_t done, uint64_t total); /* at most 4 a second */
    /* Called when a place is given up and the next place is tried. May be NULL. */
    void (*left)(void *ctx, enum failure why, const char *text);
    void *ctx;
};

/* -1: *ret_failure is the kind of failure, and err contains the text. */
MUST_CHECK int binary_download_run(const struct binary_download *g,
                                   char ret_path[static BINARY_PATH_MAX], enum failure *ret_failure,
                                   struct err *err);

#endif
