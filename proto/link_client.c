#include <pthread.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/req.h>
#include "envelope.h"
#include "link_client.h"
#include "link_dials.h"
#include "link_error.h"

#define ADDRESS_MAX 128
#define NEVER_MS    (24 * 3600 * 1000) /* a lost or refused dial is not tried again */
#define LOOK_MS     50 /* how often failed dials and queued deadlines are looked for */
#define RECEIVE_MAX (FRAME_RECEIPT_MAX + 4) /* REQ's number stands before the frame */

enum stage { QUEUED, SENDING, RECEIVING };

struct call {
    struct call *next, *prev; /* in its list: queue or open */
    struct call *next_ready;
    struct links *links;
    uint64_t id;
    char address[ADDRESS_MAX];
    unsigned char *frame;
    size_t n;
    int64_t until_ms;
    void (*on_done)(void *ctx, const void *frame, size_t n, const struct err *err);
    void *ctx;

    enum stage stage;
    bool has_socket, cancelled;
    nng_socket socket;
    nng_dialer dialer;
    nng_aio *aio;
    bool pipe_lost;
    const char *dial_failed; /* why; set before its send is cancelled */

    bool listed, finished, lost; /* under the lock: in the ready list; its aio is; its pipe went */
};

struct call_list {
    struct call *first, *last;
    size_t n;
};

struct links {
    void (*wake)(void *ctx);
    void *ctx;
    uint64_t last_id;
    struct call_list queue, open;
    nng_aio *look;
    bool looking;

