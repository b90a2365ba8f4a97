/*
 * heartbeat.h - when a client of Nomad last reached a server, and when its next heartbeat is due.
 *
 * Nomad's agent tells both as durations, in stats.client of /v1/agent/self: last_heartbeat (its
 * age) and heartbeat_ttl (the next one comes so long after it). caravan-swap tells them as a text,
 * in the fact `heartbeat`: "age=1234 ttl=15000 at=987654", ms; at: the host's uptime at which the
 * age was asked for. What Nomad does not tell, or tells as more than HEARTBEAT_MOST_MS, is -1:
 * unknown.
 */
#ifndef HEARTBEAT_H
#define HEARTBEAT_H

#include "json.h"

#define HEARTBEAT_MOST_MS                                                                          \
    (60 * 60 * 1000) /* Nomad's are minutes, with ten thousand clients too                         \
                      */
#define HEARTBEAT_LATE_MS 2000
#define HEARTBEAT_TEXT    96
#define HEARTBEAT_FACT    "heartbeat" /* the fact's id */

struct heartbeat {
    int64_t age_ms, ttl_ms; /* -1 unknown */
    int64_t at_ms;          /* uptime of the host; 0: not told */
};

/* self: the answer of /v1/agent/self; at_ms becomes 0. */
void heartbeat_of_self(const struct json *self, struct heartbeat *ret);
/* Are both known, and is the next one due at a time? */
bool heartbeat_known(const struct heartbeat *b);
/* The fact's text; b is known. */
void heartbeat_text(const struct heartbeat *b, char dst[static HEARTBEAT_TEXT]);
/* Exactly such a text, all three within their limits; else ERR_FORMAT. */
MUST_CHECK int heartbeat_parse(const char *text, struct heartbeat *ret, struct err *err);
/* The uptime after which the age is out of date, because the next one has come by what is known;
 * of one that is late: HEARTBEAT_LATE_MS after it was asked for. */
int64_t heartbeat_over_ms(const struct heartbeat *b);

#endif
