/* An attacker with an operator's key, or with the listener, or with both, against the epochs,
 * sequences and leases of caravan-swap: a refused order locks nobody out, a stolen key can be
 * revoked, and an order that was held back is not carried out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "swap_bench.h"

static void lease_of(const struct swap_bench *b, enum lease_op op, uint64_t epoch, uint64_t time_ms,
                     struct buf *ret)
{
    desk_lease(&b->desk, op, epoch, time_ms, ret);
}

/* ---- a stolen operator's key ---- */

/* junk: the order is refused, even if everything else about it is right. */
static struct order *junk_trust(const struct swap_bench *b, uint64_t epoch, uint64_t sequence)
{
    struct order *o = swap_bench_order(b, MSG_TRUST, epoch, sequence);

    o->u.trust.len = 4;
    memcpy(o->u.trust.file, "junk", 4);
    return o;
}

static void a_stolen_key_is_revoked_and_the_fleet_goes_on(void **state)
{
    struct swap_bench *b = *state;
    const struct keypair *thief = b->desk.other_operator, *honest = b->desk.operator;
    struct record before;

    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 1), honest, NULL), REFUSAL_NONE);
    (void)swap_bench_rest(b);
    before = b->s.phases.rec;
    assert_int_equal(swap_bench_say(b, junk_trust(b, UINT64_MAX, UINT64_MAX), thief, NULL),
                     REFUSAL_MANIFEST);
    assert_memory_equal(&before, &b->s.phases.rec, sizeof(before));
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, UINT64_MAX, UINT64_MAX), thief, NULL),
                     REFUSAL_EPOCH);
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, UINT64_MAX), thief, NULL),
                     REFUSAL_SEQUENCE);
    assert_memory_equal(&before, &b->s.phases.rec, sizeof(before));

    /* Whatever the present lease, epoch and sequence of the host are. */
    assert_int_equal(swap_bench_say(b, swap_bench_revoke(b, thief), honest, NULL), REFUSAL_NONE);
    assert_int_equal(b->done.trust_version, 2);
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 2), thief, NULL), REFUSAL_COUNT);
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 2), honest, NULL), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
}

/* A thief who also has the listener can show a lease of any epoch, step by step. */
static void leases_of_his_own_take_him_nowhere(void **state)
{
    struct swap_bench *b = *state;
    auto_buf struct buf lease = BUF_INIT;
    uint64_t soon = (uint64_t)b->m.uptime_ms + 8000, epoch = 1;

    for (int i = 0; i < 20; i++) {
        epoch = order_limit(epoch);
        lease_of(b, LEASE_RENEW, epoch, soon, &lease);
        (void)swap_bench_say(b, swap_bench_swap(b, epoch, 1), b->desk.other_operator, &lease);
    }
    assert_true(b->s.phases.rec.epoch <= 1); /* all orders were refused: nothing is staged */
    lease_of(b, LEASE_RENEW, UINT64_MAX, soon, &lease);
    assert_int_equal(
        swap_bench_say(b, swap_bench_swap(b, UINT64_MAX, 1), b->desk.other_operator, &lease),
        REFUSAL_EPOCH);
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 2, 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
}

/* Refused orders with sequences as far ahead as allowed: a coordinator that learns the last
 * sequence continues from there, in this epoch and in the next. */
static void he_cannot_use_up_the_sequence(void **state)
{
    struct swap_bench *b = *state;
    uint64_t sequence = 1;

    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
    (void)swap_bench_rest(b);
    b->m.held = true;
    for (int i = 0; i < 20; i++) {
        sequence = order_limit(sequence);
        assert_int_equal(
            swap_bench_say(b, swap_bench_swap(b, 1, sequence), b->desk.other_operator, NULL),
            REFUSAL_HELD);
    }
    b->m.held = false;
    assert_int_equal(b->s.phases.rec.sequence, sequence);
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 2, sequence + 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
}

/* ---- a copy of a refused order ---- */

