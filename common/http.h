/*
 * http.h - HTTP requests with limits and deadlines. Only this file uses libcurl.
 *
 * Every thread has its own struct http, which owns a curl multi handle and its connections.
 * http_start starts a request. http_wait moves all requests on. It returns when at least one
 * request has ended, when any thread has called http_wake, when a descriptor given with http_watch
 * is readable, or when the time is over. http_wait calls on_done for every request that has ended;
 * the answer is valid during that call only. http_do starts one request and waits for its answer.
 *
 * Limits: every request has a total deadline, a connect deadline, a maximum for the body and for
 * the headers (64 KiB; ERR_LIMIT), and can have a minimum speed (speed_min bytes/s over
 * speed_window seconds; ERR_TIMEOUT). Redirects are followed only if the request says so. Only the
 * protocol of the given URL is used (https or http; file where allowed). Proxies from the
 * environment are used only if the request says so. Caravan asks for no compression; a compressed
 * answer is ERR_FORMAT. URLs: "http://h:p/...", "https://...". For "unix:///path.sock" the caller
 * asks http://localhost/... with unix_socket.
 *
 * Errors: ERR_NETWORK (the caller may try again), ERR_TIMEOUT, ERR_CRYPTO (the certificate of the
 * server), ERR_CONFIG (our own TLS files), ERR_LIMIT, ERR_FORMAT, ERR_REFUSED (a redirect),
 * ERR_USAGE. The text names method and URL. An answer with any HTTP status is a success here.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stdint.h>
#include "buf.h"

struct http;
struct http_answer;

struct http_tls {
    const char *ca_file; /* NULL: the CA certificates of the system */
    const char *ca_path;
    const char *client_cert;
    const char *client_key;
    const char *server_name; /* verified and sent as SNI instead of the host of the URL */
    bool skip_verify;
};

struct http_request {
    const char *method; /* NULL: GET */
    const char *url;
    const char *unix_socket; /* path of the socket; NULL: use TCP */
    const char *token;       /* sent as X-Nomad-Token; NULL: no token */
    const void *body;        /* sent as application/json; NULL: no body */
    size_t body_len;
    int64_t deadline_ms;         /* total, from now */
    int64_t connect_deadline_ms; /* 0: the same as deadline_ms */
    size_t max;                  /* most bytes of the answer's body; 0: 8 MiB */
    uint32_t speed_min;          /* bytes/s; 0: no minimum */
    uint32_t speed_window;       /* seconds */
    /* How many redirects to follow. A redirect from https to http is never followed. ERR_USAGE
     * together with a method, token, body, socket or server_name. */
    int redirects;
    /* Checks every URL before libcurl connects to it, also the target of a redirect. The URL is as
     * libcurl's parser understood it. -1: the request ends with this error. NULL: no check. */
    int (*check_url)(void *ctx, const char *url, struct err *err);
    bool allow_file; /* allow file:// URLs */
    bool env_proxy; /* use the proxies of the environment, as curl(1): https_proxy, no_proxy, ... */
    /* Not 0: ask only for the bytes from this offset on (Range). A server that does not know ranges
     * sends the whole body with status 200. With status 206, `range` of the answer names the part.
     */
    uint64_t from;
    const struct http_tls *tls; /* NULL: defaults */
    /* Called before the first piece of the body, with what is known by then. -1 ends the request
     * (ERR_IO). NULL: no call. */
    int (*on_head)(void *ctx, const struct http_answer *head);
    /* Called with each piece of the body. -1 ends the request (ERR_IO). NULL: http collects the
     * body. */
    int (*on_data)(void *ctx, const void *p, size_t n);
    /* http_wait calls this once, when the request has ended; on_done may start requests. err NULL:
     * the answer is whole. Otherwise the answer is incomplete; its status may be known. */
    void (*on_done)(void *ctx, const struct http_answer *answer, const struct err *err);
    void *ctx;
};

struct http_answer {
    int status; /* 0: there was no answer; err says why */
    const unsigned char *body;
    size_t body_len;
    uint64_t nomad_index;   /* X-Nomad-Index; 0: the header is absent */
    const char *next_token; /* X-Nomad-NextToken; "": absent */
    const char *digest;     /* the header Digest; "": absent */
    int64_t length;         /* Content-Length; -1: unknown */
    const char *range;      /* Content-Range; "": absent */
    int64_t took_ms;        /* since the start of the request */
};

/* Make the first struct http before the program starts threads. */
MUST_CHECK int http_new(struct http **ret, struct err *err);
void http_free(struct http *h); /* ends open requests without calling on_done */
/* Copies everything from the request, tls included. */
MUST_CHECK int http_start(struct http *h, const struct http_request *r, struct err *err);
size_t http_open(const struct http *h); /* number of open requests */
/* Waits at most timeout_ms (-1: without limit). Returns how many requests have ended. */
MUST_CHECK int http_wait(struct http *h, int64_t timeout_ms, struct err *err);
void http_wake(struct http *h); /* any thread may call it */
/* Makes http_wait return when fd is readable. Every http_wait sets *ready: was fd readable? There
 * are 8 slots. fd < 0 clears the slot. */
MUST_CHECK int http_watch(struct http *h, int slot, int fd, bool *ready, struct err *err);

/* Makes one request and waits for its answer; on_done and ctx are not used. The memory of the
 * answer belongs to h until the next http_do. 0: the answer is whole, whatever its status. -1: it
 * is not. Other requests go on and may end meanwhile. http_do does not return for http_wake or a
 * watched descriptor; the next http_wait handles them. */
MUST_CHECK int http_do(struct http *h, const struct http_request *r, struct http_answer *ret,
                       struct err *err);
/* Percent-encodes s for a query value or path element. */
void http_escape(struct buf *out, const char *s);

#endif
