/* An attacker with an operator's key and one release key, against a host whose root demands more:
 * the signatures of two release keys, although the trust file demands one; certain hours; another
 * operator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "listener_room.h"
#include "swap_bench.h"

#define WALL_S INT64_C(1700000000) /* the model's clock: Tuesday 2023-11-14, 22:13:20 UTC */
#define DAY_S  INT64_C(86400)

/* The trust file has two release keys and demands one. */
static void two_keys(struct swap_bench *b)
{
    struct role_keys *r = &b->s.trust.roles[ROLE_RELEASE];

    r->keys[r->n++] = *keypair_public(b->desk.other_operator);
    b->s.law.release_threshold = 2;
}

static struct order *stage(const struct swap_bench *b, uint64_t sequence)
{
    return swap_bench_stage_of(b, sequence, "1.1.0", WALL_S, b->desk.operator);
}

/* The same manifest, signed by these keys. */
static struct order *stage_by(const struct swap_bench *b, uint64_t sequence,
                              const struct keypair *one, const struct keypair *two)
{
    struct order *o = stage(b, sequence);
    struct order_stage *st = &o->u.stage;
    const struct keypair *keys[] = {one, two};
    auto_buf struct buf file = BUF_INIT;
    struct container c;
    struct err err = ERR_INIT;

    if (container_split(CONTAINER_MANIFEST, st->manifest, st->manifest_len, &c, &err) < 0 ||
        container_pack(CONTAINER_MANIFEST, c.body, c.body_len, keys, 2, &file, &err) < 0)
        fail_msg("%s", err.text);
    memcpy(st->manifest, file.data, file.len);
    st->manifest_len = file.len;
    return o;
}

static enum refusal say(struct swap_bench *b, struct order *o)
{
    return swap_bench_say(b, o, b->desk.operator, NULL);
}

static void fewer_release_keys_install_nothing(void **state)
{
    struct swap_bench *b = *state;
    const struct keypair *one = b->desk.operator;

    two_keys(b);
    assert_int_equal(say(b, stage(b, 1)), REFUSAL_MANIFEST);
    assert_non_null(strstr(b->done.text, "of 2 release keys here"));
    assert_int_equal(say(b, stage_by(b, 2, one, one)), REFUSAL_MANIFEST); /* one key counts once */
    assert_int_equal(say(b, stage_by(b, 3, one, b->desk.stranger)), REFUSAL_MANIFEST);
    assert_int_equal(say(b, stage_by(b, 4, one, b->desk.other_operator)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 5)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
}

/* A binary that was staged before root demanded two signatures must be staged again. */
static void what_was_staged_before_is_staged_again(void **state)
{
    struct swap_bench *b = *state;

    assert_int_equal(say(b, stage(b, 1)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    two_keys(b);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 2)), REFUSAL_DIGEST);
    assert_int_equal(say(b, stage_by(b, 3, b->desk.operator, b->desk.other_operator)),
                     REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 4)), REFUSAL_NONE);
}

static void set_hours(struct swap_bench *b, const char *text)
{
    struct err err = ERR_INIT;

    if (hours_parse(text, &b->s.hours, &err) < 0)
        fail_msg("%s", err.text);
    b->s.law.hours = &b->s.hours;
    b->s.law.hours_text = text;
}

static void outside_roots_hours_nothing_is_swapped(void **state)
{
    struct swap_bench *b = *state;

    set_hours(b, "22:30-05:00 UTC");
    assert_int_equal(say(b, stage(b, 1)), REFUSAL_NONE); /* staging is allowed at any time */
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 2)), REFUSAL_HELD);
    assert_string_equal(b->done.text, "outside root's hours here, 22:30-05:00 UTC: it is Tue 22:13 "
                                      "UTC, they begin again at Tue 22:30");
    b->m.wall_ns += 17 * 60 * INT64_C(1000000000);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 3)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
}

