/*
 * link_call.h - one call to an agent: dial, say, hear, close.
 *
 * A call is a few stages, each one nng operation. Calling sequence: call_new; call_start;
 * call_step each time `completed` was called, until it returns 1 (c->in is the answer) or -1;
 * call_close; call_free. One deadline, given at the start, covers all of them. A call may be
 * closed or freed at any stage.
 *
 * Threads: everything on the owner's thread. `completed` alone comes on nng's threads and may
 * do no more than tell the owner. The owner (link_client.h) sets links, id, on_done and ctx,
 * and keeps the call in its lists by next and prev; the call keeps the rest. Frame and address
 * are copied.
 *
 * Limits: an address below ADDRESS_MAX, which the caller has checked; an answer of at most
 * FRAME_RECEIPT_MAX.
 */
#ifndef LINK_CALL_H
#define LINK_CALL_H

#include <nng/nng.h>
#include "buf.h"
#include "sp.h"

#define ADDRESS_MAX 128

enum call_stage { CALL_QUEUED, CALL_DIALS, CALL_SAYS, CALL_HEARS_HEAD, CALL_HEARS_FRAME };

struct call {
    struct call *next, *prev; /* in its list: queued or open */
    struct call *next_ready;  /* under the links' lock, as is: */
    bool ready;
    struct links *links;

    char address[ADDRESS_MAX];
    int64_t until_ms;
    void (*on_done)(void *ctx, const void *frame, size_t n, const struct err *err);
    void *ctx;

    enum call_stage stage;
    struct buf out; /* greeting, head and frame in one */
    struct buf in;  /* greeting and head; then the answer */
    size_t moved;   /* of the stage's bytes */
    size_t want;
    nng_stream_dialer *dialer;
    nng_stream *stream;
    nng_aio *aio;
};

int64_t call_now_ms(void);
struct call *call_new(const char *address, const void *frame, size_t n, int64_t deadline_ms);
/* Begins to dial. nng's code on failure. */
MUST_CHECK int call_start(struct call *c, void (*completed)(void *call));
/* The operation has completed. 0: the next one is under way; 1: c->in is the answer; -1:
 * it failed, and err says how. */
MUST_CHECK int call_step(struct call *c, struct err *err);
/* Words for nng's code at this stage. Returns -1. */
int call_error(const struct call *c, int code, struct err *err);
/* Waits for a running callback; afterwards nothing of nng's knows the call. */
void call_close(struct call *c);
void call_free(struct call *c);

#endif
