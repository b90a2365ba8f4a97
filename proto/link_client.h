/*
 * link_client.h - calls from the coordinator to agents: the requesting side of nng's request
 * protocol.
 *
 * One struct links serves thousands of agents. At most LINK_CALLS_MAX calls are open at the same
 * time; further calls wait in a queue. A call connects, sends one frame, receives one frame and
 * closes. links never sends a frame twice; the caller retries, with the same inner bytes sealed
 * again. A refused connection ends the call at once. The bytes are those of nng's REQ socket
 * (sp.h), over nng's streams; link_server.h says why.
 *
 * Calling sequence: links_new, links_call any number of times, links_drain whenever `wake` was
 * called, links_free. Calls start in links_drain, not in links_call, which only calls `wake`.
 *
 * Threads: one thread, the owner's, calls all functions. nng's callbacks only append to a list of
 * completed calls, under one mutex, and call `wake` (http_wake), on any thread. on_done may call
 * links_call; it may not call links_drain or links_free.
 *
 * nng resolves host names on a few threads of its own. A name server that does not answer delays
 * other names; it never delays addresses. Use addresses where possible.
 */
#ifndef LINK_CLIENT_H
#define LINK_CLIENT_H

#include <stdbool.h>
#include "buf.h"
#include "wire_limits.h"

#define LINK_CALLS_MAX 256

struct links;

MUST_CHECK int links_new(void (*wake)(void *ctx), void *ctx, struct links **ret, struct err *err);
/* Ends open and queued calls without calling on_done. NULL is fine. */
void links_free(struct links *l);

/* Queues a call. address: "10.0.0.1:4650" or "[::1]:4650". frame is copied. deadline_ms: from now,
 * for the whole call with its time in the queue. links_drain calls on_done exactly once. With err
 * NULL, frame and n are the answer, valid until on_done returns. Otherwise frame is NULL and err
 * says why: ERR_NETWORK (refused, unreachable, closed without an answer, not an agent),
 * ERR_TIMEOUT, ERR_LIMIT (the answer is too large).
 * Returns -1 for a wrong address or deadline (ERR_USAGE) or a frame that is too large (ERR_LIMIT);
 * on_done is not called then. */
MUST_CHECK int
links_call(struct links *l, const char *address, const void *frame, size_t n, int64_t deadline_ms,
           void (*on_done)(void *ctx, const void *frame, size_t n, const struct err *err),
           void *ctx, struct err *err);
/* Calls on_done for the calls that have ended, and starts queued calls. Returns how many calls have
 * ended. */
size_t links_drain(struct links *l);
size_t links_open(const struct links *l); /* number of queued and open calls */

#endif