static void refused_in_a_new_epoch_stays_refused(void **state)
{
    struct swap_bench *b = *state;
    auto_buf struct buf refused = BUF_INIT;
    auto_buf struct buf lease = BUF_INIT;

    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
    (void)swap_bench_rest(b);
    b->m.held = true;
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 2, 7), b->desk.operator, NULL),
                     REFUSAL_HELD);
    (void)buf_add(&refused, b->inner.data, b->inner.len);
    assert_int_equal(b->s.phases.rec.epoch, 1);
    for (uint64_t i = 0; i < ORDER_KEPT; i++) /* until its receipt is not kept any more */
        (void)swap_bench_say(b, swap_bench_swap(b, 2, 8 + i), b->desk.operator, NULL);
    b->m.held = false;
    lease_of(b, LEASE_RENEW, 2, (uint64_t)b->m.uptime_ms, &lease);
    assert_int_equal(swap_bench_again(b, &refused, &lease), REFUSAL_SEQUENCE);
    assert_int_equal(
        swap_bench_say(b, swap_bench_swap(b, 2, 7 + ORDER_KEPT), b->desk.operator, NULL),
        REFUSAL_REPLAYED);
    assert_false(phases_works(&b->s.phases));
    assert_int_equal(
        swap_bench_say(b, swap_bench_swap(b, 2, 8 + ORDER_KEPT), b->desk.operator, NULL),
        REFUSAL_NONE);
    assert_int_equal(b->s.phases.rec.refused_epoch, 0);
}

/* ---- a listener that lies ---- */

static enum refusal swap_by(struct swap_bench *b, uint64_t sequence, uint64_t time_ms)
{
    struct order *o = swap_bench_swap(b, 1, sequence);

    o->head.time_ms = time_ms;
    return swap_bench_say(b, o, b->desk.operator, NULL);
}

/* The listener claimed that the uptime of the host was eleven days longer. It holds the order back
 * and delivers it when the coordinator is dead. */
static void an_order_kept_back_is_not_obeyed(void **state)
{
    struct swap_bench *b = *state;
    uint64_t now;
    auto_buf struct buf inner = BUF_INIT;
    auto_buf struct buf lease = BUF_INIT;

    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
    (void)swap_bench_rest(b);
    now = (uint64_t)b->m.uptime_ms;
    assert_int_equal(swap_by(b, 2, 0), REFUSAL_FORMAT);
    assert_int_equal(swap_by(b, 3, now + ORDER_BY_MAX_MS + 1), REFUSAL_LATE);
    assert_int_equal(swap_by(b, 4, now + 11 * 86400000), REFUSAL_LATE);
    (void)buf_add(&inner, b->inner.data, b->inner.len);
    for (uint64_t i = 5; i < 5 + ORDER_KEPT; i++)
        (void)swap_by(b, i, now + 11 * 86400000);
    b->m.uptime_ms += 11 * 86400000LL - 1000; /* now start_by fits */
    lease_of(b, LEASE_RENEW, 1, (uint64_t)b->m.uptime_ms, &lease);
    assert_int_equal(swap_bench_again(b, &inner, &lease), REFUSAL_SEQUENCE);
    assert_int_equal(swap_by(b, 20, (uint64_t)b->m.uptime_ms + ORDER_BY_MAX_MS), REFUSAL_NONE);
}

/* The lease has expired, but the listener says that it is held. */
static void a_lease_that_nobody_renews_ends(void **state)
{
    struct swap_bench *b = *state;
    auto_buf struct buf lease = BUF_INIT;
    uint64_t by;

    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
    (void)swap_bench_rest(b);
    by = (uint64_t)b->m.uptime_ms + 8000;
    lease_of(b, LEASE_TAKE, 0, by, &lease); /* a lease of 120 s */
    b->m.uptime_ms = (int64_t)by + 120001;
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 2), b->desk.operator, & lease),
                     REFUSAL_LEASE);
    b->s.max_lease_ms = 30000; /* the limit that root has set counts */
    b->m.uptime_ms = (int64_t)by + 30001;
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 3), b->desk.operator, & lease),
                     REFUSAL_LEASE);
    b->m.uptime_ms = (int64_t)by + 30000;
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 4), b->desk.operator, & lease),
                     REFUSAL_NONE);
}

