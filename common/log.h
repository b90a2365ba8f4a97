/*
 * log.h - what a program tells its operator.
 *
 * Library code returns errors; programs log them, once, where they are handled,
 * with the host, the order id and the phase. A log is a value passed down, not a
 * global. Where: standard error as plain lines ("program: level: text"), or systemd's
 * journal with structured fields when that was asked for and the journal
 * is there. Every event an operator may alert on has a stable name
 * (EVENT_...), which becomes MESSAGE_ID in the journal. Texts are escaped
 * (str_escape) here. Thread-safe: one write per line.
 *
 * What an entry is about (struct log_about) becomes fields beside its text, in the journal
 * only; their names are promised to operators as the events' are (caravan-agent(8)). No secret
 * goes in, and nothing that a stranger said.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>
#include "compiler.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

enum log_event {
    EVENT_NONE,
    EVENT_STARTED,
    EVENT_STOPPED,
    EVENT_IDENTITY_MADE,
    EVENT_TRUST_ADOPTED,
    EVENT_TRUST_IGNORED,
    EVENT_ORDER_ACCEPTED,
    EVENT_ORDER_REFUSED,
    EVENT_STAGED,
    EVENT_SWAPPED,
    EVENT_SETTLED,
    EVENT_REVERTED,
    EVENT_FAILED,
    EVENT_LEASE_TAKEN,
    EVENT_LEASE_RELEASED,
    EVENT_PAUSED,
    EVENT_WAITING,
    EVENT_KEY_REPLACED,
    EVENT_SERVICE_STOPPED,
    EVENT_SERVICE_STARTED,
    EVENT_COUNT
};

/* Where entries go: their fields, "NAME=value" each. Negative: it cannot be reached. */
struct iovec;
typedef int log_journal(const struct iovec *fields, int n);
log_journal log_to_journal; /* systemd's */

struct log {
    enum log_level level; /* what is more detailed is dropped */
    const char *program;
    log_journal *journal; /* NULL, or when it cannot be reached: standard error */
};

#define LOG_VALUE_MAX 64 /* bytes of a value in log_about; more is cut */

/* NULL, "" and 0: not known, and no such field. */
struct log_about {
    const char *run;                       /* CARAVAN_RUN: its id, hexadecimal */
    const char *order;                     /* CARAVAN_ORDER: "stage" */
    uint64_t sequence;                     /* CARAVAN_SEQUENCE: of the order */
    const char *version_from, *version_to; /* CARAVAN_VERSION_FROM, _TO: of Nomad */
    const char *phase;                     /* CARAVAN_PHASE: that the work is in */
    const char *failure;                   /* CARAVAN_FAILURE: its kind */
    const char *refusal;                   /* CARAVAN_REFUSAL: of an order, its kind */
};

void log_say(const struct log *log, enum log_level level, enum log_event event, const char *fmt,
             ...) PRINTF(4, 5);
void log_say_about(const struct log *log, enum log_level level, enum log_event event,
                   const struct log_about *about, const char *fmt, ...) PRINTF(5, 6);
const char *log_event_id(enum log_event event); /* 32 hexadecimal digits; "" for EVENT_NONE */
const char *log_event_name(enum log_event event);

#endif
