#include <pthread.h>
#include <sys/resource.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include "address.h"
#include "crowd.h"
#include "envelope.h"
#include "link_error.h"
#include "link_server.h"

/* REQ's number stands before the frame, and counts. */
#define RECEIVE_MAX  (FRAME_ORDER_MAX + 4)
#define SEND_MS      5000
#define CONTEXTS_MAX 64
#define SPARE_FILES  128 /* nng's own, the program's, and strangers in the handshake */

struct worker {
    struct link_server *server;
    nng_ctx ctx;
    nng_aio *aio;
    pthread_t thread;
    bool has_ctx, runs;
};

struct link_server {
    struct link_server_config config; /* its texts are not kept */
    struct address_list allow;
    nng_socket socket;
    bool open;
    int port;
    struct worker workers[CONTEXTS_MAX];

    pthread_t keeper;
    bool keeps;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct crowd *crowd;
    bool stopping;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- who is let in: nng's threads, before and after a pipe's life ---- */

static bool address_of(nng_pipe pipe, struct address *ret)
{
    nng_sockaddr sa;
    if (nng_pipe_get_addr(pipe, NNG_OPT_REMADDR, &sa) != 0)
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

static void on_pipe(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    struct link_server *s = arg;
    uint32_t id = (uint32_t)nng_pipe_id(pipe);
    struct address from;
    bool in = true;

    if (event == NNG_PIPE_EV_ADD_PRE)
        in = address_of(pipe, &from) && address_list_holds(&s->allow, &from);
    pthread_mutex_lock(&s->lock);
    if (event == NNG_PIPE_EV_ADD_PRE)
        in = in && crowd_admit(s->crowd, id, &from, now_ms());
    else
        crowd_left(s->crowd, id);
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (!in)
        nng_pipe_close(pipe);
}

static void wait_changed(struct link_server *s)
{
    int64_t until = crowd_next_ms(s->crowd);
    if (until < 0) {
        pthread_cond_wait(&s->changed, &s->lock);
        return;
    }
    struct timespec t = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
    pthread_cond_timedwait(&s->changed, &s->lock, &t);
}

/* Closing is done here and not in on_pipe: no callback of nng's waits for another. */
static void *keep(void *arg)
{
    struct link_server *s = arg;

    pthread_mutex_lock(&s->lock);
    while (!s->stopping) {
        uint32_t id = crowd_to_close(s->crowd, now_ms());
        if (id == 0) {
            wait_changed(s);
            continue;
        }
        nng_pipe pipe = NNG_PIPE_INITIALIZER;
        pipe.id = id;
        pthread_mutex_unlock(&s->lock);
        nng_pipe_close(pipe);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- the workers ---- */

static void drop(nng_aio *aio)
{
    nng_msg *msg = nng_aio_get_msg(aio);
    nng_aio_set_msg(aio, NULL);
    if (msg != NULL)
        nng_msg_free(msg);
}

static void reply(struct worker *w, const struct buf *answer)
{
    nng_msg *msg;
    if (nng_msg_alloc(&msg, 0) != 0)
        die_oom();
    if (nng_msg_append(msg, answer->data, answer->len) != 0)
        die_oom();
    nng_aio_set_msg(w->aio, msg);
    nng_aio_set_timeout(w->aio, SEND_MS);
    nng_ctx_send(w->ctx, w->aio);
    nng_aio_wait(w->aio);
    if (nng_aio_result(w->aio) != 0)
        drop(w->aio); /* not taken, so still ours */
}

static void serve(struct worker *w, nng_msg *msg)
{
    struct link_server *s = w->server;
    nng_pipe pipe = nng_msg_get_pipe(msg);
    uint32_t id = (uint32_t)nng_pipe_id(pipe);
    auto_buf struct buf answer = BUF_INIT;

    pthread_mutex_lock(&s->lock);
    crowd_heard(s->crowd, id, now_ms());
    pthread_mutex_unlock(&s->lock);

    int rv = s->config.handle(s->config.ctx, nng_msg_body(msg), nng_msg_len(msg), &answer);
    nng_msg_free(msg);
    if (rv == 0)
        reply(w, &answer);
    else
        nng_pipe_close(pipe);

    pthread_mutex_lock(&s->lock);
    crowd_served(s->crowd, id, now_ms());
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void *work(void *arg)
{
    struct worker *w = arg;

    for (;;) {
        nng_aio_set_timeout(w->aio, NNG_DURATION_INFINITE);
        nng_ctx_recv(w->ctx, w->aio);
        nng_aio_wait(w->aio);
        int rv = nng_aio_result(w->aio);
        if (rv == NNG_ECANCELED || rv == NNG_ECLOSED)
            return NULL;
        if (rv != 0)
            continue;
        nng_msg *msg = nng_aio_get_msg(w->aio);
        nng_aio_set_msg(w->aio, NULL);
        serve(w, msg);
    }
}

/* ---- start and stop ---- */

static int check_config(const struct link_server_config *c, struct err *err)
{
    struct rlimit files;

    if (c->contexts < 1 || c->contexts > CONTEXTS_MAX || c->max_pipes < 1 ||
        c->max_pipes_each < 1 || c->idle_ms < 1 || c->handle == NULL)
        return err_set(err, ERR_USAGE, 0, "listen: contexts, pipes or idle time out of range");
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return err_set(err, ERR_IO, errno, "listen: read the limit on open files");
    /* Twice: those told to go need a moment. */
    if (files.rlim_cur < 2 * (rlim_t)c->max_pipes + SPARE_FILES)
        return err_set(err, ERR_CONFIG, 0,
                       "listen: %d connections need a limit of %d open files, it is %llu; raise "
                       "LimitNOFILE or lower the number of connections",
                       c->max_pipes, 2 * c->max_pipes + SPARE_FILES,
                       (unsigned long long)files.rlim_cur);
    return 0;
}

static int listen_at(struct link_server *s, const char *address, struct err *err)
{
    char url[128];
    nng_listener l = NNG_LISTENER_INITIALIZER;
    int rv;

    snprintf(url, sizeof(url), "tcp://%.100s", address);
    if ((rv = nng_rep0_open(&s->socket)) != 0)
        return link_error(err, rv, "open a socket");
    s->open = true;
    if ((rv = nng_pipe_notify(s->socket, NNG_PIPE_EV_ADD_PRE, on_pipe, s)) != 0 ||
        (rv = nng_pipe_notify(s->socket, NNG_PIPE_EV_REM_POST, on_pipe, s)) != 0 ||
        (rv = nng_listener_create(&l, s->socket, url)) != 0 ||
        (rv = nng_listener_set_size(l, NNG_OPT_RECVMAXSZ, RECEIVE_MAX)) != 0 ||
        (rv = nng_listener_start(l, 0)) != 0 ||
        (rv = nng_listener_get_int(l, NNG_OPT_TCP_BOUND_PORT, &s->port)) != 0)
        return link_error(err, rv, "listen on %s", address);
    return 0;
}

static int start_thread(pthread_t *ret, void *(*run)(void *), void *arg, struct err *err)
{
    int rv = pthread_create(ret, NULL, run, arg);
    return rv == 0 ? 0 : err_set(err, ERR_IO, rv, "start a thread");
}

static int start_workers(struct link_server *s, struct err *err)
{
    for (int i = 0; i < s->config.contexts; i++) {
        struct worker *w = &s->workers[i];
        int rv;
        w->server = s;
        if ((rv = nng_aio_alloc(&w->aio, NULL, NULL)) != 0 ||
            (rv = nng_ctx_open(&w->ctx, s->socket)) != 0)
            return link_error(err, rv, "open a context");
        w->has_ctx = true;
        if (start_thread(&w->thread, work, w, err) < 0)
            return -1;
        w->runs = true;
    }
    return 0;
}

static struct link_server *server_new(const struct link_server_config *c)
{
    struct link_server *s = xzalloc(1, sizeof(*s));
    pthread_condattr_t attr;

    s->config = *c;
    s->config.address = s->config.allow_from = NULL;
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
    s->crowd = crowd_new(c->max_pipes, c->max_pipes_each, c->idle_ms);
    return s;
}

int link_server_start(const struct link_server_config *c, struct link_server **ret, struct err *err)
{
    struct address_list allow;

    if (check_config(c, err) < 0)
        return -1;
    if (address_list_parse(c->allow_from, &allow, err) < 0)
        return err_wrap(err, "allow_from");
    struct link_server *s = server_new(c);
    s->allow = allow;
    if (listen_at(s, c->address, err) < 0 || start_workers(s, err) < 0 ||
        start_thread(&s->keeper, keep, s, err) < 0) {
        link_server_stop(s);
        return -1;
    }
    s->keeps = true;
    *ret = s;
    return 0;
}

int link_server_port(const struct link_server *s)
{
    return s->port;
}

static void stop_keeper(struct link_server *s)
{
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->changed);
    pthread_mutex_unlock(&s->lock);
    if (s->keeps)
        pthread_join(s->keeper, NULL);
}

/* The measured order: stop every aio, join, close contexts, free, close the socket. */
void link_server_stop(struct link_server *s)
{
    if (s == NULL)
        return;
    stop_keeper(s);
    for (size_t i = 0; i < CONTEXTS_MAX; i++)
        nng_aio_stop(s->workers[i].aio);
    for (size_t i = 0; i < CONTEXTS_MAX; i++) {
        if (s->workers[i].runs)
            pthread_join(s->workers[i].thread, NULL);
    }
    for (size_t i = 0; i < CONTEXTS_MAX; i++) {
        if (s->workers[i].has_ctx)
            nng_ctx_close(s->workers[i].ctx);
        nng_aio_free(s->workers[i].aio);
    }
    if (s->open)
        nng_close(s->socket);
    crowd_free(s->crowd);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
}
