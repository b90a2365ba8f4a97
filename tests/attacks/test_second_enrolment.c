/*
 * A stranger without a key against `caravan enroll`: the stranger has seen a hello of enrolment and
 * sends it again and again. An agent sends one answer a second; the stranger must not get all of
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "listener_room.h"

#define SEEN 3

static void hello(struct room *r, unsigned char nonce, struct buf *ret_frame)
{
    auto_buf struct buf inner = BUF_INIT;
    struct order *o = desk_order(&r->desk, MSG_HELLO, 0, 0);
    struct err err = ERR_INIT;

    memset(&o->head.receiver, 0, sizeof(o->head.receiver));
    memset(o->head.nonce, nonce, sizeof(o->head.nonce));
    desk_inner(o, r->desk.operator, & inner);
    buf_clear(ret_frame);
    assert_int_equal(envelope_plain(inner.data, inner.len, ret_frame, &err), 0);
    free(o);
}

static bool is_answered(struct room *r, const struct buf *frame)
{
    auto_buf struct buf answer = BUF_INIT;

    return listener_handle(r->listener, frame->data, frame->len, &answer) == 0;
}

/* The stranger is always first. The operator asks like `caravan enroll`, each time with another
 * nonce. */
static void replays_take_no_answer_from_others(void **state)
{
    struct room *r = *state;
    struct buf seen[SEEN] = {BUF_INIT, BUF_INIT, BUF_INIT};
    auto_buf struct buf own = BUF_INIT;

    for (int i = 0; i < SEEN; i++) {
        hello(r, (unsigned char)(1 + i), &seen[i]);
        assert_true(is_answered(r, &seen[i])); /* the first time, it came from the operator */
        r->now += 2 * ENROLMENT_MS;
    }
    for (int second = 0; second < 10; second++) {
        for (int i = 0; i < SEEN; i++)
            (void)is_answered(r, &seen[i]);
        hello(r, (unsigned char)(100 + second), &own);
        if (!is_answered(r, &own))
            fail_msg("starved by a stranger in second %d", second);
        r->now += ENROLMENT_MS;
    }
    for (int i = 0; i < SEEN; i++)
        buf_free(&seen[i]);
}

/* With many hellos that it has seen, the stranger does not get answers more often. */
static void replays_are_answered_once_a_second(void **state)
{
    struct room *r = *state;
    struct buf seen[SEEN] = {BUF_INIT, BUF_INIT, BUF_INIT};
    int answers = 0;

    for (int i = 0; i < SEEN; i++) {
        hello(r, (unsigned char)(1 + i), &seen[i]);
        (void)is_answered(r, &seen[i]);
        r->now += 2 * ENROLMENT_MS;
    }
    for (int i = 0; i < 100 * SEEN; i++, r->now += i % SEEN == 0 ? 10 : 0)
        answers += is_answered(r, &seen[i % SEEN]);
    assert_in_range(answers, 0, 2);
    for (int i = 0; i < SEEN; i++)
        buf_free(&seen[i]);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, room_enter, room_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(replays_take_no_answer_from_others),
        CASE(replays_are_answered_once_a_second),
    };

    return cmocka_run_group_tests_name("second_enrolment", tests, NULL, NULL);
}