/* A swap that began within the hours may be reverted at any time. */
static void a_revert_is_allowed_at_any_time(void **state)
{
    struct swap_bench *b = *state;
    struct order *o;

    set_hours(b, "22:00-23:00 UTC");
    assert_int_equal(say(b, stage(b, 1)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 2)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
    b->m.wall_ns += 3600 * INT64_C(1000000000);
    o = swap_bench_order(b, MSG_REVERT, 1, 3);
    o->u.revert =
        (struct order_revert){.to = b->s.phases.rec.previous, .hold_ms = 100, .deadline_ms = 2000};
    assert_int_equal(say(b, o), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
}

/* An order that waits (not_before) cannot get around the end of the hours. */
static void no_order_waits_past_the_end_of_the_hours(void **state)
{
    struct swap_bench *b = *state;
    struct order *o;

    set_hours(b, "22:00-22:30 UTC");
    assert_int_equal(say(b, stage(b, 1)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    o = swap_bench_swap(b, 1, 2);
    o->u.swap.not_before = (uint64_t)b->m.uptime_ms + 60000;
    assert_int_equal(say(b, o), REFUSAL_NONE);
    b->m.wall_ns += 20 * 60 * INT64_C(1000000000);
    assert_int_not_equal(swap_bench_rest(b), PHASE_SETTLED);
    assert_int_not_equal(b->s.phases.rec.verdict.failure, 0);
    assert_non_null(strstr(b->s.phases.rec.verdict.text, "outside root's hours"));
}

/* A clock that was never set does not tell the time of the day. A clock that is a year off is
 * believed; its day of the week is another one. */
static void a_wrong_clock(void **state)
{
    struct swap_bench *b = *state;

    set_hours(b, "tue 22:00-23:00 UTC");
    assert_int_equal(say(b, stage(b, 1)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    b->m.wall_ns = (20 * 3600 + 22 * 3600) * INT64_C(1000000000); /* 1970 */
    assert_int_equal(say(b, swap_bench_swap(b, 1, 2)), REFUSAL_UNKNOWN);
    assert_non_null(strstr(b->done.text, "clock was never set"));
    b->m.wall_ns = (WALL_S + 365 * DAY_S) * INT64_C(1000000000); /* a Wednesday */
    assert_int_equal(say(b, swap_bench_swap(b, 1, 3)), REFUSAL_HELD);
    b->m.wall_ns = (WALL_S + 364 * DAY_S) * INT64_C(1000000000);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 4)), REFUSAL_NONE);
}

/* ---- the key of an operator whom root does not name; its name by the trust is "operator-2" ----
 */

static void name_operators(struct swap_bench *b, const char *text)
{
    struct err err = ERR_INIT;

    if (operators_parse(text, &b->s.operators, &err) < 0)
        fail_msg("%s", err.text);
    b->s.law.operators = &b->s.operators;
}

static struct order *cancel(const struct swap_bench *b, uint64_t sequence, uint64_t what)
{
    struct order *o = swap_bench_order(b, MSG_CANCEL, 1, sequence);

    o->u.cancel.sequence = what;
    return o;
}

static struct order *revert(const struct swap_bench *b, uint64_t sequence)
{
    struct order *o = swap_bench_order(b, MSG_REVERT, 1, sequence);

    o->u.revert =
        (struct order_revert){.to = b->s.phases.rec.previous, .hold_ms = 100, .deadline_ms = 2000};
    return o;
}

static struct order *preserve(const struct swap_bench *b, uint64_t sequence)
{
    struct order *o = swap_bench_order(b, MSG_PRESERVE, 1, sequence);

    o->u.preserve.run_id[0] = 1;
    return o;
}

static struct order *service(const struct swap_bench *b, uint64_t sequence, enum service_op op)
{
    struct order *o = swap_bench_order(b, MSG_SERVICE, 1, sequence);

    o->u.service.op = op;
    return o;
}

static void is_refused(struct swap_bench *b, struct order *o)
{
    const struct record before = b->s.phases.rec;

    assert_int_equal(swap_bench_say(b, o, b->desk.other_operator, NULL), REFUSAL_ROLE);
    assert_non_null(strstr(b->done.text, "the key of this order is operator-2"));
    assert_memory_equal(&before, &b->s.phases.rec, sizeof(before));
}

static void another_operators_orders_are_refused_by_name(void **state)
{
    struct swap_bench *b = *state;

    b->s.law.allow_stop = true;
    name_operators(b, "operator");
    is_refused(b, stage(b, 1));
    assert_int_equal(say(b, stage(b, 1)),
                     REFUSAL_NONE); /* the refused orders used up no sequence */
    is_refused(b, cancel(b, 2, 1));
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    is_refused(b, cancel(b, 2, 1));
    is_refused(b, swap_bench_swap(b, 1, 2));
    for (enum service_op op = SERVICE_START; op <= SERVICE_DISABLE; op++)
        is_refused(b, service(b, 2, op));
    is_refused(b, preserve(b, 2));
    assert_int_equal(say(b, swap_bench_swap(b, 1, 2)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
    is_refused(b, revert(b, 3));
    assert_int_equal(say(b, revert(b, 3)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
}

/* The operator on call reverts a swap that another operator began. */
static void any_whom_root_names_may_take_back(void **state)
{
    struct swap_bench *b = *state;
    const struct keypair *other = b->desk.other_operator;

    name_operators(b, "operator-2, operator");
    assert_int_equal(say(b, stage(b, 1)), REFUSAL_NONE);
    assert_int_equal(swap_bench_say(b, cancel(b, 2, 1), other, NULL), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_FAILED);
    assert_int_equal(b->s.phases.rec.verdict.failure, FAILURE_CANCELLED);
    assert_int_equal(say(b, stage(b, 3)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 4)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
    assert_int_equal(swap_bench_say(b, revert(b, 5), other, NULL), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
}

static void a_name_in_no_trust_file_lets_nobody_order(void **state)
{
    struct swap_bench *b = *state;

    name_operators(b, "operators");
    is_refused(b, stage(b, 1));
    assert_int_equal(say(b, stage(b, 1)), REFUSAL_ROLE);
    assert_non_null(strstr(b->done.text, "on this host: operators ("));
    assert_non_null(strstr(b->done.text, "the key of this order is operator"));
}

/* A stolen key must be revoked on every host, whichever operator sends the trust file. */
static void a_revocation_reaches_a_host_of_others(void **state)
{
    struct swap_bench *b = *state;

    name_operators(b, "operator");
    assert_int_equal(
        swap_bench_say(b, swap_bench_revoke(b, b->desk.observer), b->desk.other_operator, NULL),
        REFUSAL_NONE);
    assert_int_equal(b->s.trust.version, 2);
}

/* The listener refuses such an order by itself; caravan-swap is not started for it. */
static void another_operators_order_goes_no_further(void **state)
{
    struct room *r = *state;
    struct operators o;
    struct err err = ERR_INIT;
    struct receipt *said;

    assert_int_equal(operators_parse("operator", &o, &err), 0);
    listener_free(r->listener);
    r->operators = &o;
    room_listen(r);
    room_take_lease(r);
    said = room_say(r, room_swap_order(r, 1), r->desk.other_operator);
    assert_non_null(said);
    assert_int_equal(said->u.done.refusal, REFUSAL_ROLE);
    assert_non_null(strstr(said->u.done.text, "the key of this order is operator-2"));
    free(said);
    assert_int_equal(fake_swap_count(r->swap), 0);
    assert_int_equal(
        room_refusal(room_say(r, room_note_order(r, 1, "x", 1), r->desk.other_operator)),
        REFUSAL_NONE);
    assert_int_equal(room_refusal(room_say(r, room_swap_order(r, 1), r->desk.operator)),
                     REFUSAL_NONE);
    assert_int_equal(fake_swap_count(r->swap), 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, swap_bench_set_up, swap_bench_tear_down)
    const struct CMUnitTest tests[] = {
        CASE(fewer_release_keys_install_nothing),
        CASE(what_was_staged_before_is_staged_again),
        CASE(outside_roots_hours_nothing_is_swapped),
        CASE(a_revert_is_allowed_at_any_time),
        CASE(no_order_waits_past_the_end_of_the_hours),
        CASE(a_wrong_clock),
        CASE(another_operators_orders_are_refused_by_name),
        CASE(any_whom_root_names_may_take_back),
        CASE(a_name_in_no_trust_file_lets_nobody_order),
        CASE(a_revocation_reaches_a_host_of_others),
        cmocka_unit_test_setup_teardown(another_operators_order_goes_no_further, room_enter,
                                        room_leave),
    };

    return cmocka_run_group_tests_name("attack_law", tests, NULL, NULL);
}
