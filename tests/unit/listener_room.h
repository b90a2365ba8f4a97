/*
 * listener_room.h - a listener with a swap that checks nothing (fake_swap.h), and a coordinator's
 * desk.
 *
 * room_enter and room_leave are the set-up and tear-down of a cmocka test. room_say signs, seals
 * and passes an order and frees it; it returns the receipt, or NULL if there was no answer.
 * room_refusal does the same and frees the receipt. The test sets the time (`now`). Failures of the
 * room itself fail the test.
 */
#ifndef LISTENER_ROOM_H
#define LISTENER_ROOM_H

#include "fake_swap.h"
#include "listener.h"
#include "order_desk.h"

struct room {
    struct desk desk;
    char *dir, socket_path[96], state_path[96];
    struct fake_swap *swap;
    struct swap_link *link;
    struct listener *listener;
    struct log log;
    int64_t now; /* uptime, set by the test */
    const char *binary;
    char hold_file[200];               /* "": the caller does not look at it */
    const struct operators *operators; /* NULL: root names no operators */
    struct clock clock;
    struct swap_status *shown;
    /* of the last exchange */
    struct buf inner, answer;
};

void room_listen(struct room *r);
int room_enter(void **state);
int room_leave(void **state);
struct receipt *room_hand_in(struct room *r, const struct keypair *by);
struct receipt *room_say(struct room *r, struct order *o, const struct keypair *by);
enum refusal room_refusal(struct receipt *r);
struct order *room_lease_order(struct room *r, enum lease_op op, char run, uint64_t expect,
                               uint64_t epoch);
void room_take_lease(struct room *r);
struct order *room_swap_order(struct room *r, uint64_t sequence);
struct order *room_note_order(struct room *r, uint32_t slot, const char *text, uint64_t sequence);

#endif
