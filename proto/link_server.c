#include <sys/resource.h>
#include "connection_limits.h"
#include "envelope.h"
#include "link_conn.h"
#include "link_error.h"
#include "link_server.h"

#define CONTEXTS_MAX 64
#define SPARE_FILES  64 /* descriptors for nng itself and for the rest of the program */
#define PAUSE_MS     50 /* pause before accepting again when no descriptor was free */

struct link_server {
    struct link_server_config config; /* without its texts */
    struct address_list allow;
    nng_stream_listener *listener;
    nng_aio *accept, *pause;
    int port;
    pthread_t workers[CONTEXTS_MAX];
    int n_workers;

    struct conn_owner owner; /* its lock guards the connections and the members below */
    pthread_cond_t changed;
    struct conn *first_frame, *last_frame; /* the queue of frames for the workers */
    struct connection_limits *limits;
    uint32_t last_id;
};

/* ---- called by connections, under the lock ---- */

static void on_conn_frame(void *ctx, struct conn *c)
{
    struct link_server *s = ctx;

    connection_limits_begin_serving(s->limits, c->id);
    c->next_frame = NULL;
    *(s->last_frame != NULL ? &s->last_frame->next_frame : &s->first_frame) = c;
    s->last_frame = c;
    pthread_cond_signal(&s->changed);
}

static void on_conn_answered(void *ctx, struct conn *c)
{
    struct link_server *s = ctx;
    connection_limits_end_serving(s->limits, c->id);
}

static void on_conn_end(void *ctx, struct conn *c)
{
    struct link_server *s = ctx;
    connection_limits_remove(s->limits, c->id);
}

/* ---- accepting connections, before a byte is read ---- */

static bool read_remote_address(nng_stream *stream, struct address *ret)
{
    nng_sockaddr sa;

    if (nng_stream_get_addr(stream, NNG_OPT_REMADDR, &sa) != 0)
        return false;
    if (sa.s_family == NNG_AF_INET) {
        unsigned char b[4];
        memcpy(b, &sa.s_in.sa_addr, sizeof(b)); /* network order */
        *ret = address_v4(b);
        return true;
    }
    memcpy(ret->bytes, sa.s_in6.sa_addr, sizeof(ret->bytes));
    return sa.s_family == NNG_AF_INET6;
}

static void kick_conn(struct link_server *s, uint32_t id)
{
    for (struct conn *c = s->owner.first; c != NULL; c = c->next) {
        if (c->id == id)
            conn_kick(c);
    }
}

static void admit_stream(struct link_server *s, nng_stream *stream)
{
    struct address from;
    uint32_t id = ++s->last_id > 0 ? s->last_id : ++s->last_id, out;

    if (!read_remote_address(stream, &from) || !address_list_holds(&s->allow, &from) ||
        !connection_limits_admit(s->limits, id, &from)) {
        nng_stream_free(stream);
        return;
    }
    if (conn_start(&s->owner, stream, id) != 0)
        connection_limits_remove(s->limits, id);
    while ((out = connection_limits_to_close(s->limits)) != 0)
        kick_conn(s, out);
}

static void on_stream_accepted(void *arg)
{
    struct link_server *s = arg;
    int rv = nng_aio_result(s->accept);

    if (rv == NNG_ECLOSED || rv == NNG_ECANCELED)
        return;
    pthread_mutex_lock(&s->owner.lock);
    if (rv == 0 && s->owner.stopping)
        nng_stream_free(nng_aio_get_output(s->accept, 0));
    else if (rv == 0)
        admit_stream(s, nng_aio_get_output(s->accept, 0));
    pthread_mutex_unlock(&s->owner.lock);
    if (rv == NNG_ENOFILES || rv == NNG_ENOMEM)
        nng_sleep_aio(PAUSE_MS, s->pause);
    else
        nng_stream_listener_accept(s->listener, s->accept);
}

static void on_pause(void *arg)
{
    struct link_server *s = arg;
    if (nng_aio_result(s->pause) == 0)
        nng_stream_listener_accept(s->listener, s->accept);
}

/* ---- the workers ---- */

static struct conn *wait_for_frame(struct link_server *s)
{
    while (s->first_frame == NULL && !s->owner.stopping)
        pthread_cond_wait(&s->changed, &s->owner.lock);
    if (s->owner.stopping)
        return NULL;
    struct conn *c = s->first_frame;
    s->first_frame = c->next_frame;
    if (s->first_frame == NULL)
        s->last_frame = NULL;
    return c;
}

static void *serve_frames(void *arg)
{
    struct link_server *s = arg;
    struct conn *c;

    pthread_mutex_lock(&s->owner.lock);
    while ((c = wait_for_frame(s)) != NULL) {
        auto_buf struct buf answer = BUF_INIT;
        pthread_mutex_unlock(&s->owner.lock);
        /* Without the lock: only this thread uses the connection while it is being served. */
        int rv = s->config.handle(s->config.ctx, c->bytes.data, c->frame_len, &answer);
        pthread_mutex_lock(&s->owner.lock);
        if (s->owner.stopping)
            break;
        if (rv == 0)
            conn_answer(c, &answer);
        else
            conn_end(c);
    }
    pthread_mutex_unlock(&s->owner.lock);
    return NULL;
}

