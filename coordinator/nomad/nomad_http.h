/*
 * nomad_http.h - questions to Nomad: base addresses, TLS, token, and a queue.
 *
 * Every server is asked itself. A base address is what [servers] maps for an id or
 * name, else the member's own address with scheme and port of NOMAD_ADDR (4646 when
 * that is a Unix socket). At most NOMAD_OPEN requests are under way, and
 * NOMAD_OPEN_EACH to one base, because Nomad closes connections above 100 from one
 * address; the rest queues. Answers come to on_done inside http_wait (or, when a
 * request cannot even begin, inside nomad_ask). One thread.
 */
#ifndef NOMAD_HTTP_H
#define NOMAD_HTTP_H

#include "clock.h"
#include "coord_conf.h"
#include "http.h"
#include "token_rule.h"

#define NOMAD_OPEN      192
#define NOMAD_OPEN_EACH 16

#define NOMAD_PAGES 1000 /* of one list: 200,000 nodes */

#define NOMAD_LOCAL_MS  2000  /* deadline of what an agent answers by itself */
#define NOMAD_LEADER_MS 10000 /* of what waits for a leader: Nomad itself waits 5 s */

struct nomad_base {
    char url[300];      /* "https://10.0.0.1:4646", no slash at its end */
    char socket[256];   /* "" or the path of a Unix socket */
    char tls_name[128]; /* name to verify; "": as configured */
    bool named;         /* tls_name is demanded because the token goes there */
    enum token_way token;
};

struct nomad_http;

MUST_CHECK int nomad_http_new(const struct coord_conf *conf, struct http *http,
                              struct nomad_http **ret, struct err *err);
void nomad_http_free(struct nomad_http *n);

/* NOMAD_ADDR itself. */
void nomad_base_seed(const struct nomad_http *n, struct nomad_base *ret);
/* NOMAD_ADDR about another region than its own. Nomad hands such a question on, and the token with
 * it, to whoever the lists name as that region's server: so it goes without, but with
 * [nomad] token_in_clear. */
void nomad_base_handing_on(const struct nomad_http *n, struct nomad_base *ret);
/* Whom a base is wanted of. region may be "". */
struct nomad_whom {
    const char *id, *name, *region;
};
/* A server: mapped by id or name, else its address ("10.0.0.1"). Where the name to verify
 * is Nomad's own (server.global.nomad), or the token goes there, it is made for its region. */
MUST_CHECK int nomad_base_of(const struct nomad_http *n, const struct nomad_whom *whom,
                             const char *addr, struct nomad_base *ret);
/* A client's own API: mapped, else its record's "ip:port"; with TLS when its record or
 * NOMAD_ADDR says so, and as client.<region>.nomad. It is asked without a token. */
MUST_CHECK int nomad_base_at(const struct nomad_http *n, const struct nomad_whom *whom,
                             const char *host_port, bool tls, struct nomad_base *ret);

struct nomad_request {
    const char *method; /* NULL: GET */
    const struct nomad_base *base;
    const char *path; /* "/v1/..." with its query */
    const void *body;
    size_t body_len;
    int64_t deadline_ms;
    size_t max;                       /* 0: 8 MiB */
    uint32_t speed_min, speed_window; /* as in http.h */
    /* NULL: the body is collected; else each piece, whatever the status. */
    int (*on_data)(void *ctx, const void *p, size_t n);
    void (*on_done)(void *ctx, const struct http_answer *answer, const struct err *err);
    void *ctx;
};

/* A list that comes in pages: the token of the page asked for, and how many there were. */
struct nomad_pages {
    unsigned n;
    char *token; /* NULL: of the first */
};
/* Takes the token of the next page. -1 (ERR_LIMIT): such pages would never end, for there were
 * NOMAD_PAGES already, or the token is the last one again. */
MUST_CHECK int nomad_pages_next(struct nomad_pages *p, const char *token, struct err *err);
void nomad_pages_free(struct nomad_pages *p); /* and as new */

/* Copies what it needs. on_done is called exactly once unless nomad_http_free comes
 * first; answer is NULL or has status 0 when there was none. */
void nomad_ask(struct nomad_http *n, const struct nomad_request *r);
size_t nomad_open(const struct nomad_http *n);    /* queued and under way */
uint64_t nomad_asked(const struct nomad_http *n); /* in all */
/* Why this base is asked without the token; "": it is not, or there is none, or it is a client. */
const char *nomad_token_kept(const struct nomad_http *n, const struct nomad_base *base);
/* The token goes there in clear. */
bool nomad_token_clear(const struct nomad_http *n, const struct nomad_base *base);
/* Why an answer is no answer, for people: status and first line, or the error. */
void nomad_why(const struct http_answer *answer, const struct err *err, char *dst, size_t n);

#endif
