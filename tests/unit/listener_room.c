#include "listener_room.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "scratch_dir.h"
#include "str.h"

static int64_t mono(void *ctx)
{
    return __atomic_load_n(&((struct room *)ctx)->now, __ATOMIC_RELAXED);
}

static void sleep_on(void *ctx, int64_t ms)
{
    __atomic_fetch_add(&((struct room *)ctx)->now, ms, __ATOMIC_RELAXED);
}

void room_listen(struct room *r)
{
    struct err err = ERR_INIT;
    struct listener_config c = {.key = r->desk.host,
                                .max_lease_ms = LEASE_MAX_MS,
                                .max_held = 2,
                                .state_path = r->state_path,
                                .swap = r->link,
                                .binary = r->binary != NULL ? r->binary : "",
                                .hold_file = r->hold_file,
                                .operators = r->operators,
                                .clock = &r->clock,
                                .log = &r->log};
    memcpy(c.session, r->desk.session, SESSION_LEN);
    if (listener_new(&c, &r->listener, &err) < 0)
        fail_msg("%s", err.text);
    listener_set_trust(r->listener, &r->desk.trust);
    listener_set_status(r->listener, r->shown, NULL);
}

int room_enter(void **state)
{
    struct room *r = xzalloc(1, sizeof(*r));

    desk_open(&r->desk);
    r->dir = scratch_open();
    snprintf(r->socket_path, sizeof(r->socket_path), "%.80s/swap.sock", r->dir);
    snprintf(r->state_path, sizeof(r->state_path), "%.80s/state", r->dir);
    r->log = (struct log){.level = (enum log_level) - 1, .program = "test"};
    r->now = 100000;
    r->clock = (struct clock){r, mono, mono, sleep_on};
    r->shown = xzalloc(1, sizeof(*r->shown));
    r->shown->status.work.revision = 10;
    r->shown->status.work.phase = PHASE_STAGED;
    r->shown->hello.phase = PHASE_STAGED;
    r->shown->hello.view_revision = 10;
    r->shown->hello.wire_min = r->shown->hello.wire_max = 1;
    r->swap = fake_swap_start(r->socket_path, r->desk.host);
    r->link = swap_link_new(r->socket_path, -1, &r->clock);
    room_listen(r);
    *state = r;
    return 0;
}

int room_leave(void **state)
{
    struct room *r = *state;
    listener_free(r->listener);
    swap_link_free(r->link);
    fake_swap_stop(r->swap);
    scratch_close(r->dir);
    buf_free(&r->inner);
    buf_free(&r->answer);
    desk_close(&r->desk);
    free(r->shown);
    free(r);
    return 0;
}

/* Passes r->inner to the listener; NULL: there was no answer. */
struct receipt *room_hand_in(struct room *r, const struct keypair *by)
{
    auto_buf struct buf frame = BUF_INIT;
    struct err err = ERR_INIT;

    desk_seal(&r->desk, &r->inner, &frame);
    buf_clear(&r->answer);
    if (listener_handle(r->listener, frame.data, frame.len, &r->answer) < 0)
        return NULL;
    struct receipt *ret =
        desk_receipt(&r->desk, by, &r->inner, r->answer.data, r->answer.len, &err);
    if (ret == NULL)
        fail_msg("a receipt that does not answer: %s", err.text);
    return ret;
}

struct receipt *room_say(struct room *r, struct order *o, const struct keypair *by)
{
    desk_inner(o, by, &r->inner);
    free(o);
    return room_hand_in(r, by);
}

enum refusal room_refusal(struct receipt *r)
{
    if (r == NULL)
        return REFUSAL_COUNT; /* no answer */
    enum refusal refusal = r->u.done.refusal;
    free(r);
    return refusal;
}

struct order *room_lease_order(struct room *r, enum lease_op op, char run, uint64_t expect,
                               uint64_t epoch)
{
    struct order *o = desk_order(&r->desk, MSG_LEASE, epoch, expect);
    o->u.lease.op = op;
    o->u.lease.run_id[0] = (unsigned char)run;
    o->u.lease.expect = expect;
    o->u.lease.ttl_ms = 120000;
    return o;
}

void room_take_lease(struct room *r)
{
    struct receipt *got = room_say(r, room_lease_order(r, LEASE_TAKE, 'a', 0, 0), r->desk.operator);
    assert_non_null(got);
    assert_int_equal(got->u.done.refusal, REFUSAL_NONE);
    assert_true(got->u.done.lease.held);
    assert_int_equal(got->u.done.lease.epoch, 1);
    assert_int_equal(got->u.done.lease.revision, 1);
    free(got);
}

struct order *room_swap_order(struct room *r, uint64_t sequence)
{
    struct order *o = desk_order(&r->desk, MSG_SWAP, 1, sequence);
    o->u.swap.on_not_ready = ON_REVERT;
    o->u.swap.hold_ms = 5000;
    o->u.swap.deadline_ms = 120000;
    return o;
}

struct order *room_note_order(struct room *r, uint32_t slot, const char *text, uint64_t sequence)
{
    struct order *o = desk_order(&r->desk, MSG_NOTE, 1, sequence);
    o->u.note.slot = slot;
    o->u.note.run_id[0] = 'a';
    o->u.note.len = strlen(text);
    memcpy(o->u.note.text, text, o->u.note.len);
    return o;
}
