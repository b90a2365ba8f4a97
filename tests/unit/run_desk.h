/*
 * run_desk.h - a small fleet (small_fleet.h) and a run of it, whose orders go nowhere: each is kept
 * as it was sent. No answer comes but what a test makes of one.
 */
#ifndef RUN_DESK_H
#define RUN_DESK_H

#include "run.h"
#include "small_fleet.h"

#define RUN_DESK_SENT 64

struct sent_order {
    char key[UUID_MAX];
    enum message_kind kind;
    unsigned char nonce[NONCE_LEN];
    struct order_note note; /* of MSG_NOTE */
};

struct run_desk {
    struct small_fleet f;
    int64_t now;
    struct ports ports;
    struct run_config config;
    struct run run;
    struct order signed_last;              /* until the order is sent */
    struct sent_order sent[RUN_DESK_SENT]; /* a test may lower n_sent; too many fail it */
    size_t n_sent;
};

struct run_desk *run_desk_open(enum run_state state);
void run_desk_close(struct run_desk *d);
/* Returns the number of orders of this kind that were sent to key (NULL: to any host). *ret: the
 * last one; ret may be NULL. */
unsigned run_desk_sent(const struct run_desk *d, enum message_kind kind, const char *key,
                       const struct sent_order **ret);

#endif
