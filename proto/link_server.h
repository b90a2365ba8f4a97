/*
 * link_server.h - the agent's ear: nng's request protocol, the answering side.
 *
 * A listener with `contexts` worker threads; each takes one frame, calls the handler,
 * sends its answer. Connections ("pipes") are admitted by allow_from and counted, in total
 * and by address, from the moment they are accepted: before a byte of theirs is read. At a
 * cap the idlest goes for the newcomer (crowd.h). Deadlines, which a dripping peer does not
 * move: 5 s for the greeting, idle_ms until a frame begins, 10 s for a frame, 10 s for
 * taking an answer. A frame larger than FRAME_ORDER_MAX ends its connection, and so does
 * the handler returning -1: strangers get no answer.
 *
 * The handler runs on a worker thread, may block up to STATUS_WAIT_MAX_MS, and must be
 * safe to call from several threads. When its peer goes meanwhile, that is seen when the
 * answer is sent.
 *
 * The bytes are those of nng's REP socket (sp.h), and nng's REQ sockets can ask here; the
 * connections are nng's streams. nng 1.5.2's own REP socket is not used, because a stranger
 * can hang it for good: closing a pipe while it hears a message may lose the completion
 * that nng's one reaper thread then waits for, and nothing is closed or given back any
 * more. Measured with 80 connections that drip bytes against a REP socket with caps:
 * after 8 s no answer, and every descriptor held (tests: link_strangers). Nor does a REP
 * socket tell of a connection before its greeting, which may take 10 s.
 */
#ifndef LINK_SERVER_H
#define LINK_SERVER_H

#include <stdbool.h>
#include "buf.h"
#include "wire_limits.h"

struct link_server;

struct link_server_config {
    const char *address;    /* "0.0.0.0:4650", "[::]:4650"; port 0: any, see link_server_port */
    int contexts;           /* 1 to 64; 8 is plenty beside those that hold answers back */
    int max_pipes;          /* in total; twice as many descriptors must be allowed, and 64 */
    int max_pipes_each;     /* by remote address (IPv6: by network of 64 bits) */
    const char *allow_from; /* blanks between: addresses and CIDR; "" or NULL: everybody */
    int64_t idle_ms;
    /* Fills answer (a frame) and returns 0, or returns -1 for no answer. */
    int (*handle)(void *ctx, const void *frame, size_t n, struct buf *answer);
    void *ctx;
};

/* ERR_USAGE (numbers, address), ERR_CONFIG (allow_from; too few descriptors), ERR_BUSY
 * (address in use), ERR_IO. */
MUST_CHECK int link_server_start(const struct link_server_config *c, struct link_server **ret,
                                 struct err *err);
int link_server_port(const struct link_server *s);
void link_server_stop(struct link_server *s); /* waits for handlers; NULL is fine */

#endif
