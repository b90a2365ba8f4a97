/*
 * link_conn.h - one accepted connection: its bytes, its deadlines, its stage.
 *
 * The stages: send our greeting, receive the greeting, receive a head, receive a frame, be served
 * by a worker, send the answer; then receive a head again. Every stage has a deadline; receiving a
 * part of the bytes does not extend it. Calling sequence: conn_start takes an accepted stream;
 * on_frame reports that a whole frame is there (bytes, frame_len); the worker calls conn_answer or
 * conn_end; conn_end_all ends all connections when the server stops.
 *
 * Ownership: a connection belongs to its pending operation, to the queue of frames, or to the
 * worker that serves it. When a pending operation fails, its callback ends the connection. conn_end
 * frees the connection. conn_kick makes a pending operation fail, so that the callback ends the
 * connection. on_end is called once for each connection, just before it is freed; conn_end_all does
 * not call it.
 *
 * Threads: every connection has one nng aio. Its callback runs on nng's threads, under the lock of
 * the owner; it finishes a stage and starts the next. The caller must hold that lock for all
 * functions but conn_end_all. Limits: a frame has at most FRAME_ORDER_MAX bytes.
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
    struct conn *first; /* list of all connections */
    void *ctx;
    void (*on_frame)(void *ctx, struct conn *c); /* a whole frame is there: queue it for a worker */
    void (*on_answered)(void *ctx, struct conn *c); /* the answer was sent */
    void (*on_end)(void *ctx, struct conn *c);      /* just before the connection is freed */
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
    uint32_t id; /* its number in the crowd */
    nng_stream *stream;
    nng_aio *aio;
    enum conn_stage stage;
    bool kicked;
    unsigned char *at; /* the bytes that the present stage must still send or receive */
    size_t left;       /* number of these bytes */
    int64_t until_ms;
    unsigned char head[SP_HEAD_LEN];
    uint32_t request;
    size_t frame_len;
    struct buf bytes; /* the frame that was received, later the answer with its head */
};

/* Takes ownership of the stream. On failure returns nng's code, and the stream is freed. */
MUST_CHECK int conn_start(struct conn_owner *o, nng_stream *stream, uint32_t id);
/* Sends the answer. The connection must be in stage CONN_IS_SERVED. */
void conn_answer(struct conn *c, const struct buf *answer);
void conn_kick(struct conn *c);
void conn_end(struct conn *c);
/* Frees all connections. Before, set stopping and wait until no worker has a connection. Call it
 * without the lock, because it waits for callbacks. */
void conn_end_all(struct conn_owner *o);

#endif
