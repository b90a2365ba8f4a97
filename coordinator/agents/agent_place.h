/*
 * agent_place.h - where an agent is asked whom Nomad does not list yet: an address that people
 * give.
 *
 *     agent_place("10.0.0.21", &p, &err)         10.0.0.21:4650
 *     agent_place("[fd00::21]:4700", &p, &err)
 *
 * An address, with the agents' port or another one; an IPv6 address stands in brackets. No name: it
 * is compared with the address that Nomad lists later. Two spellings of one address give the same
 * texts. Pure.
 */
#ifndef AGENT_PLACE_H
#define AGENT_PLACE_H

#include "err.h"
#include "message.h"

struct agent_place {
    char ip[64];             /* "10.0.0.21", "fd00::21": as Nomad lists it */
    char address[80];        /* whom to ask: with port, and brackets */
    char name[NAME_MAX_LEN]; /* for people, and in known_hosts: the address, without the agents'
                                usual port */
};

/* ERR_USAGE: says what of the text is no address. */
MUST_CHECK int agent_place(const char *text, struct agent_place *ret, struct err *err);

#endif
