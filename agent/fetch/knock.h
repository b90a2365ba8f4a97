/*
 * knock.h - does something accept connections there?
 *
 * A TCP connection is made and closed; nothing is sent. host is a numeric IPv4 or
 * IPv6 address (as Nomad's raft peers are told): names would wait for a resolver
 * outside of the deadline. ERR_NETWORK nobody, ERR_TIMEOUT no answer in time.
 */
#ifndef KNOCK_H
#define KNOCK_H

#include <stdint.h>
#include "err.h"

#define KNOCK_DEADLINE_MAX_MS 10000

MUST_CHECK int knock_at(const char *host, const char *port, int64_t deadline_ms, struct err *err);

#endif
