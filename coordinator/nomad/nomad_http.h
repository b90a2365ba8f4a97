/*
 * nomad_http.h - sends requests to Nomad: base addresses, TLS, token, and a queue.
 *
 * Caravan asks every server directly. The base address of a server is the address that [servers]
 * maps to its id or name, or else the address of the member with scheme and port of NOMAD_ADDR
 * (4646 if NOMAD_ADDR is a Unix socket). At most NOMAD_OPEN requests are under way, and at most
 * NOMAD_OPEN_EACH to one base, because Nomad closes connections above 100 from one address. Other
 * requests wait in a queue. on_done gets each answer, inside http_wait, or inside nomad_ask if the
 * request cannot be sent. For one thread.
 */
#ifndef NOMAD_HTTP_H
#define NOMAD_HTTP_H

#include "clock.h"
#include "coord_conf.h"
#include "http.h"
#include "token_rule.h"

#define NOMAD_OPEN      192
#define NOMAD_OPEN_EACH 16

#define NOMAD_PAGES 1000 /* pages of one list at most: 200,000 nodes */

#define NOMAD_LOCAL_MS  2000  /* deadline of a request that a Nomad agent answers by itself */
#define NOMAD_LEADER_MS 10000 /* deadline of a request that needs a leader: Nomad waits 5 s */

struct nomad_base {
    char url[300];      /* "https://10.0.0.1:4646", without a slash at its end */
    char socket[256];   /* path of a Unix socket; "": TCP */
    char tls_name[128]; /* name that the certificate must have; "": as configured */
    bool named;         /* tls_name is demanded because the token is sent to this server */
    enum token_way token;
};

struct nomad_http;

MUST_CHECK int nomad_http_new(const struct coord_conf *conf, struct http *http,
                              struct nomad_http **ret, struct err *err);
void nomad_http_free(struct nomad_http *n);

/* The base of NOMAD_ADDR. */
void nomad_base_seed(const struct nomad_http *n, struct nomad_base *ret);
/* The base of NOMAD_ADDR for a request about another region. Nomad forwards such a request, with
 * the token, to a server that only the cluster's lists name. The token is therefore not sent,
 * unless [nomad] token_in_clear allows it. */
void nomad_base_forwarding(const struct nomad_http *n, struct nomad_base *ret);
/* The host for which a base is wanted. region may be "". */
struct nomad_whom {
    const char *id, *name, *region;
};
/* The base of a server: the address that [servers] maps, or `addr` ("10.0.0.1"). If the configured
 * TLS name is one of Nomad's own (server.global.nomad), or if the token is sent, the demanded TLS
 * name is server.<region>.nomad. -1: the address is not known or too long. */
MUST_CHECK int nomad_base_of(const struct nomad_http *n, const struct nomad_whom *whom,
                             const char *addr, struct nomad_base *ret);
/* The base of a client's own API: the address that [servers] maps, or host_port, the "ip:port" of
 * the node's record. Uses TLS when the record (tls) or NOMAD_ADDR does, with the name
 * client.<region>.nomad. Clients never get the token. -1: as above. */
MUST_CHECK int nomad_base_at(const struct nomad_http *n, const struct nomad_whom *whom,
                             const char *host_port, bool tls, struct nomad_base *ret);

struct nomad_request {
    const char *method; /* NULL: GET */
    const struct nomad_base *base;
    const char *path; /* "/v1/..." with the query */
    const void *body;
    size_t body_len;
    int64_t deadline_ms;
    size_t max;                       /* 0: 8 MiB */
    uint32_t speed_min, speed_window; /* as in http.h */
    /* Called with each piece of the body, whatever the status. NULL: the body is collected. */
    int (*on_data)(void *ctx, const void *p, size_t n);
    void (*on_done)(void *ctx, const struct http_answer *answer, const struct err *err);
    void *ctx;
};

/* A list that comes in pages. */
struct nomad_pages {
    unsigned n;  /* pages so far */
    char *token; /* of the page that is asked for; NULL: the first page */
};
/* Goes on to the next page. ERR_LIMIT: the pages would never end, because there were NOMAD_PAGES
 * already, or because the token is the same again. */
MUST_CHECK int nomad_pages_next(struct nomad_pages *p, const char *token, struct err *err);
void nomad_pages_free(struct nomad_pages *p); /* *p can be used again afterwards */

/* Sends or queues a request; copies what it needs of *r. on_done is called exactly once, unless
 * nomad_http_free comes first. If there was no answer, `answer` is NULL or has status 0. */
void nomad_ask(struct nomad_http *n, const struct nomad_request *r);
size_t nomad_open(const struct nomad_http *n);    /* requests in the queue and under way */
uint64_t nomad_asked(const struct nomad_http *n); /* all requests so far */
/* Why this server does not get the token; "": it gets the token, or there is no token. Not for the
 * base of a client, which never gets the token. */
const char *nomad_token_kept(const struct nomad_http *n, const struct nomad_base *base);
/* Is the token sent to this base without TLS? */
bool nomad_token_clear(const struct nomad_http *n, const struct nomad_base *base);
/* Writes for people why a request failed: the HTTP status and the first line, or the error. */
void nomad_why(const struct http_answer *answer, const struct err *err, char *dst, size_t n);

#endif