/* ---- start and stop ---- */

static int check_server_config(const struct link_server_config *c, struct err *err)
{
    const char *port = strrchr(c->address, ':');
    struct rlimit files;

    if (port == NULL || port == c->address || port[1] < '0' || port[1] > '9')
        return err_set(err, ERR_USAGE, 0, "listen: \"%s\" is not ADDRESS:PORT or [ADDRESS]:PORT",
                       c->address);
    if (c->contexts < 1 || c->contexts > CONTEXTS_MAX || c->max_pipes < 1 ||
        c->max_pipes_each < 1 || c->idle_ms < 1 || c->handle == NULL)
        return err_set(err, ERR_USAGE, 0, "listen: contexts, pipes or idle time out of range");
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return err_set(err, ERR_IO, errno, "listen: read the limit on open files");
    /* Twice as many, because closing a connection takes a moment. */
    if (files.rlim_cur < 2 * (rlim_t)c->max_pipes + SPARE_FILES)
        return err_set(err, ERR_CONFIG, 0,
                       "listen: %d connections need a limit of %d open files, it is %llu; raise "
                       "LimitNOFILE or lower the number of connections",
                       c->max_pipes, 2 * c->max_pipes + SPARE_FILES,
                       (unsigned long long)files.rlim_cur);
    return 0;
}

static int listen_on_address(struct link_server *s, const char *address, struct err *err)
{
    char url[128];
    int rv;

    snprintf(url, sizeof(url), "tcp://%.100s", address);
    if ((rv = nng_aio_alloc(&s->accept, on_stream_accepted, s)) != 0 ||
        (rv = nng_aio_alloc(&s->pause, on_pause, s)) != 0 ||
        (rv = nng_stream_listener_alloc(&s->listener, url)) != 0 ||
        (rv = nng_stream_listener_listen(s->listener)) != 0 ||
        (rv = nng_stream_listener_get_int(s->listener, NNG_OPT_TCP_BOUND_PORT, &s->port)) != 0)
        return link_error(err, rv, "listen on %s", address);
    return 0;
}

static int start_workers(struct link_server *s, struct err *err)
{
    while (s->n_workers < s->config.contexts) {
        int rv = pthread_create(&s->workers[s->n_workers], NULL, serve_frames, s);
        if (rv != 0)
            return err_set(err, ERR_IO, rv, "listen: start a thread");
        s->n_workers++;
    }
    return 0;
}

static struct link_server *new_server(const struct link_server_config *c)
{
    struct link_server *s = xzalloc(1, sizeof(*s));

    s->config = *c;
    s->config.address = s->config.allow_from = NULL;
    s->owner = (struct conn_owner){.idle_ms = c->idle_ms,
                                   .ctx = s,
                                   .on_frame = on_conn_frame,
                                   .on_answered = on_conn_answered,
                                   .on_end = on_conn_end};
    pthread_mutex_init(&s->owner.lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    s->limits = connection_limits_new(c->max_pipes, c->max_pipes_each);
    return s;
}

int link_server_start(const struct link_server_config *c, struct link_server **ret, struct err *err)
{
    struct address_list allow;

    if (check_server_config(c, err) < 0)
        return -1;
    if (address_list_parse(c->allow_from, &allow, err) < 0)
        return err_wrap(err, "allow_from");
    struct link_server *s = new_server(c);
    s->allow = allow;
    if (listen_on_address(s, c->address, err) < 0 || start_workers(s, err) < 0) {
        link_server_stop(s);
        return -1;
    }
    nng_stream_listener_accept(s->listener, s->accept);
    *ret = s;
    return 0;
}

int link_server_port(const struct link_server *s)
{
    return s->port;
}

/* Stops the workers, then accepting, then the connections. In this order nothing can start again
 * what was stopped before. */
void link_server_stop(struct link_server *s)
{
    if (s == NULL)
        return;
    pthread_mutex_lock(&s->owner.lock);
    s->owner.stopping = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->owner.lock);
    for (int i = 0; i < s->n_workers; i++)
        pthread_join(s->workers[i], NULL);
    if (s->pause != NULL)
        nng_aio_stop(s->pause);
    if (s->accept != NULL)
        nng_aio_stop(s->accept);
    if (s->listener != NULL) {
        nng_stream_listener_close(s->listener);
        nng_stream_listener_free(s->listener);
    }
    conn_end_all(&s->owner);
    if (s->pause != NULL)
        nng_aio_free(s->pause);
    if (s->accept != NULL)
        nng_aio_free(s->accept);
    connection_limits_free(s->limits);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->owner.lock);
    free(s);
}