static void a_lease_must_be_the_orders_own(void **state)
{
    struct swap_bench *b = *state;
    auto_buf struct buf lease = BUF_INIT;
    autofree struct order *o = NULL;
    uint64_t soon = (uint64_t)b->m.uptime_ms + 8000;
    static const struct buf none;

    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 1), b->desk.operator, & none),
                     REFUSAL_LEASE);
    lease_of(b, LEASE_RENEW, 2, soon, &lease);
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 2), b->desk.operator, & lease),
                     REFUSAL_EPOCH);
    lease_of(b, LEASE_PAUSE, 1, soon, &lease);
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 3), b->desk.operator, & lease),
                     REFUSAL_LEASE);
    lease_of(b, LEASE_RENEW, 1, 0, &lease);
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 4), b->desk.operator, & lease),
                     REFUSAL_FORMAT);
    lease_of(b, LEASE_RENEW, 1, soon + 11 * 86400000, &lease);
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 5), b->desk.operator, & lease),
                     REFUSAL_LEASE);
    b->desk.session[0] ^= 1;
    lease_of(b, LEASE_RENEW, 1, soon, &lease);
    b->desk.session[0] ^= 1;
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 6), b->desk.operator, & lease),
                     REFUSAL_LEASE);
    o = desk_order(&b->desk, MSG_LEASE, 1, 0);
    o->head.time_ms = soon;
    o->u.lease = (struct order_lease){.op = LEASE_RENEW, .run_id = {'a'}, .ttl_ms = 120000};
    desk_inner(o, b->desk.observer, &lease);
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 7), b->desk.operator, & lease),
                     REFUSAL_LEASE);
    lease_of(b, LEASE_TAKE, 0, soon, &lease);
    lease.data[lease.len - 1] ^= 1;
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 8), b->desk.operator, & lease),
                     REFUSAL_LEASE);
    assert_int_equal(b->s.phases.rec.phase, PHASE_IDLE);
    lease_of(b, LEASE_TAKE, 0, soon, &lease);
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 9), b->desk.operator, & lease),
                     REFUSAL_NONE);
}

/* ---- keeping caravan-swap busy ---- */

static void no_order_keeps_root_busy_for_long(void **state)
{
    struct swap_bench *b = *state;
    struct order *o = swap_bench_stage(b, 1, 1);

    o->u.stage.deadline_ms = UINT32_MAX;
    assert_int_equal(swap_bench_say(b, o, b->desk.operator, NULL), REFUSAL_LIMIT);
    assert_int_equal(swap_bench_say(b, swap_bench_stage(b, 1, 2), b->desk.operator, NULL),
                     REFUSAL_NONE);
    (void)swap_bench_rest(b);
    o = swap_bench_swap(b, 1, 3);
    o->u.swap.hold_ms = UINT32_MAX;
    assert_int_equal(swap_bench_say(b, o, b->desk.operator, NULL), REFUSAL_LIMIT);
    assert_non_null(strstr(b->done.text, "hold_ms"));
    o = swap_bench_swap(b, 1, 4);
    o->u.swap.deadline_ms = UINT32_MAX;
    assert_int_equal(swap_bench_say(b, o, b->desk.operator, NULL), REFUSAL_LIMIT);
    o = swap_bench_swap(b, 1, 5);
    o->u.swap.not_before = UINT64_MAX;
    assert_int_equal(swap_bench_say(b, o, b->desk.operator, NULL), REFUSAL_LIMIT);
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 6), b->desk.operator, NULL),
                     REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
    o = swap_bench_order(b, MSG_REVERT, 1, 7);
    o->u.revert.why = FAILURE_NOT_CAUGHT_UP;
    o->u.revert.to = b->s.phases.rec.previous;
    o->u.revert.hold_ms = UINT32_MAX;
    assert_int_equal(swap_bench_say(b, o, b->desk.operator, NULL), REFUSAL_LIMIT);
    assert_int_equal(b->s.phases.rec.phase, PHASE_SETTLED);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, swap_bench_set_up, swap_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_stolen_key_is_revoked_and_the_fleet_goes_on),
        CASE(leases_of_his_own_take_him_nowhere),
        CASE(he_cannot_use_up_the_sequence),
        CASE(refused_in_a_new_epoch_stays_refused),
        CASE(an_order_kept_back_is_not_obeyed),
        CASE(a_lease_that_nobody_renews_ends),
        CASE(a_lease_must_be_the_orders_own),
        CASE(no_order_keeps_root_busy_for_long),
    };

    return cmocka_run_group_tests_name("attack_orders", tests, NULL, NULL);
}
