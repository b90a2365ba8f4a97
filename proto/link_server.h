/*
 * link_server.h - the agent's ear: nng REP with a bounded crowd.
 *
 * A listener with `contexts` worker threads; each receives one frame, calls the
 * handler, sends its answer. Connections are capped in total and by address, and
 * admitted by allow_from, before a byte of theirs is read; a frame larger than
 * FRAME_ORDER_MAX closes its pipe. The handler returning -1 answers nothing and
 * closes the stranger's pipe: strangers get no answer. A pipe that sends nothing
 * for idle_ms is closed, so that idle strangers cannot crowd out the coordinator.
 *
 * The handler runs on a worker thread, may block up to STATUS_WAIT_MAX_MS, and
 * must be safe to call from several threads.
 */
#ifndef LINK_SERVER_H
#define LINK_SERVER_H

#include <stdbool.h>
#include "buf.h"
#include "wire_limits.h"

struct link_server;

struct link_server_config {
    const char *address;    /* "0.0.0.0:4650"; port 0: any, see link_server_port */
    int contexts;           /* 8 to 64 */
    int max_pipes;          /* in total */
    int max_pipes_each;     /* by remote address */
    const char *allow_from; /* blanks between: addresses and CIDR; "" or NULL: everybody */
    int64_t idle_ms;
    /* Fills answer (a frame) and returns 0, or returns -1 for no answer. */
    int (*handle)(void *ctx, const void *frame, size_t n, struct buf *answer);
    void *ctx;
};

MUST_CHECK int link_server_start(const struct link_server_config *c, struct link_server **ret,
                                 struct err *err);
int link_server_port(const struct link_server *s);
void link_server_stop(struct link_server *s); /* waits for handlers; NULL is fine */

#endif
