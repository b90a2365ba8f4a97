#include "envelope.h"
#include "link_conn.h"

#define GREETING_MS 5000  /* for both greetings together */
#define FRAME_MS    10000 /* to receive a frame, from its head on */
#define ANSWER_MS   10000 /* to send an answer */

static int64_t read_monotonic_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Sends or receives the remaining bytes of the stage. nng always calls the callback on another
 * thread. */
static void continue_conn(struct conn *c)
{
    nng_iov iov = {.iov_buf = c->at, .iov_len = c->left};
    bool sends = c->stage == CONN_GREETS || c->stage == CONN_ANSWERS;

    nng_aio_set_timeout(c->aio,
                        (nng_duration)MAX_OF(c->until_ms - read_monotonic_ms(), (int64_t)1));
    if (nng_aio_set_iov(c->aio, 1, &iov) != 0)
        die_oom();
    if (sends)
        nng_stream_send(c->stream, c->aio);
    else
        nng_stream_recv(c->stream, c->aio);
}

static void enter_conn_stage(struct conn *c, enum conn_stage stage, void *at, size_t n,
                             int64_t within_ms)
{
    c->stage = stage;
    c->at = at;
    c->left = n;
    c->until_ms = read_monotonic_ms() + within_ms;
    continue_conn(c);
}

/* Each of these functions runs when its stage has sent or received all bytes. False ends the
 * connection. */
static bool after_greeting(struct conn *c)
{
    int64_t rest = c->until_ms - read_monotonic_ms();
    enter_conn_stage(c, CONN_HEARS_GREETING, c->head, SP_HELLO_LEN, rest);
    return true;
}

static bool after_hearing_greeting(struct conn *c)
{
    if (!sp_is_hello(c->head, SP_REQ))
        return false;
    enter_conn_stage(c, CONN_HEARS_HEAD, c->head, SP_HEAD_LEN, c->owner->idle_ms);
    return true;
}

static bool after_frame(struct conn *c)
{
    c->stage = CONN_IS_SERVED;
    c->owner->on_frame(c->owner->ctx, c);
    return true;
}

static bool after_frame_head(struct conn *c)
{
    if (!sp_read_head(c->head, FRAME_ORDER_MAX, &c->request, &c->frame_len))
        return false;
    if (c->frame_len == 0)
        return after_frame(c);
    c->bytes.data = xalloc(c->frame_len);
    c->bytes.cap = c->bytes.len = c->frame_len;
    enter_conn_stage(c, CONN_HEARS_FRAME, c->bytes.data, c->frame_len, FRAME_MS);
    return true;
}

static bool after_answer(struct conn *c)
{
    buf_free(&c->bytes);
    c->owner->on_answered(c->owner->ctx, c);
    enter_conn_stage(c, CONN_HEARS_HEAD, c->head, SP_HEAD_LEN, c->owner->idle_ms);
    return true;
}

static bool (*const after[CONN_STAGE_COUNT])(struct conn *c) = {
    [CONN_GREETS] = after_greeting,       [CONN_HEARS_GREETING] = after_hearing_greeting,
    [CONN_HEARS_HEAD] = after_frame_head, [CONN_HEARS_FRAME] = after_frame,
    [CONN_ANSWERS] = after_answer,
};

static bool step_conn(struct conn *c)
{
    if (nng_aio_result(c->aio) != 0 || c->kicked)
        return false;
    size_t moved = nng_aio_count(c->aio);
    c->at += moved;
    c->left -= moved;
    if (c->left == 0)
        return after[c->stage](c);
    if (c->until_ms <= read_monotonic_ms())
        return false;
    continue_conn(c);
    return true;
}

static void on_conn_aio(void *arg)
{
    struct conn *c = arg;
    struct conn_owner *o = c->owner;

    pthread_mutex_lock(&o->lock);
    if (!o->stopping && !step_conn(c))
        conn_end(c);
    pthread_mutex_unlock(&o->lock);
}

int conn_start(struct conn_owner *o, nng_stream *stream, uint32_t id)
{
    struct conn *c = xzalloc(1, sizeof(*c));
    int rv = nng_aio_alloc(&c->aio, on_conn_aio, c);

    if (rv != 0) {
        nng_stream_free(stream);
        free(c);
        return rv;
    }
    c->owner = o;
    c->stream = stream;
    c->id = id;
    c->next = o->first;
    if (c->next != NULL)
        c->next->prev = c;
    o->first = c;
    sp_hello(c->head, SP_REP);
    enter_conn_stage(c, CONN_GREETS, c->head, SP_HELLO_LEN, GREETING_MS);
    return 0;
}

void conn_answer(struct conn *c, const struct buf *answer)
{
    unsigned char head[SP_HEAD_LEN];

    sp_head(head, c->request, answer->len);
    buf_free(&c->bytes);
    (void)buf_add(&c->bytes, head, sizeof(head));
    (void)buf_add(&c->bytes, answer->data, answer->len);
    enter_conn_stage(c, CONN_ANSWERS, c->bytes.data, c->bytes.len, ANSWER_MS);
}

void conn_kick(struct conn *c)
{
    c->kicked = true;
    nng_stream_close(c->stream);
}

static void forget_conn(struct conn *c)
{
    *(c->prev != NULL ? &c->prev->next : &c->owner->first) = c->next;
    if (c->next != NULL)
        c->next->prev = c->prev;
    buf_free(&c->bytes);
    free(c);
}

void conn_end(struct conn *c)
{
    c->owner->on_end(c->owner->ctx, c);
    nng_stream_close(c->stream);
    nng_stream_free(c->stream);
    nng_aio_reap(c->aio); /* frees it in the background: this may be the callback of the aio */
    forget_conn(c);
}

void conn_end_all(struct conn_owner *o)
{
    struct conn *c;

    while ((c = o->first) != NULL) {
        nng_aio_stop(c->aio);
        nng_stream_close(c->stream);
        nng_stream_free(c->stream);
        nng_aio_free(c->aio);
        forget_conn(c);
    }
}
