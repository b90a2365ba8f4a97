#include "nomad_http.h"

#include "str.h"

#define NOMAD_PORT  4646
#define UNIX_PREFIX "unix://"

struct call {
    struct nomad_http *owner;
    struct call *next;
    struct nomad_base base;
    char *method, *path, *body;
    size_t body_len, max;
    int64_t deadline_ms;
    uint32_t speed_min, speed_window;
    int (*on_data)(void *ctx, const void *p, size_t n);
    void (*on_done)(void *ctx, const struct http_answer *answer, const struct err *err);
    void *ctx;
};

struct nomad_http {
    struct http *http;
    const struct coord_conf *conf;
    struct nomad_base seed;
    struct http_tls tls;
    char scheme[8];
    unsigned port;
    struct call *queue, **tail;
    struct call *open[NOMAD_OPEN];
    size_t n_open, n_queued;
    uint64_t asked;
};

static const char *text_or_null(const char *s)
{
    return s[0] != '\0' ? s : NULL;
}

/* Reads scheme and port from http://host[:port][/]; other servers' addresses are made of them. */
static int read_seed(struct nomad_http *n, const char *address, struct err *err)
{
    str_cut(n->scheme, sizeof(n->scheme), "http");
    n->port = NOMAD_PORT;
    if (str_starts(address, UNIX_PREFIX)) {
        str_cut(n->seed.url, sizeof(n->seed.url), "http://localhost");
        str_cut(n->seed.socket, sizeof(n->seed.socket), address + strlen(UNIX_PREFIX));
        if (n->seed.socket[0] == '/')
            return 0;
        return err_set(err, ERR_CONFIG, 0, "NOMAD_ADDR: unix:// must be followed by a path");
    }
    const char *rest = strstr(address, "://");
    if (rest == NULL || (!str_starts(address, "http://") && !str_starts(address, "https://")))
        return err_set(err, ERR_CONFIG, 0,
                       "NOMAD_ADDR is %s: it must begin with http://, https:// or unix://",
                       address);
    if (address[4] == 's')
        str_cut(n->scheme, sizeof(n->scheme), "https");
    str_cut(n->seed.url, sizeof(n->seed.url), address);
    size_t len = strlen(n->seed.url);
    while (len > 0 && n->seed.url[len - 1] == '/')
        n->seed.url[--len] = '\0';
    rest = n->seed.url + (rest + 3 - address);
    const char *bracket = strchr(rest, ']'), *colon = strchr(bracket != NULL ? bracket : rest, ':');
    uint64_t port = 0;
    if (strchr(rest, '/') != NULL || (colon != NULL && str_to_u64(colon + 1, 65535, &port) < 0))
        return err_set(err, ERR_CONFIG, 0,
                       "NOMAD_ADDR is %s: it must have the form http://HOST:PORT", address);
    n->port = colon != NULL ? (unsigned)port : n->scheme[4] == 's' ? 443 : 80;
    return 0;
}

static enum token_way way_to(const struct nomad_http *n, enum token_role role, bool mapped,
                             const char *region, const struct nomad_base *b)
{
    const struct token_peer p = {.role = role,
                                 .mapped = mapped,
                                 .url = b->url,
                                 .socket = b->socket[0] != '\0',
                                 .tls_name = b->tls_name,
                                 .region = region};
    return token_rule(&p, n->conf->token_in_clear);
}

int nomad_http_new(const struct coord_conf *conf, struct http *http, struct nomad_http **ret,
                   struct err *err)
{
    struct nomad_http *n = xzalloc(1, sizeof(*n));
    n->http = http;
    n->conf = conf;
    n->tail = &n->queue;
    n->tls = (struct http_tls){.ca_file = text_or_null(conf->ca_file),
                               .ca_path = text_or_null(conf->ca_path),
                               .client_cert = text_or_null(conf->client_cert),
                               .client_key = text_or_null(conf->client_key),
                               .server_name = text_or_null(conf->tls_server_name)};
    if (read_seed(n, conf->address, err) < 0) {
        nomad_http_free(n);
        return -1;
    }
    n->seed.token = way_to(n, TOKEN_NOMAD_ADDR, false, "", &n->seed);
    *ret = n;
    return 0;
}

static void nomad_call_free(struct call *c)
{
    free(c->method);
    free(c->path);
    free(c->body);
    free(c);
}

void nomad_http_free(struct nomad_http *n)
{
    if (n == NULL)
        return;
    for (struct call *c = n->queue, *next; c != NULL; c = next) {
        next = c->next;
        nomad_call_free(c);
    }
    for (size_t i = 0; i < n->n_open; i++)
        nomad_call_free(n->open[i]);
    free(n);
}

void nomad_base_seed(const struct nomad_http *n, struct nomad_base *ret)
{
    *ret = n->seed;
}

