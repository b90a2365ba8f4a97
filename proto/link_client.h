/*
 * link_client.h - calls to agents: nng's request protocol, the asking side.
 *
 * One struct links serves thousands of agents with a bounded number of calls open
 * (LINK_CALLS_MAX; more queue). A call dials, sends one frame, hears one frame, closes. A
 * call happens at most once as far as this side knows; retries are the caller's, with the
 * same inner bytes sealed anew. A refused connection is told at once. The bytes are those
 * of nng's REQ socket (sp.h), over nng's streams: link_server.h says why.
 *
 * Calling sequence: links_new, links_call..., links_drain whenever `wake` was called,
 * links_free. Calls start in links_drain, not in links_call (which wakes).
 *
 * Threads: everything here on one thread, its owner's. nng's callbacks only append to a
 * completion list under one mutex and call `wake` (http_wake), from any thread. on_done
 * may call links_call, not links_drain or links_free.
 *
 * Host names are resolved by nng on a few threads of its own: a name server that does not
 * answer holds up other names, and never an address. Give addresses where you have them.
 */
#ifndef LINK_CLIENT_H
#define LINK_CLIENT_H

#include <stdbool.h>
#include "buf.h"
#include "wire_limits.h"

#define LINK_CALLS_MAX 256

struct links;

MUST_CHECK int links_new(void (*wake)(void *ctx), void *ctx, struct links **ret, struct err *err);
/* Calls that are open or queued end without their on_done. NULL is fine. */
void links_free(struct links *l);

/* address: "10.0.0.1:4650" or "[::1]:4650". frame is copied. deadline_ms: from now, for all
 * of it, waiting in the queue included. on_done is called from links_drain exactly once:
 * frame and n are the answer (valid until it returns) and err is NULL; or frame is NULL and
 * err says why: ERR_NETWORK (refused, unreachable, closed without an answer, not an agent),
 * ERR_TIMEOUT, ERR_LIMIT (the answer is too large).
 * -1: ERR_USAGE (address, deadline), ERR_LIMIT (frame); no on_done then. */
MUST_CHECK int
links_call(struct links *l, const char *address, const void *frame, size_t n, int64_t deadline_ms,
           void (*on_done)(void *ctx, const void *frame, size_t n, const struct err *err),
           void *ctx, struct err *err);
/* Hands out finished calls, starts queued ones; returns how many were handed out. */
size_t links_drain(struct links *l);
size_t links_open(const struct links *l); /* queued and under way */

#endif
