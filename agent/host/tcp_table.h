/*
 * tcp_table.h - the text of /proc/PID/net/tcp and tcp6: which sockets listen. Pure.
 *
 * One line a socket (proc(5)); addresses stand there as the machine's own words of 32 bits, in
 * hexadecimal. A line that is not understood is passed over.
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
    bool any;         /* it is 0.0.0.0 or :: */
    bool six;
    uint16_t port;
    uint64_t inode;
    bool own; /* Nomad's: told by who asks (host.h) */
};

struct tcp_table {
    uint32_t n;
    bool more; /* than fit */
    struct tcp_listener list[TCP_LISTENERS];
};

/* Adds those that listen. */
void tcp_table_add(struct tcp_table *t, const char *text, bool six);

/* Who gets a connection to this address, "127.0.0.1" or "::1": the one that listens there, else one
 * that listens at every address. NULL: nobody. */
const struct tcp_listener *tcp_table_at(const struct tcp_table *t, const char *address,
                                        uint16_t port);
/* One that stands in the way of a listener at this address ("" or unknown: 0.0.0.0). NULL: none. */
const struct tcp_listener *tcp_table_against(const struct tcp_table *t, const char *address,
                                             uint16_t port);
/* Nomad's own at this port. NULL: none. */
const struct tcp_listener *tcp_table_own(const struct tcp_table *t, uint16_t port);

#endif
