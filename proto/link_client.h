/*
 * link_client.h - calls to agents: nng REQ, and only here and in link_server.
 *
 * One struct links serves thousands of agents with a bounded number of calls
 * open (LINK_CALLS_MAX; more queue). A call opens its socket, dials, sends one frame, receives one
 * frame, closes. Resend is off: a call happens at most once as far as this side
 * knows; retries are the caller's, with the same inner bytes sealed anew.
 *
 * Threads: nng's callbacks only append to a completion list under one mutex and
 * call `wake` (http_wake). links_drain, on the owner's thread, hands completions
 * out. Stopping is in the measured order (facts of nng 1.5: aio stop, join,
 * close); links_free does it.
 */
#ifndef LINK_CLIENT_H
#define LINK_CLIENT_H

#include <stdbool.h>
#include "buf.h"
#include "wire_limits.h"

#define LINK_CALLS_MAX 256

struct links;

MUST_CHECK int links_new(void (*wake)(void *ctx), void *ctx, struct links **ret, struct err *err);
void links_free(struct links *l);

/* address: "10.0.0.1:4650" or "[::1]:4650". frame is copied. on_done is called
 * from links_drain exactly once: frame NULL and err set (ERR_NETWORK, ERR_TIMEOUT)
 * when there was no answer. Returns a number for links_cancel. */
MUST_CHECK int
links_call(struct links *l, const char *address, const void *frame, size_t n, int64_t deadline_ms,
           void (*on_done)(void *ctx, const void *frame, size_t n, const struct err *err),
           void *ctx, uint64_t *ret_id, struct err *err);
void links_cancel(struct links *l, uint64_t id); /* its on_done comes with ERR_STATE */
/* Hands out finished calls, starts queued ones; returns how many were handed out. */
size_t links_drain(struct links *l);
size_t links_open(const struct links *l); /* queued and under way */

#endif
