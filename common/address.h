/*
 * address.h - IP addresses, and the lists of addresses that may connect.
 *
 * An address is 16 bytes. IPv4 addresses are stored as ::ffff:a.b.c.d, so that a dual-stack
 * listener sees one form. Root writes a list as text, with blanks or commas between the entries:
 * "10.0.0.0/8 192.0.2.7 fd00::/8". Pure: the functions open no sockets and resolve no names.
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
    size_t n; /* 0: every address may connect */
    struct address_range ranges[ADDRESS_RANGES_MAX];
};

struct address address_v4(const unsigned char b[static 4]);
/* Parses exactly one address, without a prefix length. False: the text is not an address. */
bool address_parse(const char *text, struct address *ret);
/* The host and the port of one entry of a list of hosts: "10.0.0.1", "10.0.0.1:4648",
 * "[::1]:4648", "::1". The parts point into `entry`. address_split does not check whether the parts
 * are valid. */
struct address_parts {
    const char *host, *port; /* port NULL: the entry names no port */
    size_t host_n, port_n;   /* bytes */
};
struct address_parts address_split(const char *entry, size_t len);
/* Parses a list. NULL and "" give the empty list. ERR_CONFIG: the text names the word that is not
 * an address. An entry with bits set after its prefix ("10.0.0.1/8") is refused, because root
 * probably meant something else. */
MUST_CHECK int address_list_parse(const char *text, struct address_list *ret, struct err *err);
/* Does the list contain the address? An empty list contains every address. */
bool address_list_holds(const struct address_list *l, const struct address *a);
/* Do both addresses count as one party? A party is one IPv4 address or one IPv6 network of 64
 * bits. */
bool address_same_party(const struct address *a, const struct address *b);

#endif
