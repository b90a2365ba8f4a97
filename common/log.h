/*
 * log.h - log entries for the operator.
 *
 * Library code returns errors. A program logs an error once, where it handles the error, with the
 * host, the id of the order and the phase. A log is a value that functions pass down; it is not
 * global. Entries go to standard error as plain lines ("program: level: text"), or to systemd's
 * journal with structured fields, if the program asks for the journal and the journal is there.
 * Every event for which an operator may want an alert has a stable name (EVENT_...), which becomes
 * the MESSAGE_ID in the journal. log_say escapes the texts (str_escape). Threads may share a log:
 * every line is one write.
 *
 * The journal also gets the fields of struct log_about; standard error does not. The names of
 * fields and events are promised to operators (caravan-agent(8)). Never put a secret or text from
 * an unauthenticated sender into these fields.
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

/* Writes one entry to a journal; each field is "NAME=value". Negative: the journal cannot be
 * reached. */
struct iovec;
typedef int log_journal(const struct iovec *fields, int n);
log_journal log_to_journal; /* writes to systemd's journal */

struct log {
    enum log_level level; /* entries of a more detailed level are dropped */
    const char *program;
    log_journal *journal; /* NULL, or it cannot be reached: use standard error */
};

#define LOG_VALUE_MAX 64 /* bytes of a value in log_about; longer values are cut */

/* A member that is NULL, "" or 0 is unknown; the entry then lacks that field. */
struct log_about {
    const char *run;                       /* CARAVAN_RUN: id of the run, hexadecimal */
    const char *order;                     /* CARAVAN_ORDER: kind of the order, such as "stage" */
    uint64_t sequence;                     /* CARAVAN_SEQUENCE: sequence of the order */
    const char *version_from, *version_to; /* CARAVAN_VERSION_FROM, _TO: versions of Nomad */
    const char *phase;                     /* CARAVAN_PHASE: present phase of the work */
    const char *failure;                   /* CARAVAN_FAILURE: kind of the failure */
    const char *refusal;                   /* CARAVAN_REFUSAL: why an order was refused (kind) */
};

void log_say(const struct log *log, enum log_level level, enum log_event event, const char *fmt,
             ...) PRINTF(4, 5);
void log_say_about(const struct log *log, enum log_level level, enum log_event event,
                   const struct log_about *about, const char *fmt, ...) PRINTF(5, 6);
const char *log_event_id(enum log_event event); /* 32 hexadecimal digits; "" for EVENT_NONE */
const char *log_event_name(enum log_event event);

#endif
