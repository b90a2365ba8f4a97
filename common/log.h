/*
 * log.h - what a program tells its operator.
 *
 * Library code returns errors; programs log them, once, where they are handled,
 * with the host, the order id and the phase. A log is a value passed down, not a
 * global. Where: standard error as plain lines ("program: level: text"), or systemd's
 * journal with structured fields when LOG_JOURNAL was asked for and the journal
 * is there. Every event an operator may alert on has a stable name
 * (EVENT_...), which becomes MESSAGE_ID in the journal. Texts are escaped
 * (str_escape) here. Thread-safe: one write per line.
 */
#ifndef LOG_H
#define LOG_H

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
    EVENT_COUNT
};

struct log {
    enum log_level level; /* what is more detailed is dropped */
    const char *program;
    int journal; /* 1: the journal too, standard error if it cannot be reached */
};

void log_say(const struct log *log, enum log_level level, enum log_event event, const char *fmt,
             ...) PRINTF(4, 5);
const char *log_event_id(enum log_event event); /* 32 hexadecimal digits; "" for EVENT_NONE */
const char *log_event_name(enum log_event event);

#endif