void nomad_base_forwarding(const struct nomad_http *n, struct nomad_base *ret)
{
    *ret = n->seed;
    if (n->conf->token[0] != '\0' && !n->conf->token_in_clear)
        ret->token = TOKEN_NOT;
}

/* Nomad's certificates have the names server.<region>.nomad and client.<region>.nomad. */
static void set_tls_name(const struct nomad_http *n, const char *role, const char *region,
                         struct nomad_base *b)
{
    const char *name = n->conf->tls_server_name;
    if (str_starts(name, "server.") && str_ends(name, ".nomad") && region[0] != '\0')
        snprintf(b->tls_name, sizeof(b->tls_name), "%s.%.64s.nomad", role, region);
}

static int base_from_text(const char *text, struct nomad_base *ret)
{
    struct nomad_base b = {.token = TOKEN_NOT};
    if (str_starts(text, UNIX_PREFIX)) {
        str_cut(b.url, sizeof(b.url), "http://localhost");
        if (str_copy(b.socket, sizeof(b.socket), text + strlen(UNIX_PREFIX)) < 0)
            return -1;
    } else if (str_copy(b.url, sizeof(b.url), text) < 0 || strstr(text, "://") == NULL) {
        return -1;
    }
    size_t len = strlen(b.url);
    while (len > 0 && b.url[len - 1] == '/')
        b.url[--len] = '\0';
    *ret = b;
    return 0;
}

int nomad_base_of(const struct nomad_http *n, const struct nomad_whom *whom, const char *addr,
                  struct nomad_base *ret)
{
    const char *mapped = address_map_find(&n->conf->servers, whom->id, whom->name);
    bool six = strchr(addr, ':') != NULL;
    char text[300];
    int len = snprintf(text, sizeof(text), "%s://%s%s%s:%u", n->scheme, six ? "[" : "", addr,
                       six ? "]" : "", n->port);
    if (mapped == NULL && (addr[0] == '\0' || len < 0 || (size_t)len >= sizeof(text)))
        return -1;
    if (base_from_text(mapped != NULL ? mapped : text, ret) < 0)
        return -1;
    set_tls_name(n, "server", whom->region, ret);
    if (mapped == NULL && n->seed.socket[0] == '\0' && str_eq(ret->url, n->seed.url)) {
        ret->token = n->seed.token;
        return 0;
    }
    if (mapped == NULL && n->conf->token[0] != '\0' && whom->region[0] != '\0' &&
        str_starts(ret->url, "https://")) {
        server_tls_name(whom->region, ret->tls_name);
        ret->named = true;
    }
    ret->token = way_to(n, TOKEN_SERVER, mapped != NULL, whom->region, ret);
    return 0;
}

int nomad_base_at(const struct nomad_http *n, const struct nomad_whom *whom, const char *host_port,
                  bool tls, struct nomad_base *ret)
{
    const char *mapped = address_map_find(&n->conf->servers, whom->id, whom->name);
    char text[300];
    bool secure = tls || str_eq(n->scheme, "https");
    int len = snprintf(text, sizeof(text), "%s://%s", secure ? "https" : "http", host_port);
    if (mapped == NULL && (host_port[0] == '\0' || len < 0 || (size_t)len >= sizeof(text)))
        return -1;
    if (base_from_text(mapped != NULL ? mapped : text, ret) < 0)
        return -1;
    set_tls_name(n, "client", whom->region, ret);
    ret->token = way_to(n, TOKEN_CLIENT, mapped != NULL, whom->region, ret);
    return 0;
}

const char *nomad_token_kept(const struct nomad_http *n, const struct nomad_base *base)
{
    if (n->conf->token[0] == '\0' || base->token != TOKEN_NOT)
        return "";
    return str_starts(base->url, "https://")
               ? "its region is not known, so that its certificate cannot be checked"
               : "the token would be sent without TLS to an address that only the cluster's lists "
                 "name";
}

bool nomad_token_clear(const struct nomad_http *n, const struct nomad_base *base)
{
    return n->conf->token[0] != '\0' && base->token == TOKEN_CLEAR;
}

static bool has_room(const struct nomad_http *n, const struct nomad_base *base)
{
    size_t same = 0;
    for (size_t i = 0; i < n->n_open; i++)
        same += str_eq(n->open[i]->base.url, base->url) &&
                str_eq(n->open[i]->base.socket, base->socket);
    return n->n_open < NOMAD_OPEN && same < NOMAD_OPEN_EACH;
}

static void start_queued_requests(struct nomad_http *n);

