/* An attacker with an operator's key, against the sequences and epochs that caravan-agent keeps,
 * and against the lease that it shows to caravan-swap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "listener_room.h"

/* With each order the agent passes the newest accepted take or renew, byte for byte. */
static void swap_is_shown_the_lease(void **state)
{
    struct room *r = *state;
    auto_buf struct buf take = BUF_INIT;
    auto_buf struct buf shown = BUF_INIT;

    room_take_lease(r);
    buf_add(&take, r->inner.data, r->inner.len);
    free(room_say(r, room_lease_order(r, LEASE_TAKE, 'b', 1, 0), r->desk.operator));
    free(room_say(r, room_lease_order(r, LEASE_PAUSE, 'a', 1, 0), r->desk.operator));
    free(room_say(r, room_lease_order(r, LEASE_UNPAUSE, 'a', 2, 0), r->desk.operator));
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 1), r->desk.operator)),
                     REFUSAL_NONE);
    fake_swap_lease(r->swap, &shown);
    assert_int_equal(shown.len, take.len);
    assert_memory_equal(shown.data, take.data, take.len);
    free(room_say(r, room_lease_order(r, LEASE_RENEW, 'a', 3, 1), r->desk.operator));
    buf_clear(&take);
    buf_add(&take, r->inner.data, r->inner.len);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 2), r->desk.operator)),
                     REFUSAL_NONE);
    fake_swap_lease(r->swap, &shown);
    assert_int_equal(shown.len, take.len);
    assert_memory_equal(shown.data, take.data, take.len);
}

/* A refused order with the highest possible sequence does not lock the epoch for others. A refused
 * note of another epoch does not allow old notes again. */
static void refused_orders_use_up_nothing(void **state)
{
    struct room *r = *state;
    struct order *o;

    room_take_lease(r);
    assert_int_equal(room_refusal(room_say(r, room_note_order(r, 1, "n", 3), r->desk.operator)),
                     REFUSAL_NONE);
    o = room_note_order(r, 1, "m", 9);
    o->head.epoch = 2;
    assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_EPOCH);
    assert_int_equal(room_refusal(room_say(r, room_note_order(r, 1, "o", 2), r->desk.operator)),
                     REFUSAL_SEQUENCE);
    assert_int_equal(
        room_refusal(room_say(r, room_note_order(r, 1, "p", UINT64_MAX), r->desk.operator)),
        REFUSAL_SEQUENCE);
    free(room_say(r, room_lease_order(r, LEASE_PAUSE, 'a', 1, 0), r->desk.operator));
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, UINT64_MAX), r->desk.operator)),
                     REFUSAL_PAUSED);
    free(room_say(r, room_lease_order(r, LEASE_UNPAUSE, 'a', 2, 0), r->desk.operator));
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 1), r->desk.operator)),
                     REFUSAL_NONE);
}

/* A trust order reaches caravan-swap whatever the lease is. If caravan-swap cannot be reached, the
 * order is not counted. */
static void trust_orders_need_no_lease(void **state)
{
    struct room *r = *state;

    for (int i = 0; i < 2; i++) {
        struct order *o = desk_order(&r->desk, MSG_TRUST, UINT64_MAX, UINT64_MAX);
        o->head.session[0] ^= 1;
        o->u.trust.len = 1;
        assert_int_equal(room_refusal(room_say(r, o, r->desk.operator)), REFUSAL_NONE);
    }
    assert_int_equal(fake_swap_count(r->swap), 2);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, room_enter, room_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(swap_is_shown_the_lease),
        CASE(refused_orders_use_up_nothing),
        CASE(trust_orders_need_no_lease),
    };

    return cmocka_run_group_tests_name("attack_listener", tests, NULL, NULL);
}
