#include "envelope.h"
#include "link_call.h"
#include "link_error.h"

#define REQUEST_ID  1 /* one request a connection: any number will do */
#define HEARD_FIRST (SP_HELLO_LEN + SP_HEAD_LEN)

int64_t call_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct call *call_new(const char *address, const void *frame, size_t n, int64_t deadline_ms)
{
    struct call *c = xzalloc(1, sizeof(*c));
    unsigned char greeting[SP_HELLO_LEN], head[SP_HEAD_LEN];

    memcpy(c->address, address, strlen(address)); /* checked: below ADDRESS_MAX */
    c->until_ms = call_now_ms() + deadline_ms;
    sp_hello(greeting, SP_REQ);
    sp_head(head, REQUEST_ID, n);
    (void)buf_add(&c->out, greeting, sizeof(greeting));
    (void)buf_add(&c->out, head, sizeof(head));
    (void)buf_add(&c->out, frame, n);
    return c;
}

static void set_time(struct call *c)
{
    /* 0 would mean "only if it can be done at once", which nng refuses for streams. */
    nng_aio_set_timeout(c->aio, (nng_duration)MAX_OF(c->until_ms - call_now_ms(), (int64_t)1));
}

int call_start(struct call *c, void (*completed)(void *call))
{
    char url[ADDRESS_MAX + 8];
    int rv;

    snprintf(url, sizeof(url), "tcp://%s", c->address);
    if ((rv = nng_aio_alloc(&c->aio, completed, c)) != 0 ||
        (rv = nng_stream_dialer_alloc(&c->dialer, url)) != 0)
        return rv;
    c->stage = CALL_DIALS;
    set_time(c);
    nng_stream_dialer_dial(c->dialer, c->aio);
    return 0;
}

/* Moves what is left of the stage's bytes. */
static void go_on(struct call *c)
{
    struct buf *b = c->stage == CALL_SAYS ? &c->out : &c->in;
    nng_iov iov = {.iov_buf = b->data + c->moved, .iov_len = c->want - c->moved};

    if (nng_aio_set_iov(c->aio, 1, &iov) != 0)
        die_oom();
    set_time(c);
    if (c->stage == CALL_SAYS)
        nng_stream_send(c->stream, c->aio);
    else
        nng_stream_recv(c->stream, c->aio);
}

static void enter(struct call *c, enum call_stage stage, size_t want)
{
    c->stage = stage;
    c->moved = 0;
    c->want = want;
    if (stage != CALL_SAYS) {
        buf_free(&c->in);
        c->in.data = xalloc(want + 1);
        c->in.cap = want + 1;
        c->in.len = want;
        c->in.data[want] = '\0';
    }
    go_on(c);
}

static int after_head(struct call *c, struct err *err)
{
    uint32_t id;
    size_t n;

    if (!sp_is_hello(c->in.data, SP_REP))
        return err_set(err, ERR_NETWORK, 0, "%s: something else than an agent listens there",
                       c->address);
    if (!sp_read_head(c->in.data + SP_HELLO_LEN, FRAME_RECEIPT_MAX, &id, &n))
        return err_set(err, ERR_LIMIT, 0, "%s: the answer is larger than %d bytes, or none",
                       c->address, FRAME_RECEIPT_MAX);
    if (n == 0) {
        buf_clear(&c->in);
        return 1;
    }
    enter(c, CALL_HEARS_FRAME, n);
    return 0;
}

int call_step(struct call *c, struct err *err)
{
    int code = nng_aio_result(c->aio);

    if (code != 0)
        return call_error(c, code, err);
    if (c->stage == CALL_DIALS) {
        c->stream = nng_aio_get_output(c->aio, 0);
        enter(c, CALL_SAYS, c->out.len);
        return 0;
    }
    c->moved += nng_aio_count(c->aio);
    if (c->moved < c->want) {
        go_on(c);
        return 0;
    }
    if (c->stage == CALL_HEARS_HEAD)
        return after_head(c, err);
    if (c->stage == CALL_HEARS_FRAME)
        return 1;
    buf_free(&c->out);
    enter(c, CALL_HEARS_HEAD, HEARD_FIRST);
    return 0;
}

int call_error(const struct call *c, int code, struct err *err)
{
    bool was_there = c->stage > CALL_DIALS; /* something listens: an agent, or who took its port */

    if (code == NNG_ETIMEDOUT)
        return err_set(err, ERR_TIMEOUT, 0, "%s: %s", c->address,
                       was_there ? "no answer in time from what listens there, perhaps another "
                                   "program than caravan-agent"
                                 : "could not be reached in time");
    if (was_there && (code == NNG_ECONNSHUT || code == NNG_ECONNRESET || code == NNG_ECLOSED))
        return err_set(
            err, ERR_NETWORK, 0,
            "%s: closed without an answer: perhaps another program listens there, or an agent that "
            "does not know the key that asked",
            c->address);
    return link_error(err, code, "%s", c->address);
}

/* An aio's last result may be a stream that nobody has taken. */
static void take_stream(struct call *c)
{
    if (c->stage == CALL_DIALS && c->stream == NULL && nng_aio_result(c->aio) == 0)
        c->stream = nng_aio_get_output(c->aio, 0);
}

void call_close(struct call *c)
{
    if (c->aio != NULL) {
        nng_aio_stop(c->aio);
        take_stream(c);
    }
    if (c->stream != NULL) {
        nng_stream_close(c->stream);
        nng_stream_free(c->stream);
    }
    if (c->dialer != NULL) {
        nng_stream_dialer_close(c->dialer);
        nng_stream_dialer_free(c->dialer);
    }
    if (c->aio != NULL)
        nng_aio_free(c->aio);
    c->stream = NULL;
    c->dialer = NULL;
    c->aio = NULL;
}

void call_free(struct call *c)
{
    call_close(c);
    buf_free(&c->out);
    buf_free(&c->in);
    free(c);
}
