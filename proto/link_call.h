/*
 * link_call.h - one call to an agent: connect, send an order, receive the answer, close.
 *
 * A call has a few stages; each stage is one nng operation or several. Calling sequence:
 * link_call_new; link_call_start; link_call_step each time after `completed` was called, until
 * link_call_step returns 1 (c->in is the answer) or -1; link_call_close; link_call_free. One
 * deadline, given at the start, covers the whole call. A call may be closed or freed at any stage.
 *
 * Threads: the owner's thread calls all functions. Only `completed` is called on nng's threads; it
 * may only notify the owner. The owner (link_client.h) sets links, on_done and ctx, and keeps the
 * call in its lists with next and prev; the other members belong to link_call.c. Frame and address
 * are copied.
 *
 * Limits: the caller has checked that the address is shorter than ADDRESS_MAX. An answer has at
 * most FRAME_RECEIPT_MAX bytes.
 */
#ifndef LINK_CALL_H
#define LINK_CALL_H

#include <nng/nng.h>
#include "buf.h"
#include "sp.h"

#define ADDRESS_MAX 128

enum link_call_stage { CALL_QUEUED, CALL_DIALS, CALL_SAYS, CALL_HEARS_HEAD, CALL_HEARS_FRAME };

struct link_call {
    struct link_call *next, *prev; /* in the list of queued calls or the list of open calls */
    struct link_call *next_ready;  /* in the list of ready calls; guarded by the lock of links */
    bool ready;                    /* the same lock guards it */
    struct links *links;

    char address[ADDRESS_MAX];
    int64_t until_ms;
    void (*on_done)(void *ctx, const void *frame, size_t n, const struct err *err);
    void *ctx;

    enum link_call_stage stage;
    struct buf out; /* greeting, head and frame, to be sent together */
    struct buf in;  /* received: greeting and head, later the answer */
    size_t moved;   /* bytes of this stage that were sent or received */
    size_t want;    /* bytes of this stage */
    nng_stream_dialer *dialer;
    nng_stream *stream;
    nng_aio *aio;
};

int64_t link_call_now_ms(void);
struct link_call *link_call_new(const char *address, const void *frame, size_t n,
                                int64_t deadline_ms);
/* Begins to connect. Returns 0, or nng's code on failure. */
MUST_CHECK int link_call_start(struct link_call *c, void (*completed)(void *call));
/* Continues after an operation has completed. 0: the next operation has begun; 1: c->in is the
 * answer; -1: the call failed, and err says why. */
MUST_CHECK int link_call_step(struct link_call *c, struct err *err);
/* Fills in err for a code of nng at this stage. Returns -1. */
int link_call_error(const struct link_call *c, int code, struct err *err);
/* Waits for a running callback. Afterwards nng does not use the call any more. */
void link_call_close(struct link_call *c);
void link_call_free(struct link_call *c);

#endif
