#include "sim_shell.h"
#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include "crypto.h"
#include "file.h"
#include "str.h"

#define BODY_MAX (1 << 20)
#define FILE_MAX (1 << 20)

#define PROXY_MS 10000

void sim_pending_free(struct sim_shell *s, struct sim_pending *p)
{
    struct sim_pending **at = &s->pending;
    while (*at != NULL && *at != p)
        at = &(*at)->next;
    if (*at == p)
        *at = p->next;
    buf_free(&p->body);
    buf_free(&p->answer.body);
    free(p->path);
    free(p->query);
    free(p->token);
    free(p->method);
    free(p);
}

struct sim_pending *sim_pending_new(struct sim_shell *s, const char *method, const char *path,
                                    const char *query, const char *token)
{
    struct sim_pending *p = xzalloc(1, sizeof(*p));
    p->path = xstrdup(path);
    p->query = xstrdup(query);
    p->method = xstrdup(method);
    p->token = xstrdup(token);
    p->next = s->pending;
    s->pending = p;
    return p;
}

static enum MHD_Result add_argument(void *ctx, enum MHD_ValueKind kind, const char *key,
                                    const char *value)
{
    struct buf *out = ctx;
    (void)kind;
    buf_printf(out, "%s%s", out->len > 0 ? "&" : "", key);
    for (const char *p = value; p != NULL && *p != '\0'; p++) {
        if (p == value)
            buf_add_byte(out, '=');
        if (strchr("%&+=", *p) == NULL)
            buf_add_byte(out, (unsigned char)*p);
        else
            buf_printf(out, "%%%02X", (unsigned char)*p);
    }
    return MHD_YES;
}

static const char *header_of(struct MHD_Connection *c, const char *name)
{
    const char *v = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
    return v != NULL ? v : "";
}

static struct sim_pending *from_connection(struct sim_shell *s, struct MHD_Connection *c,
                                           const char *url, const char *method)
{
    struct buf query = BUF_INIT;
    const char *bearer = header_of(c, "Authorization"), *token = header_of(c, "X-Nomad-Token");
    if (token[0] == '\0' && str_starts(bearer, "Bearer "))
        token = bearer + strlen("Bearer ");
    MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, add_argument, &query);
    struct sim_pending *p = sim_pending_new(s, method, url, buf_str(&query), token);
    p->connection = c;
    if (s->settings.requests)
        sim_shell_log(s, "DEBUG", "http: request complete: method=%s path=%s%s%s", method, url,
                      query.len > 0 ? "?" : "", buf_str(&query));
    buf_free(&query);
    return p;
}

/* verify_https_client: a client without a certificate of our CA gets no answer. */
static bool client_is_trusted(const struct sim_shell *s, struct MHD_Connection *c)
{
    if (!s->conf.node.tls || !s->conf.node.tls_verify_client)
        return true;
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    unsigned status = 1;
    return i != NULL && i->tls_session != NULL &&
           gnutls_certificate_verify_peers2(i->tls_session, &status) == 0 && status == 0;
}

static void add_digest(struct MHD_Response *r, const struct buf *body)
{
    struct digest d;
    char text[64];
    gnutls_datum_t raw, out = {0};
    crypto_digest(body->data, body->len, &d);
    raw = (gnutls_datum_t){d.bytes, sizeof(d.bytes)};
    if (gnutls_base64_encode2(&raw, &out) < 0)
        return;
    snprintf(text, sizeof(text), "sha-256=%.44s", (const char *)out.data);
    MHD_add_response_header(r, "Digest", text);
    gnutls_free(out.data);
}

static void add_headers(struct MHD_Response *r, const struct sim_answer *a)
{
    char text[64];
    if (a->content_type[0] != '\0')
        MHD_add_response_header(r, "Content-Type", a->content_type);
    if (a->next_token[0] != '\0')
        MHD_add_response_header(r, "X-Nomad-NextToken", a->next_token);
    if (a->has_index) {
        snprintf(text, sizeof(text), "%llu", (unsigned long long)a->index);
        MHD_add_response_header(r, "X-Nomad-Index", text);
        MHD_add_response_header(r, "X-Nomad-KnownLeader", a->known_leader ? "true" : "false");
        snprintf(text, sizeof(text), "%lld", (long long)a->last_contact_ms);
        MHD_add_response_header(r, "X-Nomad-LastContact", text);
    }
    if (a->digest)
        add_digest(r, &a->body);
}

