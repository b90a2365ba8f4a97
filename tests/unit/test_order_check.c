/* order_check.h: every check, in its order, with one error at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "order_check.h"

static const struct digest digest = {{0xd1}};

static struct order_state good_state(void)
{
    return (struct order_state){.cluster = {0xc1},
                                .self = {{0x11}},
                                .session = {0x5e},
                                .now_ms = 1000,
                                .epoch = 7,
                                .sequence = 41,
                                .epoch_most = order_limit(7),
                                .sequence_most = order_limit(41),
                                .sender_named = true,
                                .sender_may = true,
                                .n_kept = 2,
                                .kept = {{{0xaa}}, {{0xbb}}}};
}

static struct header good_head(void)
{
    return (struct header){.kind = MSG_SWAP,
                           .version = 1,
                           .cluster = {0xc1},
                           .receiver = {{0x11}},
                           .session = {0x5e},
                           .epoch = 7,
                           .sequence = 42,
                           .time_ms = 2000};
}

static void check(const struct header *h, const struct digest *d, const struct order_state *s,
                  enum order_outcome outcome, enum refusal refusal)
{
    struct order_judgement j = order_check(h, d, s);

    assert_int_equal(j.outcome, outcome);
    assert_int_equal(j.refusal, refusal);
    assert_non_null(j.why);
}

static void accepts_what_is_right(void **state)
{
    struct order_state s = good_state();
    struct header h = good_head();

    (void)state;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
    h.sequence = 1000; /* gaps are allowed */
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
    h.time_ms = 0; /* no start_by */
    s.now_ms = UINT64_MAX;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
    h.time_ms = s.now_ms = 2000; /* just in time */
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
}

static void drops_strangers_and_misdirected(void **state)
{
    struct order_state s = good_state();
    struct header h = good_head();

    (void)state;
    s.sender_named = false;
    check(&h, &digest, &s, ORDER_DROP, REFUSAL_NONE);
    /* a stranger with a stored order learns nothing either */
    check(&h, &s.kept[0], &s, ORDER_DROP, REFUSAL_NONE);
    s = good_state();
    h.cluster[15] ^= 1;
    check(&h, &digest, &s, ORDER_DROP, REFUSAL_NONE);
    h = good_head();
    h.receiver.bytes[31] ^= 1;
    check(&h, &digest, &s, ORDER_DROP, REFUSAL_NONE);
    h = good_head();
    h.is_receipt = true;
    check(&h, &digest, &s, ORDER_DROP, REFUSAL_NONE);
}

static void repeats_get_the_kept_receipt_whatever_else(void **state)
{
    struct order_state s = good_state();
    struct header h = good_head();
    struct order_judgement j;

    (void)state;
    h.session[0] ^= 1;
    h.epoch = 1;
    h.sequence = 1;
    h.time_ms = 1;
    j = order_check(&h, &s.kept[1], &s);
    assert_int_equal(j.outcome, ORDER_REPEAT);
    assert_int_equal(j.kept, 1);
    s.n_kept = 1; /* no longer stored: judged like any other order */
    check(&h, &s.kept[1], &s, ORDER_REFUSE, REFUSAL_SESSION);
}

static void refuses_in_the_order_written_down(void **state)
{
    struct order_state s = good_state();
    struct header h = good_head();

    (void)state;
    s.sender_may = false;
    h.session[0] ^= 1;
    h.epoch = 6;
    h.sequence = 41;
    h.time_ms = 1;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_ROLE);
    s.barred = "by root's list";
    assert_string_equal(order_check(&h, &digest, &s).why, s.barred);
    s.sender_may = true;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_SESSION);
    h.session[0] ^= 1;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_EPOCH);
    h.epoch = 7;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_REPLAYED);
    h.sequence = 40;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_SEQUENCE);
    h.sequence = 42;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_LATE);
    h.time_ms = 1000;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
}

static void a_higher_epoch_counts_anew(void **state)
{
    struct order_state s = good_state();
    struct header h = good_head();

    (void)state;
    h.epoch = 8;
    h.sequence = 1;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
    h.sequence = 41;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
    h.sequence = 0; /* 0 is never a sequence */
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_SEQUENCE);
}

/* Besides the last obeyed epoch, an epoch in which orders were refused. */
static void refused_ones_are_counted_within_their_epoch(void **state)
{
    struct order_state s = good_state();
    struct header h = good_head();

    (void)state;
    s.refused_epoch = 9;
    s.refused_sequence = 50;
    h.epoch = 9;
    h.sequence = 50;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_REPLAYED);
    h.sequence = 49;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_SEQUENCE);
    h.sequence = 51;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
    h.epoch = 8;
    h.sequence = 1;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
}

static void nothing_jumps_too_far_ahead(void **state)
{
    struct order_state s = good_state();
    struct header h = good_head();

    (void)state;
    h.epoch = 7 + ORDER_AHEAD_MAX;
    h.sequence = 41 + ORDER_AHEAD_MAX;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
    h.sequence++;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_SEQUENCE);
    h.epoch++;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_EPOCH);
    assert_true(order_limit(UINT64_MAX - 1) == UINT64_MAX);
}

static void trust_orders_stand_outside(void **state)
{
    struct order_state s = good_state();
    struct header h = {.kind = MSG_TRUST, .version = 1, .cluster = {0xc1}, .receiver = {{0x11}}};

    (void)state;
    check(&h, &digest, &s, ORDER_NEW, REFUSAL_NONE);
    s.sender_may = false;
    check(&h, &digest, &s, ORDER_REFUSE, REFUSAL_ROLE);
    s.sender_named = false;
    check(&h, &digest, &s, ORDER_DROP, REFUSAL_NONE);
}

static void start_by_is_said_and_near(void **state)
{
    struct header h = good_head();

    (void)state;
    assert_int_equal(order_check_start_by(&h, 1000).outcome, ORDER_NEW);
    h.time_ms = 1000 + ORDER_BY_MAX_MS;
    assert_int_equal(order_check_start_by(&h, 1000).outcome, ORDER_NEW);
    assert_int_equal(order_check_start_by(&h, 999).refusal, REFUSAL_LATE);
    h.time_ms = UINT64_MAX;
    assert_int_equal(order_check_start_by(&h, 999).refusal, REFUSAL_LATE);
    h.time_ms = 0;
    assert_int_equal(order_check_start_by(&h, 999).refusal, REFUSAL_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_is_right),
        cmocka_unit_test(drops_strangers_and_misdirected),
        cmocka_unit_test(repeats_get_the_kept_receipt_whatever_else),
        cmocka_unit_test(refuses_in_the_order_written_down),
        cmocka_unit_test(a_higher_epoch_counts_anew),
        cmocka_unit_test(refused_ones_are_counted_within_their_epoch),
        cmocka_unit_test(nothing_jumps_too_far_ahead),
        cmocka_unit_test(trust_orders_stand_outside),
        cmocka_unit_test(start_by_is_said_and_near),
    };

    return cmocka_run_group_tests_name("order_check", tests, NULL, NULL);
}
