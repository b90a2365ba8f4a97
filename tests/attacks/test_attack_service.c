/* Attempts to stop Nomad with an order: by a stranger, with an observer's key, with an order that
 * was seen before or held back, in a paused run, and with an operator's key against root's law and
 * the quorum of a region. A stopped Nomad would stay stopped, so every row also checks the state
 * afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "str.h"
#include "swap_bench.h"

static int set_up(void **state)
{
    int rc = swap_bench_set_up(state);
    struct swap_bench *b = *state;

    b->s.law.allow_stop = true;
    b->s.law.gap_ms = 0;
    b->m.uptime_ms += 10000;
    return rc;
}

static struct order *service(const struct swap_bench *b, enum service_op op, uint64_t sequence)
{
    struct order *o = swap_bench_order(b, MSG_SERVICE, 1, sequence);

    o->u.service.op = op;
    return o;
}

static void nothing_happened(struct swap_bench *b)
{
    (void)swap_bench_rest(b);
    assert_true(b->m.process.there);
    assert_false(b->m.disabled);
    assert_int_equal(b->s.phases.rec.stopped.sequence, 0);
    assert_int_equal(b->s.phases.rec.disabled.sequence, 0);
}

static void keys_that_may_not(void **state)
{
    struct swap_bench *b = *state;

    for (int op = SERVICE_START; op <= SERVICE_DISABLE; op++) {
        assert_int_equal(
            swap_bench_say(b, service(b, (enum service_op)op, 1), b->desk.stranger, NULL),
            REFUSAL_COUNT);
        assert_int_equal(
            swap_bench_say(b, service(b, (enum service_op)op, 1), b->desk.observer, NULL),
            REFUSAL_ROLE);
        nothing_happened(b);
    }
}

/* After an abort has undone the stop, and after a reboot. */
static void an_order_seen_before(void **state)
{
    struct swap_bench *b = *state;
    auto_buf struct buf seen = BUF_INIT;
    auto_buf struct buf lease = BUF_INIT;

    desk_lease(&b->desk, LEASE_RENEW, 1, (uint64_t)b->m.uptime_ms + 8000, &lease);
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_STOP, 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
    (void)buf_add(&seen, b->inner.data, b->inner.len);
    (void)swap_bench_rest(b);
    assert_false(b->m.process.there);
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_START, 2), b->desk.operator, NULL),
                     REFUSAL_NONE);
    (void)swap_bench_rest(b);
    for (uint64_t i = 0; i < ORDER_KEPT + 1; i++) { /* while its receipt is kept, and later */
        (void)swap_bench_again(b, &seen, &lease);
        assert_false(phases_works(&b->s.phases));
        assert_int_equal(
            swap_bench_say(b, service(b, SERVICE_ENABLE, 3 + i), b->desk.operator, NULL),
            REFUSAL_NONE);
    }
    nothing_happened(b);
    memset(b->s.session, 0x77, SESSION_LEN);
    assert_int_equal(swap_bench_again(b, &seen, &lease), REFUSAL_SESSION);
    nothing_happened(b);
}

static void an_order_kept_back_until_its_lease_is_over(void **state)
{
    struct swap_bench *b = *state;
    auto_buf struct buf lease = BUF_INIT;

    desk_lease(&b->desk, LEASE_RENEW, 1, (uint64_t)b->m.uptime_ms, &lease);
    b->m.uptime_ms += LEASE_MAX_MS + 1;
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_STOP, 1), b->desk.operator, & lease),
                     REFUSAL_LEASE);
    nothing_happened(b);
}

static void an_operator_against_root(void **state)
{
    struct swap_bench *b = *state;

    b->s.law.allow_stop = false;
    b->s.law.allow_outage = true; /* this permission does not imply allow_stop */
    b->s.law.start_stopped = true;
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_STOP, 1), b->desk.operator, NULL),
                     REFUSAL_HELD);
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_DISABLE, 2), b->desk.operator, NULL),
                     REFUSAL_HELD);
    nothing_happened(b);
    b->s.law.allow_stop = true;
    b->m.held = true;
    for (int op = SERVICE_START; op <= SERVICE_DISABLE; op++)
        assert_int_equal(swap_bench_say(b, service(b, (enum service_op)op, 3 + (uint64_t)op),
                                        b->desk.operator, NULL),
                         REFUSAL_HELD);
    nothing_happened(b);
}

/* One of three servers is gone. Without this one, only one server would be left. */
static void an_operator_against_the_quorum(void **state)
{
    struct swap_bench *b = *state;

    str_cut(b->s.nomad.server_id, UUID_MAX, "11111111-2222");
    b->m.peers = "[\"10.0.0.1:4647\",\"10.0.0.2:4647\",\"10.0.0.3:4647\"]";
    b->m.leader = "\"10.0.0.2:4647\"";
    b->m.odd_peer = "10.0.0.3:4647";
    b->m.odd = PEER_NOBODY;
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_STOP, 1), b->desk.operator, NULL),
                     REFUSAL_QUORUM);
    nothing_happened(b);
    b->m.odd_peer = NULL;
    b->m.leader = "\"\"";
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_STOP, 2), b->desk.operator, NULL),
                     REFUSAL_QUORUM);
    b->m.status = 403;
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_STOP, 3), b->desk.operator, NULL),
                     REFUSAL_UNKNOWN);
    nothing_happened(b);
    b->m.status = 0;
    b->m.leader = "\"10.0.0.2:4647\"";
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_STOP, 4), b->desk.operator, NULL),
                     REFUSAL_NONE);
}

/* An order never starts a binary that somebody else put in place. */
static void an_operator_who_put_another_binary_there(void **state)
{
    struct swap_bench *b = *state;
    char binary[MODEL_BINARY];

    assert_int_equal(swap_bench_say(b, service(b, SERVICE_STOP, 1), b->desk.operator, NULL),
                     REFUSAL_NONE);
    (void)swap_bench_rest(b);
    model_binary("mute", binary);
    model_fs_put(&b->m.fs, MODEL_TARGET, binary, sizeof(binary), 0755);
    assert_int_equal(swap_bench_say(b, service(b, SERVICE_START, 2), b->desk.operator, NULL),
                     REFUSAL_DIGEST);
    assert_int_equal(b->m.begun[SERVICE_ACT_START], 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, swap_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(keys_that_may_not),
        CASE(an_order_seen_before),
        CASE(an_order_kept_back_until_its_lease_is_over),
        CASE(an_operator_against_root),
        CASE(an_operator_against_the_quorum),
        CASE(an_operator_who_put_another_binary_there),
    };

    return cmocka_run_group_tests_name("attack_service", tests, NULL, NULL);
}
