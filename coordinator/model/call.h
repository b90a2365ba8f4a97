/*
 * call.h - an order to an agent, or an operation on Nomad: when it was asked, whether it was
 * answered, and when to ask again. Pure.
 *
 * Everything that the run asks of the outside has a call: the order of a host, its lease, the copy
 * of its keystore, each step of an effect, the snapshot of a region. The owner calls call_begin
 * when it sends the order or operation, then call_succeeded or call_failed when an event reports
 * the end. If no event comes in time, call_due is true again, and the owner may begin again.
 *
 * Times are milliseconds of the coordinator's clock.mono. A new process forgets all calls except
 * what their owner keeps in the ledger. Losing a call only delays the run.
 */
#ifndef CALL_H
#define CALL_H

#include "message.h"

#define CALL_ANSWER_MS 15000 /* an order without an event is given up after this time */
#define CALL_FIRST_MS  1000  /* the wait after the first failure; each further failure doubles it */
#define CALL_WAIT_MAX  15000

struct call {
    bool outstanding;  /* begun, and no event has reported its end */
    uint32_t failures; /* in a row */
    int64_t asked_ms;  /* when it was begun last; 0: this process never began it */
    int64_t retry_ms;  /* do not begin again before this time */
    uint64_t sequence; /* of the last order */
    unsigned char nonce[NONCE_LEN];
};

/* Returns how many milliseconds to wait after a failure; failures: how many came before it. */
int64_t call_wait_ms(uint32_t failures);
/* answer_ms: the call is due again after so many milliseconds without an event. INT64_MAX: its
 * event always comes. */
void call_begin(struct call *c, int64_t now, int64_t answer_ms);
void call_failed(struct call *c, int64_t now);
void call_succeeded(struct call *c);
bool call_due(const struct call *c, int64_t now);
/* True if the event with this nonce is about the last order. */
bool call_is(const struct call *c, const unsigned char nonce[static NONCE_LEN]);

#endif
