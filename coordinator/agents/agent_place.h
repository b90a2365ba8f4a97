/*
 * agent_place.h - parses the address of an agent on a host that Nomad does not list yet.
 *
 *     agent_place("10.0.0.21", &p, &err)         10.0.0.21:4650
 *     agent_place("[fd00::21]:4700", &p, &err)
 *
 * The text is an IP address, with or without a port; an IPv6 address is in brackets. A host name is
 * not allowed, because the address is compared with the address that Nomad lists later. Two
 * spellings of one address give the same result. Pure.
 */
#ifndef AGENT_PLACE_H
#define AGENT_PLACE_H

#include "err.h"
#include "message.h"

struct agent_place {
    char ip[64];             /* "10.0.0.21", "fd00::21": as Nomad lists the address */
    char address[80];        /* with port, and brackets for IPv6: for links_call */
    char name[NAME_MAX_LEN]; /* for people and known_hosts: `address` without the usual port */
};

/* ERR_USAGE: the text is no address; the error text says which part is wrong. */
MUST_CHECK int agent_place(const char *text, struct agent_place *ret, struct err *err);

#endif
