/*
 * link_conn.h - one accepted connection: its bytes, its deadlines, its turn.
 *
 * A table of stages: greet, hear the greeting, hear a head, hear a frame, be served by a
 * worker, answer, and hear a head again. Every stage has a deadline that partial bytes do not
 * move. Calling sequence: conn_start takes an accepted stream; on_frame says that a whole frame
 * is there (bytes, frame_len); conn_answer or conn_end by whoever serves it; conn_end_all when
 * the server stops.
 *
 * Ownership: a connection belongs to its pending operation (whose callback ends it when it
 * fails), to the queue of frames, or to the worker serving it. conn_end gives it back;
 * conn_kick makes a pending operation fail, so that the callback ends it. on_end comes just
 * before one is freed, once for each, but not from conn_end_all.
 *
 * Threads: one nng aio a connection; its callback, on nng's threads, does the step and starts
 * the next, under the owner's lock. All functions but conn_end_all are called with that lock
 * held. Limits: a frame of at most FRAME_ORDER_MAX.
 */
#ifndef LINK_CONN_H
#define LINK_CONN_H

#include <pthread.h>
#include <nng/nng.h>
#include "address.h"
#include "buf.h"
#include "sp.h"

struct conn;
struct conn_owner {
    pthread_mutex_t lock;
    int64_t idle_ms;
    bool stopping;      /* callbacks do nothing any more */
    struct conn *first; /* all of them */
    void *ctx;
    void (*on_frame)(void *ctx, struct conn *c); /* a whole frame: queue it for a worker */
    void (*on_answered)(void *ctx, struct conn *c);
    void (*on_end)(void *ctx, struct conn *c); /* just before it is freed */
};

enum conn_stage {
    CONN_GREETS,
    CONN_HEARS_GREETING,
    CONN_HEARS_HEAD,
    CONN_HEARS_FRAME,
    CONN_IS_SERVED,
    CONN_ANSWERS,
    CONN_STAGE_COUNT
};

struct conn {
    struct conn *next, *prev; /* in owner->first */
    struct conn *next_frame;  /* in the queue of frames */
    struct conn_owner *owner;
    uint32_t id; /* the crowd's */
    nng_stream *stream;
    nng_aio *aio;
    enum conn_stage stage;
    bool kicked;
    unsigned char *at; /* what the present stage still has to move */
    size_t left;
    int64_t until_ms;
    unsigned char head[SP_HEAD_LEN];
    uint32_t request;
    size_t frame_len;
    struct buf bytes; /* the frame heard, then the answer with its head */
};

/* Takes the stream. nng's code, and the stream is freed, on failure. */
MUST_CHECK int conn_start(struct conn_owner *o, nng_stream *stream, uint32_t id);
/* Sends the answer, from CONN_IS_SERVED. */
void conn_answer(struct conn *c, const struct buf *answer);
void conn_kick(struct conn *c);
void conn_end(struct conn *c);
/* Frees all, after stopping was set and no worker has one: waits for callbacks, so call
 * it without the lock. */
void conn_end_all(struct conn_owner *o);

#endif
