/*
 * http.h - HTTP requests with limits and deadlines: libcurl, and only here.
 *
 * One struct http a thread: it owns a curl multi handle and its connections.
 * http_start posts a request; http_wait drives everything and returns when at
 * least one request finished, when http_wake was called (from any thread), when a
 * descriptor given with http_watch is readable, or when the time is over.
 * Finished requests are handed to their callback inside http_wait; the answer is
 * valid during the call only. http_do is one request, waited for.
 *
 * Limits: total deadline and connect deadline a request, a cap on the body
 * (ERR_LIMIT) and on the headers (64 KiB), a floor on speed (speed_min bytes/s over
 * speed_window seconds, ERR_TIMEOUT), no redirects unless asked, only the protocol
 * of the URL given (https, http; file where allowed), no proxies from the
 * environment unless asked, no compression (ERR_FORMAT where it comes all the same). Addresses:
 * "http://h:p/...", "https://..."; "unix:///path.sock" is http://localhost/... through unix_socket.
 *
 * Errors: ERR_NETWORK (may be tried again), ERR_TIMEOUT, ERR_CRYPTO (the peer's
 * certificate), ERR_CONFIG (our own TLS files), ERR_LIMIT, ERR_USAGE; the text names
 * method and URL. An answer with any status is no error.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include "buf.h"

struct http;
struct http_answer;

struct http_tls {
    const char *ca_file; /* NULL: the system's */
    const char *ca_path;
    const char *client_cert;
    const char *client_key;
    const char *server_name; /* name to verify and send as SNI instead of the URL's host */
    bool skip_verify;
};

struct http_request {
    const char *method; /* NULL: GET */
    const char *url;
    const char *unix_socket; /* NULL, or the path */
    const char *token;       /* NULL, or sent as X-Nomad-Token */
    const void *body;        /* NULL: none; else sent as application/json */
    size_t body_len;
    int64_t deadline_ms;         /* total, from now */
    int64_t connect_deadline_ms; /* 0: as deadline_ms */
    size_t max;                  /* cap on the answer's body; 0: 8 MiB */
    uint32_t speed_min;          /* bytes/s, 0: none */
    uint32_t speed_window;       /* seconds */
    /* How many to follow; https never to http. ERR_USAGE with a method, token, body, socket or
     * server_name. */
    int redirects;
    /* NULL, or asked about every URL before a connection is made for it, also where a redirect
     * leads, as libcurl's parser understood it. -1: the request ends with this error. */
    int (*check_url)(void *ctx, const char *url, struct err *err);
    bool allow_file; /* file:// URLs */
    bool env_proxy;  /* the environment's proxies, as curl(1) reads them: https_proxy, no_proxy, ...
                      */
    /* Not 0: only the bytes from here on are asked for (Range). Who does not know ranges sends
     * all with status 200; 206 and `range` say what comes. */
    uint64_t from;
    const struct http_tls *tls; /* NULL: defaults */
    /* NULL, or called before the first piece of the body, with what is known by then; -1 stops. */
    int (*on_head)(void *ctx, const struct http_answer *head);
    /* NULL: the body is collected. Else called with each piece; -1 stops (ERR_IO). */
    int (*on_data)(void *ctx, const void *p, size_t n);
    /* Called once, from http_wait; may start requests. err is NULL when the answer is
     * whole; else the answer says how far it came (its status may be there). */
    void (*on_done)(void *ctx, const struct http_answer *answer, const struct err *err);
    void *ctx;
};

struct http_answer {
    int status; /* 0 when there was no answer: err tells */
    const unsigned char *body;
    size_t body_len;
    uint64_t nomad_index;   /* X-Nomad-Index, 0 when absent */
    const char *next_token; /* X-Nomad-NextToken, "" */
    const char *digest;     /* Digest header, "" */
    int64_t length;         /* that the body is to have; -1: not told */
    const char *range;      /* Content-Range, "" */
    int64_t took_ms;
};

MUST_CHECK int http_new(struct http **ret, struct err *err); /* the first before threads */
void http_free(struct http *h); /* outstanding requests end without their callback */
/* Copies what it needs from the request, tls included. */
MUST_CHECK int http_start(struct http *h, const struct http_request *r, struct err *err);
size_t http_open(const struct http *h); /* requests under way */
/* At most timeout_ms (-1: no end). Returns the number of finished requests. */
MUST_CHECK int http_wait(struct http *h, int64_t timeout_ms, struct err *err);
void http_wake(struct http *h); /* any thread */
/* Descriptors http_wait also wakes for (at most 8); every http_wait sets *ready to
 * whether fd was readable. fd < 0 clears the slot. */
MUST_CHECK int http_watch(struct http *h, int slot, int fd, bool *ready, struct err *err);

/* One request, waited for (on_done and ctx are not used); the answer's memory
 * belongs to h until the next http_do. -1 when there was no whole answer; any status
 * is 0. Other requests move on and end meanwhile; wakes and watched descriptors wait
 * for the next http_wait. */
MUST_CHECK int http_do(struct http *h, const struct http_request *r, struct http_answer *ret,
                       struct err *err);
/* Percent-encodes s for a query value or path element. */
void http_escape(struct buf *out, const char *s);

#endif
