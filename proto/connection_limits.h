/*
 * connection_limits.h - decides which connections the agent keeps and which ones it closes.
 *
 * A crowd is a bounded set of connections, each with a number. It has two limits: one for all
 * connections, one for the connections of a party (address.h). When a new connection would exceed a
 * limit, the crowd admits it and names another one to close: of the connections that are not being
 * served, the one that has been silent longest. If the party of the new connection is at its limit,
 * that one is of the same party; otherwise it is of the party with the most connections. So idle
 * strangers cannot keep others out, and a party with many connections cannot do so either. If all
 * connections are being served, the new connection is refused.
 *
 * Pure: the caller passes the numbers, the order of the calls says how long a connection has been
 * silent, and the caller closes the connections (connection_limits_to_close). A crowd is not safe
 * for several threads; link_server holds its lock during every call.
 */
#ifndef CONNECTION_LIMITS_H
#define CONNECTION_LIMITS_H

#include "address.h"

struct connection_limits;

struct connection_limits *connection_limits_new(int max,
                                                int max_each); /* in total; of each party */
void connection_limits_free(struct connection_limits *c);      /* NULL is fine */

/* Adds a new connection. False: close the new connection. True: it is in the crowd; now ask
 * connection_limits_to_close for connections to close. */
MUST_CHECK bool connection_limits_admit(struct connection_limits *c, uint32_t id,
                                        const struct address *from);
/* The connection has sent a frame and is being served until connection_limits_end_serving. These
 * three functions ignore an unknown number. */
void connection_limits_begin_serving(struct connection_limits *c, uint32_t id);
void connection_limits_end_serving(struct connection_limits *c, uint32_t id);
void connection_limits_remove(struct connection_limits *c, uint32_t id);
/* Names a connection to close; each is named once. 0: there is none. */
uint32_t connection_limits_to_close(struct connection_limits *c);
size_t
connection_limits_count(const struct connection_limits *c); /* without the connections to close */

#endif