    pthread_mutex_t lock; /* guards what follows, and three flags of each call */
    struct call *ready;
    bool look_now;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void list_add(struct call_list *l, struct call *c)
{
    c->next = NULL;
    c->prev = l->last;
    *(l->last != NULL ? &l->last->next : &l->first) = c;
    l->last = c;
    l->n++;
}

static void list_remove(struct call_list *l, struct call *c)
{
    *(c->prev != NULL ? &c->prev->next : &l->first) = c->next;
    *(c->next != NULL ? &c->next->prev : &l->last) = c->prev;
    c->next = c->prev = NULL;
    l->n--;
}

/* ---- on nng's threads: append and wake, nothing else ---- */

static void append_ready(struct call *c, bool finished, bool lost)
{
    struct links *l = c->links;

    pthread_mutex_lock(&l->lock);
    c->finished = c->finished || finished;
    c->lost = c->lost || lost;
    if (!c->listed) {
        c->listed = true;
        c->next_ready = l->ready;
        l->ready = c;
    }
    pthread_mutex_unlock(&l->lock);
    l->wake(l->ctx);
}

static void on_aio(void *arg)
{
    append_ready(arg, true, false);
}

static void on_pipe_gone(nng_pipe pipe, nng_pipe_ev event, void *arg)
{
    (void)pipe;
    (void)event;
    append_ready(arg, false, true);
}

static void on_look(void *arg)
{
    struct links *l = arg;
    pthread_mutex_lock(&l->lock);
    l->look_now = true;
    pthread_mutex_unlock(&l->lock);
    l->wake(l->ctx);
}

/* ---- one call, on the owner's thread ---- */

static void drop_message(nng_aio *aio)
{
    nng_msg *msg = nng_aio_get_msg(aio);
    nng_aio_set_msg(aio, NULL);
    if (msg != NULL)
        nng_msg_free(msg);
}

/* The measured order: stop the aio, close the socket, free the aio. */
static void call_close(struct call *c)
{
    if (c->aio != NULL) {
        nng_aio_stop(c->aio);
        drop_message(c->aio);
    }
    if (c->has_socket)
        nng_close(c->socket);
    if (c->aio != NULL)
        nng_aio_free(c->aio);
    c->aio = NULL;
    c->has_socket = false;
}

static void call_free(struct call *c)
{
    call_close(c);
    free(c->frame);
    free(c);
}

/* After call_close nothing of nng's knows c; it may still be in the ready list. */
static void unlist(struct links *l, struct call *c)
{
    pthread_mutex_lock(&l->lock);
    for (struct call **p = &l->ready; c->listed && *p != NULL; p = &(*p)->next_ready) {
        if (*p == c) {
            *p = c->next_ready;
            break;
        }
    }
    c->listed = false;
    pthread_mutex_unlock(&l->lock);
}

static int dial(struct call *c)
{
    char url[ADDRESS_MAX + 8];
    int rv;

    snprintf(url, sizeof(url), "tcp://%s", c->address);
    if ((rv = nng_aio_alloc(&c->aio, on_aio, c)) != 0 || (rv = nng_req0_open(&c->socket)) != 0)
        return rv;
    c->has_socket = true;
    if ((rv = nng_socket_set_ms(c->socket, NNG_OPT_REQ_RESENDTIME, NNG_DURATION_INFINITE)) != 0 ||
        (rv = nng_pipe_notify(c->socket, NNG_PIPE_EV_REM_POST, on_pipe_gone, c)) != 0 ||
        (rv = nng_dialer_create(&c->dialer, c->socket, url)) != 0 ||
        (rv = nng_dialer_set_size(c->dialer, NNG_OPT_RECVMAXSZ, RECEIVE_MAX)) != 0 ||
        (rv = nng_dialer_set_ms(c->dialer, NNG_OPT_RECONNMINT, NEVER_MS)) != 0)
        return rv;
    return nng_dialer_start(c->dialer, NNG_FLAG_NONBLOCK);
}

static int send_frame(struct call *c)
{
    nng_msg *msg;
    int rv;

    if ((rv = nng_msg_alloc(&msg, 0)) != 0)
        return rv;
    if ((rv = nng_msg_append(msg, c->frame, c->n)) != 0) {
        nng_msg_free(msg);
        return rv;
    }
    free(take_ptr(&c->frame));
    nng_aio_set_msg(c->aio, msg);
    nng_aio_set_timeout(c->aio, (nng_duration)MAX_OF(c->until_ms - now_ms(), (int64_t)0));
    c->stage = SENDING;
    nng_send_aio(c->socket, c->aio);
    return 0;
}

/* Only after the send has completed: an earlier receive can crash nng 1.5. */
static void receive(struct call *c)
{
    c->stage = RECEIVING;
    nng_aio_set_timeout(c->aio, (nng_duration)MAX_OF(c->until_ms - now_ms(), (int64_t)0));
    nng_recv_aio(c->socket, c->aio);
}

/* Hands the call out and forgets it: on_done may start and cancel others. */
static void finish(struct links *l, struct call *c, nng_msg *msg, const struct err *err)
{
    list_remove(c->stage == QUEUED ? &l->queue : &l->open, c);
    call_close(c);
    unlist(l, c);
    if (msg != NULL)
        c->on_done(c->ctx, nng_msg_body(msg), nng_msg_len(msg), NULL);
    else
        c->on_done(c->ctx, NULL, 0, err);
    if (msg != NULL)
        nng_msg_free(msg);
    call_free(c);
}

static void explain(const struct call *c, int code, struct err *err)
{
    if (c->cancelled)
        err_set(err, ERR_STATE, 0, "%s: the call was cancelled", c->address);
    else if (c->dial_failed != NULL)
        err_set(err, ERR_NETWORK, 0, "%s: %s", c->address, c->dial_failed);
    else if (c->pipe_lost || code == NNG_ECONNRESET)
        err_set(err, ERR_NETWORK, 0, "%s: the connection was closed without an answer", c->address);
    else if (code == NNG_ETIMEDOUT && c->stage == SENDING)
        err_set(err, ERR_TIMEOUT, 0, "%s: could not be reached in time", c->address);
    else if (code == NNG_ETIMEDOUT)
        err_set(err, ERR_TIMEOUT, 0, "%s: no answer in time", c->address);
    else
        link_error(err, code, "%s", c->address);
}

static void fail(struct links *l, struct call *c, int code)
{
    struct err err = ERR_INIT;
    explain(c, code, &err);
    finish(l, c, NULL, &err);
}

/* Something happened to it: returns whether it was handed out. */
static bool step(struct links *l, struct call *c, bool finished, bool lost)
{
    if (c->stage == QUEUED) { /* only cancelled calls get here so */
        fail(l, c, NNG_ECANCELED);
        return true;
    }
    c->pipe_lost = c->pipe_lost || lost;
    if (!finished) {
        if (lost && c->stage == SENDING)
            nng_aio_cancel(c->aio); /* there will be no other connection */
        return false;
    }
    int code = nng_aio_result(c->aio);
    if (code != 0 || c->cancelled) {
        fail(l, c, code != 0 ? code : NNG_ECANCELED);
        return true;
    }
    if (c->stage == SENDING) {
        receive(c);
        return false;
    }
    nng_msg *msg = nng_aio_get_msg(c->aio);
    nng_aio_set_msg(c->aio, NULL);
    finish(l, c, msg, NULL);
    return true;
}

/* ---- all calls ---- */

int links_new(void (*wake)(void *ctx), void *ctx, struct links **ret, struct err *err)
{
    struct links *l = xzalloc(1, sizeof(*l));
    int rv;

    l->wake = wake;
    l->ctx = ctx;
    pthread_mutex_init(&l->lock, NULL);
    if ((rv = nng_aio_alloc(&l->look, on_look, l)) != 0) {
        pthread_mutex_destroy(&l->lock);
        free(l);
        return link_error(err, rv, "start the links");
    }
    *ret = l;
    return 0;
}

static void list_free(struct call_list *list)
{
    struct call *c;
    while ((c = list->first) != NULL) {
        list_remove(list, c);
        call_free(c);
    }
}

void links_free(struct links *l)
{
    if (l == NULL)
        return;
    nng_aio_stop(l->look);
    list_free(&l->open);
    list_free(&l->queue);
    nng_aio_free(l->look);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

static void look_later(struct links *l)
{
    if (l->looking)
        return;
    l->looking = true;
    nng_sleep_aio(LOOK_MS, l->look);
}

static size_t start_queued(struct links *l)
{
    size_t handed_out = 0;

    while (l->queue.first != NULL && l->open.n < LINK_CALLS_MAX) {
        struct call *c = l->queue.first;
        int rv = c->cancelled ? NNG_ECANCELED : dial(c);
        if (rv == 0)
            rv = send_frame(c);
        if (rv != 0) {
            fail(l, c, rv);
            handed_out++;
            continue;
        }
        list_remove(&l->queue, c);
        list_add(&l->open, c);
    }
    return handed_out;
}

int links_call(struct links *l, const char *address, const void *frame, size_t n,
               int64_t deadline_ms,
               void (*on_done)(void *ctx, const void *frame, size_t n, const struct err *err),
               void *ctx, uint64_t *ret_id, struct err *err)
{
    const char *port = strrchr(address, ':');

    if (port == NULL || port == address || port[1] == '\0' || strlen(address) >= ADDRESS_MAX ||
        strpbrk(address, "/;@ ") != NULL)
        return err_set(err, ERR_USAGE, 0, "\"%s\" is not HOST:PORT or [HOST]:PORT", address);
    if (n > FRAME_ORDER_MAX)
        return err_set(err, ERR_LIMIT, 0, "%s: a frame of %zu bytes, at most %d", address, n,
                       FRAME_ORDER_MAX);
    if (deadline_ms < 1 || deadline_ms > NEVER_MS)
        return err_set(err, ERR_USAGE, 0, "%s: a deadline of %lld ms", address,
                       (long long)deadline_ms);
    struct call *c = xzalloc(1, sizeof(*c));
    c->links = l;
    c->id = ++l->last_id;
    memcpy(c->address, address, strlen(address));
    c->frame = memcpy(xalloc(n), frame, n);
    c->n = n;
    c->until_ms = now_ms() + deadline_ms;
    c->on_done = on_done;
    c->ctx = ctx;
    list_add(&l->queue, c);
    *ret_id = c->id;
    l->wake(l->ctx); /* links_drain starts it */
    return 0;
}

static struct call *find(const struct call_list *list, uint64_t id)
{
    struct call *c = list->first;
    while (c != NULL && c->id != id)
        c = c->next;
    return c;
}

void links_cancel(struct links *l, uint64_t id)
{
    struct call *c = find(&l->open, id);
    if (c == NULL)
        c = find(&l->queue, id);
    if (c == NULL || c->cancelled)
        return;
    c->cancelled = true;
    if (c->stage == QUEUED)
        append_ready(c, false, false);
    else
        nng_aio_cancel(c->aio);
}

/* Which of the open calls does this dialer belong to? Its send is ended with the reason. */
static void dial_failed(void *ctx, int dialer, const char *why)
{
    struct links *l = ctx;
    for (struct call *c = l->open.first; c != NULL; c = c->next) {
        if (c->stage == SENDING && nng_dialer_id(c->dialer) == dialer) {
            c->dial_failed = why;
            nng_aio_cancel(c->aio);
        }
    }
}

static bool dials(const struct links *l)
{
    const struct call *c = l->open.first;
    while (c != NULL && c->stage != SENDING)
        c = c->next;
    return c != NULL;
}

/* The next in the queue whose time is over. */
static struct call *find_late(const struct links *l, int64_t now)
{
    struct call *c = l->queue.first;
    while (c != NULL && (c->cancelled || c->until_ms > now))
        c = c->next;
    return c;
}

static size_t look(struct links *l)
{
    int64_t now = now_ms();
    size_t handed_out = 0;
    struct call *c;

    l->looking = false;
    if (dials(l))
        link_dials_failed(dial_failed, l);
    while ((c = find_late(l, now)) != NULL) {
        fail(l, c, NNG_ETIMEDOUT);
        handed_out++;
    }
    return handed_out;
}

static bool take_look(struct links *l)
{
    pthread_mutex_lock(&l->lock);
    bool now = l->look_now;
    l->look_now = false;
    pthread_mutex_unlock(&l->lock);
    return now;
}

static struct call *take_ready(struct links *l, bool *ret_finished, bool *ret_lost)
{
    pthread_mutex_lock(&l->lock);
    struct call *c = l->ready;
    if (c != NULL) {
        l->ready = c->next_ready;
        c->listed = false;
        *ret_finished = c->finished;
        *ret_lost = c->lost;
        c->finished = false;
    }
    pthread_mutex_unlock(&l->lock);
    return c;
}

size_t links_drain(struct links *l)
{
    bool finished = false, lost = false;
    struct call *c;

    size_t handed_out = take_look(l) ? look(l) : 0;
    while ((c = take_ready(l, &finished, &lost)) != NULL)
        handed_out += step(l, c, finished, lost) ? 1 : 0;
    handed_out += start_queued(l);
    if (l->queue.first != NULL || dials(l))
        look_later(l);
    return handed_out;
}

size_t links_open(const struct links *l)
{
    return l->queue.n + l->open.n;
}