static void on_call_finished(void *ctx, const struct http_answer *answer, const struct err *err)
{
    struct call *c = ctx;
    struct nomad_http *n = c->owner;
    for (size_t i = 0; i < n->n_open; i++)
        if (n->open[i] == c) {
            n->open[i] = n->open[--n->n_open];
            break;
        }
    struct err named = ERR_INIT;
    if (c->base.named && err != NULL && err->kind == ERR_CRYPTO)
        (void)err_set(
            &named, ERR_CRYPTO, 0,
            "%.150s: the token is sent to this server, so that its certificate must be for "
            "%.80s, or its address must be in [servers]",
            err->text, c->base.tls_name);
    c->on_done(c->ctx, answer, named.kind != ERR_NONE ? &named : err);
    nomad_call_free(c);
    start_queued_requests(n);
}

static int on_call_piece(void *ctx, const void *p, size_t n)
{
    struct call *c = ctx;
    return c->on_data(c->ctx, p, n);
}

static void start_call(struct nomad_http *n, struct call *c)
{
    char url[1400];
    struct err err = ERR_INIT;
    struct http_tls tls = n->tls;
    if (c->base.tls_name[0] != '\0')
        tls.server_name = c->base.tls_name;
    struct http_request r = {.method = c->method,
                             .unix_socket = text_or_null(c->base.socket),
                             .token =
                                 c->base.token != TOKEN_NOT ? text_or_null(n->conf->token) : NULL,
                             .body = c->body,
                             .body_len = c->body_len,
                             .deadline_ms = c->deadline_ms,
                             .connect_deadline_ms = MIN_OF(c->deadline_ms, (int64_t)NOMAD_LOCAL_MS),
                             .max = c->max,
                             .speed_min = c->speed_min,
                             .speed_window = c->speed_window,
                             .tls = &tls,
                             .on_data = c->on_data != NULL ? on_call_piece : NULL,
                             .on_done = on_call_finished,
                             .ctx = c};
    int len = snprintf(url, sizeof(url), "%s%s", c->base.url, c->path);
    r.url = url;
    n->open[n->n_open++] = c;
    if (len < 0 || (size_t)len >= sizeof(url))
        (void)err_set(&err, ERR_LIMIT, 0, "the URL of the request is too long");
    else if (http_start(n->http, &r, &err) == 0)
        return;
    on_call_finished(c, NULL, &err);
}

static void start_queued_requests(struct nomad_http *n)
{
    for (struct call **at = &n->queue; *at != NULL && n->n_open < NOMAD_OPEN;) {
        struct call *c = *at;
        if (!has_room(n, &c->base)) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        if (c->next == NULL)
            n->tail = at;
        n->n_queued--;
        start_call(n, c);
        at = &n->queue; /* the callback may have changed the queue */
    }
}

void nomad_ask(struct nomad_http *n, const struct nomad_request *r)
{
    struct call *c = xzalloc(1, sizeof(*c));
    n->asked++;
    c->owner = n;
    c->base = *r->base;
    c->method = r->method != NULL ? xstrdup(r->method) : NULL;
    c->path = xstrdup(r->path);
    if (r->body != NULL) {
        c->body = xalloc(r->body_len + 1);
        memcpy(c->body, r->body, r->body_len);
        c->body_len = r->body_len;
    }
    c->deadline_ms = r->deadline_ms;
    c->max = r->max;
    c->speed_min = r->speed_min;
    c->speed_window = r->speed_window;
    c->on_data = r->on_data;
    c->on_done = r->on_done;
    c->ctx = r->ctx;
    if (has_room(n, &c->base)) {
        start_call(n, c);
        return;
    }
    *n->tail = c;
    n->tail = &c->next;
    n->n_queued++;
}

int nomad_pages_next(struct nomad_pages *p, const char *token, struct err *err)
{
    if (p->token != NULL && str_eq(p->token, token))
        return err_set(err, ERR_LIMIT, 0,
                       "the pages of Nomad's list do not end: the same page came again");
    if (++p->n >= NOMAD_PAGES)
        return err_set(err, ERR_LIMIT, 0,
                       "the pages of Nomad's list do not end: there are more than %d", NOMAD_PAGES);
    free(p->token);
    p->token = xstrdup(token);
    return 0;
}

void nomad_pages_free(struct nomad_pages *p)
{
    free(p->token);
    *p = (struct nomad_pages){0, NULL};
}

size_t nomad_open(const struct nomad_http *n)
{
    return n->n_open + n->n_queued;
}

uint64_t nomad_asked(const struct nomad_http *n)
{
    return n->asked;
}

void nomad_why(const struct http_answer *answer, const struct err *err, char *dst, size_t n)
{
    if (answer == NULL || answer->status == 0) {
        str_cut(dst, n, err != NULL && err->kind != ERR_NONE ? err->text : "no answer");
        return;
    }
    char line[160];
    size_t len = MIN_OF(answer->body_len, sizeof(line) - 1);
    if (len > 0)
        memcpy(line, answer->body, len);
    line[len] = '\0';
    line[strcspn(line, "\r\n")] = '\0'; /* strcspn also stops at a NUL */
    snprintf(dst, n, "Nomad answered %d%s%s", answer->status, line[0] != '\0' ? ": " : "", line);
}
