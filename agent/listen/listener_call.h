/*
 * listener_call.h - one order being answered: shared by listener.c and obey.c only.
 *
 * The listener's inside, and what every answer needs. call_* functions want no lock
 * unless they say so.
 */
#ifndef LISTENER_CALL_H
#define LISTENER_CALL_H

#include <pthread.h>
#include "listener.h"
#include "order.h"

struct listener {
    struct listener_config c;
    char state_path[300];
    struct status_hold *hold;
    /* Orders for swap on their way (readers) against a lease that changes hands. */
    pthread_rwlock_t passing;
    pthread_mutex_t lock; /* over all below; taken after passing */
    bool trusted;
    struct trust trust;
    struct view *view;      /* NULL: not known */
    int64_t facts_asked_ms; /* when swap was last woken for them */
    char why[TEXT_MAX];
    struct agent_state *state;
};

struct call {
    struct listener *l;
    struct buf inner;
    enum frame_format format;
    struct verified v;
    bool named, may; /* the sender has any role; the one this kind needs */
    unsigned char cluster[CLUSTER_ID_LEN];
};

/* Under the lock. */
struct lease_now call_lease_now(const struct listener *l);
/* Genuine, mine, new, in time? head is the call's own, or a copy of it whose sequence
 * means something else. epoch and sequence: the highest taken. kept: a receipt of
 * these bytes is there. */
struct order_judgement call_judge(const struct call *c, const struct header *head, uint64_t epoch,
                                  uint64_t sequence, bool kept);

/* Fills the head, signs. */
MUST_CHECK int call_sign(const struct call *c, struct receipt *r, struct buf *ret_inner);
/* Seals signed inner bytes to the asker (enrolment: plain). */
MUST_CHECK int call_send(const struct call *c, const void *inner, size_t n, struct buf *answer);
/* Both. */
MUST_CHECK int call_answer(const struct call *c, struct receipt *r, struct buf *answer);
void call_receipt_head(const struct call *c, struct header *ret);

#endif
