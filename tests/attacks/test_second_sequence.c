/*
 * A stolen operator's key against a run: the thief sends an order with a sequence far ahead, which
 * is refused because the run is paused. Afterwards, also when the key was revoked, the run must
 * find a sequence that both caravan-agent and caravan-swap accept.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "listener_room.h"
#include "order_check.h"

static void a_refused_order_ends_no_run(void **state)
{
    static const uint64_t ahead[] = {ORDER_AHEAD_MAX, ORDER_AHEAD_MAX / 2 + 1, ORDER_AHEAD_MAX / 2,
                                     1000};
    struct room *r = *state;
    uint64_t told = 0;

    room_take_lease(r);
    free(room_say(r, room_lease_order(r, LEASE_PAUSE, 'a', 1, 0), r->desk.operator));
    for (size_t i = 0; i < ARRAY_LEN(ahead); i++)
        assert_int_not_equal(
            room_refusal(room_say(r, room_swap_order(r, ahead[i]), r->desk.operator)),
            REFUSAL_NONE);
    /* Again and again, each time as far above the last sequence as allowed. */
    for (uint64_t s = ORDER_AHEAD_MAX; s <= 4 * ORDER_AHEAD_MAX; s += ORDER_AHEAD_MAX / 2)
        assert_int_not_equal(room_refusal(room_say(r, room_swap_order(r, s), r->desk.operator)),
                             REFUSAL_NONE);
    free(room_say(r, room_lease_order(r, LEASE_UNPAUSE, 'a', 2, 0), r->desk.operator));

    /* As a coordinator does: one above the last sequence that the host reported. */
    for (int i = 0; i < 3; i++) {
        struct receipt *got = room_say(r, room_swap_order(r, told + 1), r->desk.operator);
        assert_non_null(got);
        enum refusal refusal = got->u.done.refusal;
        if (refusal == REFUSAL_NONE)
            assert_true(told + 1 <= order_limit(r->shown->hello.swap_sequence));
        told = MAX_OF(told, got->u.done.last_sequence);
        free(got);
        if (refusal == REFUSAL_NONE)
            return;
        assert_int_equal(refusal, REFUSAL_SEQUENCE);
    }
    fail_msg("no sequence is taken any more; told was %llu", (unsigned long long)told);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, room_enter, room_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(a_refused_order_ends_no_run)};

    return cmocka_run_group_tests_name("second_sequence", tests, NULL, NULL);
}
