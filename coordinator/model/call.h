/*
 * call.h - an order to an agent, or an operation on Nomad: asked, answered, to be asked again.
 * Pure.
 *
 * Whatever the run asks of the outside has one of these: the order of a host, its lease, the copy
 * of its keystore, each step of an effect, the snapshot of a region. call_begin when the order or
 * operation is sent; then call_succeeded or call_failed by the event that tells how it ended. Where
 * no event comes in time, call_due is true again, and the owner may begin anew.
 *
 * Times are milliseconds of the coordinator's clock.mono. A new process forgets all of it but what
 * its owner keeps in the ledger; losing the rest only delays.
 */
#ifndef CALL_H
#define CALL_H

#include "message.h"

#define CALL_ANSWER_MS 15000 /* an order without any event about it is given up after this */
#define CALL_FIRST_MS  1000  /* the wait after the first failure; each further one doubles it */
#define CALL_WAIT_MAX  15000

struct call {
    bool outstanding;  /* begun, and no event has told how it ended */
    uint32_t failures; /* in a row */
    int64_t asked_ms;  /* when it was begun last; 0: never by this process */
    int64_t retry_ms;  /* not again before */
    uint64_t sequence; /* of the last order */
    unsigned char nonce[NONCE_LEN];
};

/* How long to wait after so many failures before this one. */
int64_t call_wait_ms(uint32_t failures);
/* answer_ms: without an event for so long it is due again; INT64_MAX: its event always comes. */
void call_begin(struct call *c, int64_t now, int64_t answer_ms);
void call_failed(struct call *c, int64_t now);
void call_succeeded(struct call *c);
bool call_due(const struct call *c, int64_t now);
/* The event with this nonce is about the last order. */
bool call_is(const struct call *c, const unsigned char nonce[static NONCE_LEN]);

#endif
