#include "nomad_desk.h"
#include "clock.h"
#include "http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <pthread.h>
#include "cleanup.h"
#include "err.h"
#include "str.h"

#define HELD_MAX 256

struct desk_server {
    struct nomad_desk *desk;
    int number;
    struct MHD_Daemon *daemon;
};

struct nomad_desk {
    desk_handler *handle;
    void *ctx;
    pthread_mutex_t lock;
    struct desk_server servers[DESK_SERVERS];
    int n;
    struct MHD_Connection *held[HELD_MAX];
    size_t n_held;
    bool stopping;
};

static enum MHD_Result send_answer(struct MHD_Connection *c, const struct desk_answer *a)
{
    char index[24];
    struct MHD_Response *r = MHD_create_response_from_buffer(
        a->body.len, a->body.len > 0 ? a->body.data : (void *)index, MHD_RESPMEM_MUST_COPY);
    snprintf(index, sizeof(index), "%llu", (unsigned long long)a->index);
    MHD_add_response_header(r, "X-Nomad-Index", index);
    if (a->next_token[0] != '\0')
        MHD_add_response_header(r, "X-Nomad-NextToken", a->next_token);
    enum MHD_Result rc = MHD_queue_response(c, (unsigned)a->status, r);
    MHD_destroy_response(r);
    return rc;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **seen)
{
    struct desk_server *s = ctx;
    struct nomad_desk *d = s->desk;
    struct desk_answer a = {
        .status = 404,
        .secret = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "X-Nomad-Token"),
        .region = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "region"),
    };
    const char *token = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "next_token");
    (void)method;
    (void)version;
    (void)upload;
    *upload_len = 0;
    if (*seen == NULL) {
        *seen = s;
        return MHD_YES;
    }
    pthread_mutex_lock(&d->lock);
    d->handle(d->ctx, s->number, url, token, &a);
    bool hold = a.status == 0 && !d->stopping && d->n_held < HELD_MAX;
    if (hold) {
        d->held[d->n_held++] = c;
        MHD_suspend_connection(c);
    }
    pthread_mutex_unlock(&d->lock);
    enum MHD_Result rc = hold ? MHD_YES : a.status == 0 ? MHD_NO : send_answer(c, &a);
    buf_free(&a.body);
    return rc;
}

struct nomad_desk *nomad_desk_start(int servers, desk_handler *handle, void *ctx)
{
    struct nomad_desk *d = xzalloc(1, sizeof(*d));
    d->handle = handle;
    d->ctx = ctx;
    d->n = servers;
    pthread_mutex_init(&d->lock, NULL);
    for (int i = 0; i < servers; i++) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        d->servers[i] = (struct desk_server){.desk = d, .number = i};
        d->servers[i].daemon = MHD_start_daemon(
            MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request,
            &d->servers[i], MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&in, MHD_OPTION_END);
        if (d->servers[i].daemon == NULL)
            abort();
    }
    return d;
}

uint16_t nomad_desk_port(const struct nomad_desk *d, int server)
{
    return MHD_get_daemon_info(d->servers[server].daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void nomad_desk_stop(struct nomad_desk *d)
{
    pthread_mutex_lock(&d->lock);
    d->stopping = true;
    for (size_t i = 0; i < d->n_held; i++)
        MHD_resume_connection(d->held[i]);
    pthread_mutex_unlock(&d->lock);
    for (int i = 0; i < d->n; i++)
        MHD_stop_daemon(d->servers[i].daemon);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

/* ---- an observer before it ---- */

static void name_servers(struct watched *w, int servers)
{
    struct coord_conf *c = &w->fixture.conf;

    snprintf(c->address, sizeof(c->address), "http://127.0.0.1:%u", nomad_desk_port(w->desk, 0));
    c->servers.items = xzalloc((size_t)servers, sizeof(*c->servers.items));
    c->servers.n = (size_t)servers;
    for (int i = 0; i < servers; i++) {
        char text[64];

        snprintf(text, sizeof(text), "s%d", i);
        c->servers.items[i].name = xstrdup(text);
        snprintf(text, sizeof(text), "http://127.0.0.1:%u", nomad_desk_port(w->desk, i));
        c->servers.items[i].address = xstrdup(text);
    }
}

void watched_begin(struct watched *w, int servers, const char *token, desk_handler *handle,
                   void *ctx)
{
    struct coord_conf *c = &w->fixture.conf;
    struct err err = ERR_INIT;

    w->desk = nomad_desk_start(servers, handle, ctx);
    if (context_fixture_begin(&w->fixture) < 0)
        abort();
    name_servers(w, servers);
    str_cut(c->token, sizeof(c->token), token);
    if (http_new(&w->http, &err) < 0 || nomad_http_new(c, w->http, &w->nomad, &err) < 0)
        abort();
    w->observer = observer_new(
        &(struct observer_config){.conf = c, .nomad = w->nomad, .clock = clock_system()});
}

void watched_end(struct watched *w)
{
    http_free(w->http);
    nomad_http_free(w->nomad);
    observer_free(w->observer);
    nomad_desk_stop(w->desk);
    context_fixture_end(&w->fixture);
}

const struct world *watched_round(struct watched *w)
{
    struct err err = ERR_INIT;

    for (;;) {
        int64_t due = observer_tick(w->observer) - clock_mono(clock_system());
        const struct world *world = observer_take(w->observer);

        if (world != NULL)
            return world;
        if (http_wait(w->http, MAX_OF(due, (int64_t)0), &err) < 0)
            abort();
    }
}
