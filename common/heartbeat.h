/*
 * heartbeat.h - when a client of Nomad last reached a server, and when its next heartbeat is due.
 *
 * Nomad's agent reports two durations in stats.client of /v1/agent/self: last_heartbeat (the age of
 * the last heartbeat) and heartbeat_ttl (the time from that heartbeat to the next). caravan-swap
 * reports them as a text in the fact `heartbeat`: "age=1234 ttl=15000 at=987654". All three are
 * milliseconds; `at` is the uptime of the host when caravan-swap asked Nomad. A duration that Nomad
 * does not report, or that is above HEARTBEAT_MOST_MS, is -1: unknown.
 */
#ifndef HEARTBEAT_H
#define HEARTBEAT_H

#include "json.h"

#define HEARTBEAT_MOST_MS                                                                          \
    (60 * 60 * 1000) /* Nomad's are a few minutes at most, even with 10,000 clients */
#define HEARTBEAT_LATE_MS 2000
#define HEARTBEAT_TEXT    96
#define HEARTBEAT_FACT    "heartbeat" /* the fact's id */

struct heartbeat {
    int64_t age_ms, ttl_ms; /* -1: unknown */
    int64_t at_ms;          /* uptime of the host when Nomad was asked; 0: unknown */
};

/* self: the answer of /v1/agent/self. at_ms becomes 0. */
void heartbeat_of_self(const struct json *self, struct heartbeat *ret);
/* Is the age known, and the ttl known and above 0? */
bool heartbeat_known(const struct heartbeat *b);
/* Writes the text of the fact. Both durations must be known. */
void heartbeat_text(const struct heartbeat *b, char dst[static HEARTBEAT_TEXT]);
/* Parses the text of the fact. ERR_FORMAT: the text has another form, or a number is out of
 * range. */
MUST_CHECK int heartbeat_parse(const char *text, struct heartbeat *ret, struct err *err);
/* The uptime of the host from which the age is out of date, because the next heartbeat has
 * happened by then. If that heartbeat was already late: at_ms + HEARTBEAT_LATE_MS. */
int64_t heartbeat_over_ms(const struct heartbeat *b);

#endif
