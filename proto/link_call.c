#include "envelope.h"
#include "link_call.h"
#include "link_error.h"

#define REQUEST_ID  1 /* any number is right: there is one request a connection */
#define HEARD_FIRST (SP_HELLO_LEN + SP_HEAD_LEN)

int64_t link_call_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct link_call *link_call_new(const char *address, const void *frame, size_t n,
                                int64_t deadline_ms)
{
    struct link_call *c = xzalloc(1, sizeof(*c));
    unsigned char greeting[SP_HELLO_LEN], head[SP_HEAD_LEN];

    memcpy(c->address, address, strlen(address)); /* the caller checked it: below ADDRESS_MAX */
    c->until_ms = link_call_now_ms() + deadline_ms;
    sp_hello(greeting, SP_REQ);
    sp_head(head, REQUEST_ID, n);
    (void)buf_add(&c->out, greeting, sizeof(greeting));
    (void)buf_add(&c->out, head, sizeof(head));
    (void)buf_add(&c->out, frame, n);
    return c;
}

static void set_call_timeout(struct link_call *c)
{
    /* At least 1: nng takes 0 as "only if it can be done at once", and refuses that for streams. */
    nng_aio_set_timeout(c->aio, (nng_duration)MAX_OF(c->until_ms - link_call_now_ms(), (int64_t)1));
}

int link_call_start(struct link_call *c, void (*completed)(void *call))
{
    char url[ADDRESS_MAX + 8];
    int rv;

    snprintf(url, sizeof(url), "tcp://%s", c->address);
    if ((rv = nng_aio_alloc(&c->aio, completed, c)) != 0 ||
        (rv = nng_stream_dialer_alloc(&c->dialer, url)) != 0)
        return rv;
    c->stage = CALL_DIALS;
    set_call_timeout(c);
    nng_stream_dialer_dial(c->dialer, c->aio);
    return 0;
}

/* Sends or receives the remaining bytes of the stage. */
static void continue_call(struct link_call *c)
{
    struct buf *b = c->stage == CALL_SAYS ? &c->out : &c->in;
    nng_iov iov = {.iov_buf = b->data + c->moved, .iov_len = c->want - c->moved};

    if (nng_aio_set_iov(c->aio, 1, &iov) != 0)
        die_oom();
    set_call_timeout(c);
    if (c->stage == CALL_SAYS)
        nng_stream_send(c->stream, c->aio);
    else
        nng_stream_recv(c->stream, c->aio);
}

static void enter_call_stage(struct link_call *c, enum link_call_stage stage, size_t want)
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
    continue_call(c);
}

static int handle_answer_head(struct link_call *c, struct err *err)
{
    uint32_t id;
    size_t n;

    if (!sp_is_hello(c->in.data, SP_REP))
        return err_set(err, ERR_NETWORK, 0, "%s: another program than caravan-agent listens there",
                       c->address);
    if (!sp_read_head(c->in.data + SP_HELLO_LEN, FRAME_RECEIPT_MAX, &id, &n))
        return err_set(err, ERR_LIMIT, 0, "%s: the answer is larger than %d bytes or not valid",
                       c->address, FRAME_RECEIPT_MAX);
    if (n == 0) {
        buf_clear(&c->in);
        return 1;
    }
    enter_call_stage(c, CALL_HEARS_FRAME, n);
    return 0;
}

int link_call_step(struct link_call *c, struct err *err)
{
    int code = nng_aio_result(c->aio);

    if (code != 0)
        return link_call_error(c, code, err);
    if (c->stage == CALL_DIALS) {
        c->stream = nng_aio_get_output(c->aio, 0);
        enter_call_stage(c, CALL_SAYS, c->out.len);
        return 0;
    }
    c->moved += nng_aio_count(c->aio);
    if (c->moved < c->want) {
        continue_call(c);
        return 0;
    }
    if (c->stage == CALL_HEARS_HEAD)
        return handle_answer_head(c, err);
    if (c->stage == CALL_HEARS_FRAME)
        return 1;
    buf_free(&c->out);
    enter_call_stage(c, CALL_HEARS_HEAD, HEARD_FIRST);
    return 0;
}

int link_call_error(const struct link_call *c, int code, struct err *err)
{
    bool was_there = c->stage > CALL_DIALS; /* the agent, or another program, accepted the call */

    if (code == NNG_ETIMEDOUT)
        return err_set(err, ERR_TIMEOUT, 0, "%s: %s", c->address,
                       was_there ? "accepted the connection, but did not answer in time; perhaps "
                                   "another program than caravan-agent listens there"
                                 : "could not be reached in time");
    if (was_there && (code == NNG_ECONNSHUT || code == NNG_ECONNRESET || code == NNG_ECLOSED))
        return err_set(
            err, ERR_NETWORK, 0,
            "%s: closed the connection without an answer; perhaps another program listens there, "
            "or the agent does not know this coordinator's key",
            c->address);
    return link_error(err, code, "%s", c->address);
}

/* The last result of the aio may be a stream that link_call_step has not taken yet. */
static void take_dialed_stream(struct link_call *c)
{
    if (c->stage == CALL_DIALS && c->stream == NULL && nng_aio_result(c->aio) == 0)
        c->stream = nng_aio_get_output(c->aio, 0);
}

void link_call_close(struct link_call *c)
{
    if (c->aio != NULL) {
        nng_aio_stop(c->aio);
        take_dialed_stream(c);
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

void link_call_free(struct link_call *c)
{
    link_call_close(c);
    buf_free(&c->out);
    buf_free(&c->in);
    free(c);
}
