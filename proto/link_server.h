/*
 * link_server.h - the listener of the agent: the answering side of nng's request protocol.
 *
 * The listener has `contexts` worker threads. A worker takes one frame, calls the handler, and
 * sends the answer of the handler. The listener accepts connections ("pipes") only from addresses
 * in allow_from. It counts them in total and by address from the moment they are accepted, before
 * it reads a byte. At a limit, it closes the most idle connection in favour of the new one
 * (connection_limits.h). Deadlines: 5 s for the greeting, idle_ms until a frame begins, 10 s for a
 * frame, 10 s to send an answer. A peer that sends single bytes does not extend a deadline. A frame
 * larger than FRAME_ORDER_MAX ends its connection. So does a handler that returns -1: strangers get
 * no answer.
 *
 * The handler runs on a worker thread, may block for up to STATUS_WAIT_MAX_MS, and must be safe to
 * call from several threads at the same time. If the peer closes the connection meanwhile, the
 * server notices that when it sends the answer.
 *
 * The bytes are those of nng's REP socket (sp.h), and nng's REQ sockets can send requests here. The
 * connections are nng's streams. The REP socket of nng 1.5.2 is not used, because a stranger can
 * block it for good: closing a pipe while nng receives a message from it may lose the completion
 * for which nng's only reaper thread then waits, and nng closes and frees nothing any more.
 * Measured with 80 connections that send single bytes slowly to a REP socket with limits: after 8 s
 * the socket did not answer, and every descriptor was in use (tests: link_strangers). Also, a REP
 * socket does not report a connection before its greeting, which may take 10 s.
 */
#ifndef LINK_SERVER_H
#define LINK_SERVER_H

#include <stdbool.h>
#include "buf.h"
#include "wire_limits.h"

struct link_server;

struct link_server_config {
    const char *address; /* "0.0.0.0:4650", "[::]:4650"; port 0: any port (link_server_port) */
    int contexts;        /* 1 to 64; 8 are enough besides those that hold back a status */
    int max_pipes;       /* in total; the process needs a limit of 2 * max_pipes + 64 open files */
    int max_pipes_each;  /* of one remote address (IPv6: of one network of 64 bits) */
    const char *allow_from; /* addresses and CIDR, blanks between; "" or NULL: every address */
    int64_t idle_ms;
    /* Fills in answer (a frame) and returns 0; -1: send no answer. */
    int (*handle)(void *ctx, const void *frame, size_t n, struct buf *answer);
    void *ctx;
};

/* ERR_USAGE: a number is out of range or the address is wrong. ERR_CONFIG: allow_from is wrong, or
 * the limit of open files is too low. ERR_BUSY: the address is in use. ERR_IO. */
MUST_CHECK int link_server_start(const struct link_server_config *c, struct link_server **ret,
                                 struct err *err);
int link_server_port(const struct link_server *s);
void link_server_stop(struct link_server *s); /* waits for handlers; NULL is fine */

#endif