static enum MHD_Result give_answer(struct sim_shell *s, struct sim_pending *p)
{
    struct sim_answer *a = &p->answer;
    size_t n = a->body.len;
    unsigned char *data = n > 0 ? take_ptr(&a->body.data) : NULL;
    if (a->digest)
        a->body.data = data; /* add_headers reads it */
    struct MHD_Response *r = a->stream ? sim_stream_open(s, p)
                                       : MHD_create_response_from_buffer(a->cut ? n / 2 : n, data,
                                                                         MHD_RESPMEM_MUST_FREE);
    if (r == NULL)
        return MHD_NO;
    add_headers(r, a);
    a->body.data = NULL;
    enum MHD_Result rv = MHD_queue_response(p->connection, (unsigned)a->status, r);
    MHD_destroy_response(r);
    return rv;
}

/* True: the answer is complete. False: the request waits. */
static bool try_answer(struct sim_shell *s, struct sim_pending *p)
{
    p->request.method = p->method;
    p->request.path = p->path;
    p->request.query = p->query;
    p->request.token = p->token;
    p->request.body = buf_str(&p->body);
    p->request.accepts = sim_net_accepts;
    enum sim_answered got = sim_answer(&s->node, &p->request, &p->answer);
    if (got != SIM_ELSEWHERE)
        return got == SIM_ANSWERED;
    if (p->asked_ms == 0)
        sim_proxy_ask(s, p);
    if (s->node.now < p->asked_ms + PROXY_MS)
        return false;
    p->answer.status = 500;
    p->answer.content_type = "text/plain; charset=utf-8";
    buf_add_str(&p->answer.body, "No path to region");
    return true;
}

/* ---- connections by address ---- */

static struct sim_caller *caller_of(struct sim_shell *s, struct MHD_Connection *c)
{
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (i == NULL || i->client_addr == NULL || i->client_addr->sa_family != AF_INET)
        return NULL;
    struct sockaddr_in a;
    memcpy(&a, i->client_addr, sizeof(a));
    uint32_t ip = ntohl(a.sin_addr.s_addr);
    for (int k = 0; k < SIM_CALLERS_MAX; k++) {
        struct sim_caller *f = &s->callers[k];
        if (f->ip == ip || f->connections == 0) {
            f->ip = ip;
            return f;
        }
    }
    return NULL;
}

static void count_connection(void *ctx, struct MHD_Connection *c, void **socket,
                             enum MHD_ConnectionNotificationCode what)
{
    struct sim_caller *f = what == MHD_CONNECTION_NOTIFY_STARTED ? caller_of(ctx, c) : *socket;
    if (f == NULL)
        return;
    f->connections += what == MHD_CONNECTION_NOTIFY_STARTED ? 1 : -1;
    *socket = f;
}

static bool too_many(struct sim_shell *s, struct MHD_Connection *c)
{
    const struct sim_caller *f = caller_of(s, c);
    int limit = s->conf.conns_per_client;
    return limit > 0 && f != NULL && f->connections > limit;
}

