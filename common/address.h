/*
 * address.h - who may connect: addresses and ranges as root writes them.
 *
 * An address is 16 bytes; IPv4 is ::ffff:a.b.c.d, so that a dual-stack listener sees
 * one form. A list is text with blanks between: "10.0.0.0/8 192.0.2.7 fd00::/8".
 * Pure: no sockets, no names are resolved.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "err.h"

#define ADDRESS_RANGES_MAX 64

struct address {
    unsigned char bytes[16];
};

struct address_range {
    struct address base;
    unsigned bits; /* of 128 */
};

struct address_list {
    size_t n; /* 0: everybody */
    struct address_range ranges[ADDRESS_RANGES_MAX];
};

struct address address_v4(const unsigned char b[static 4]);
/* One address alone. False: it is none. */
bool address_parse(const char *text, struct address *ret);
/* One entry of a list of hosts, as it stands there: "10.0.0.1", "10.0.0.1:4648", "[::1]:4648",
 * "::1". The parts point into it, and nothing is judged; port NULL: none is named. */
struct address_parts {
    const char *host, *port;
    size_t host_n, port_n;
};
struct address_parts address_split(const char *entry, size_t len);
/* ERR_CONFIG with the word that is no address; NULL and "" give the empty list. Bits set
 * behind the prefix are refused: such a line means something else than it says. */
MUST_CHECK int address_list_parse(const char *text, struct address_list *ret, struct err *err);
bool address_list_holds(const struct address_list *l, const struct address *a);
/* One party for the purpose of counting: an IPv4 address, an IPv6 network of 64 bits. */
bool address_same_party(const struct address *a, const struct address *b);

#endif
