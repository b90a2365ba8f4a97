/*
 * tcp_table.h - parses /proc/PID/net/tcp and tcp6: which sockets listen? Pure.
 *
 * One line for each socket (proc(5)). An address is written as words of 32 bits in the machine's
 * byte order, in hexadecimal. A line that cannot be parsed is skipped.
 */
#ifndef TCP_TABLE_H
#define TCP_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "compiler.h"

#define TCP_LISTENERS 512

struct tcp_listener {
    char address[48]; /* "127.0.0.1", "::1" */
    bool any;         /* the address is 0.0.0.0 or :: */
    bool six;
    uint16_t port;
    uint64_t inode;
    bool own; /* the socket is Nomad's; sockets_listening sets this */
};

struct tcp_table {
    uint32_t n;
    bool more; /* more sockets listen than fit into the list */
    struct tcp_listener list[TCP_LISTENERS];
};

/* Adds the listening sockets of the text. */
void tcp_table_add(struct tcp_table *t, const char *text, bool six);

/* The socket that gets a connection to this address, "127.0.0.1" or "::1": the one that listens
 * there, or else one that listens on all addresses. NULL: none. */
const struct tcp_listener *tcp_table_at(const struct tcp_table *t, const char *address,
                                        uint16_t port);
/* A socket, not Nomad's own, that keeps Nomad from listening at this address ("": 0.0.0.0). NULL:
 * none. */
const struct tcp_listener *tcp_table_against(const struct tcp_table *t, const char *address,
                                             uint16_t port);
/* Nomad's own socket at this port. NULL: none. */
const struct tcp_listener *tcp_table_own(const struct tcp_table *t, uint16_t port);

#endif