static enum MHD_Result refuse_connection(struct MHD_Connection *c)
{
    static char text[] = "too many connections from this address";
    struct MHD_Response *r =
        MHD_create_response_from_buffer(sizeof(text) - 1, text, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(r, "Content-Type", "text/plain; charset=utf-8");
    MHD_add_response_header(r, "Connection", "close");
    enum MHD_Result rv = MHD_queue_response(c, MHD_HTTP_TOO_MANY_REQUESTS, r);
    MHD_destroy_response(r);
    return rv;
}

static enum MHD_Result handle_request(void *ctx, struct MHD_Connection *c, const char *url,
                                      const char *method, const char *version, const char *data,
                                      size_t *size, void **state)
{
    struct sim_shell *s = ctx;
    struct sim_pending *p = *state;
    (void)version;
    if (p == NULL) {
        if (!client_is_trusted(s, c))
            return MHD_NO;
        if (too_many(s, c))
            return refuse_connection(c);
        *state = from_connection(s, c, url, method);
        return MHD_YES;
    }
    if (*size > 0) {
        p->body.limit = BODY_MAX;
        if (buf_add(&p->body, data, *size) < 0)
            return MHD_NO;
        *size = 0;
        return MHD_YES;
    }
    if (p->ready || try_answer(s, p))
        return give_answer(s, p);
    p->suspended = true;
    MHD_suspend_connection(c);
    return MHD_YES;
}

static void request_completed(void *ctx, struct MHD_Connection *c, void **state,
                              enum MHD_RequestTerminationCode why)
{
    (void)c;
    (void)why;
    if (*state != NULL)
        sim_pending_free(ctx, *state);
    *state = NULL;
}

void sim_http_resume(struct sim_shell *s)
{
    for (struct sim_pending *p = s->pending, *next; p != NULL; p = next) {
        next = p->next;
        if (p->connection == NULL) {
            if (try_answer(s, p)) {
                sim_proxy_reply(s, p);
                sim_pending_free(s, p);
            }
        } else if (p->suspended && (p->ready || try_answer(s, p))) {
            p->ready = true;
            p->suspended = false;
            MHD_resume_connection(p->connection);
        }
    }
}

static int read_pem(const char *path, char **ret, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    if (path[0] == '\0')
        return 0;
    if (file_read(path, FILE_MAX, FILE_FOLLOW, &b, err) < 0)
        return -1;
    *ret = xstrdup(buf_str(&b));
    return 0;
}

int sim_http_open(struct sim_shell *s, struct err *err)
{
    const struct sim_nomad_conf *c = &s->conf;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(c->node.http_port)};
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[4] = {{MHD_OPTION_END, 0, NULL}};
    if (inet_pton(AF_INET, c->http_address, &a.sin_addr) != 1)
        return err_set(err, ERR_CONFIG, 0, "HTTP address %s", c->http_address);
    if (c->node.tls) {
        if (read_pem(c->key_file, &s->tls_key, err) < 0 ||
            read_pem(c->cert_file, &s->tls_cert, err) < 0 ||
            read_pem(c->ca_file, &s->tls_ca, err) < 0)
            return -1;
        flags |= MHD_USE_TLS;
        tls[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, s->tls_key};
        tls[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, s->tls_cert};
        tls[2] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
        if (s->tls_ca != NULL)
            tls[2] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, s->tls_ca};
        tls[3] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    }
    s->http = MHD_start_daemon(flags, c->node.http_port, NULL, NULL, handle_request, s,
                               MHD_OPTION_SOCK_ADDR, &a, MHD_OPTION_NOTIFY_CONNECTION,
                               count_connection, s, MHD_OPTION_NOTIFY_COMPLETED, request_completed,
                               s, MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_ARRAY, tls,
                               MHD_OPTION_END);
    if (s->http == NULL)
        return err_set(err, ERR_IO, errno, "listen http %s:%u", c->http_address, c->node.http_port);
    s->http_fd = MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    return 0;
}

void sim_http_work(struct sim_shell *s)
{
    if (s->http != NULL)
        MHD_run(s->http);
}

int64_t sim_http_timeout(const struct sim_shell *s)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (s->http == NULL || MHD_get_timeout(s->http, &ms) != MHD_YES)
        return -1;
    return (int64_t)MIN_OF(ms, 60000u);
}

void sim_http_close(struct sim_shell *s)
{
    struct sim_pending *next;
    for (struct sim_pending *p = s->pending; p != NULL && s->http != NULL; p = p->next)
        if (p->suspended)
            MHD_resume_connection(p->connection);
    sim_streams_wake(s);
    if (s->http != NULL)
        MHD_stop_daemon(s->http); /* calls `completed` for every request with a connection */
    s->http = NULL;
    for (struct sim_pending *p = s->pending; p != NULL; p = next) {
        next = p->next;
        sim_pending_free(s, p);
    }
    free(s->tls_key);
    free(s->tls_cert);
    free(s->tls_ca);
}
