/* A listener claims a wrong uptime, in order to hold orders back. The start_by that the coordinator
 * signs advances only as fast as the coordinator's own clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "orders_sent.h"
#include "agent.h"

#define DAY 86400000

static uint64_t start_by(struct agent *g, int64_t asked, uint64_t claimed, char boot)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));

    r->head.kind = MSG_HELLO;
    r->head.is_receipt = true;
    r->head.session[0] = (unsigned char)boot;
    r->head.time_ms = claimed;
    (void)agent_take_hello(g, r, asked);
    return order_uptime(&g->view, asked);
}

static void a_claim_of_days_is_not_signed(void **state)
{
    struct agent *g = agent_new("a");

    (void)state;
    assert_int_equal(start_by(g, 1000, 50000, 1), 50000);
    assert_int_equal(start_by(g, 3000, 52000, 1), 52000);
    assert_in_range(start_by(g, 5000, 52000 + 11 * DAY, 1), 54000, 54010);
    /* A slow increase gains only a thousandth of the time that passes. */
    for (int64_t at = 7000; at < 7000 + 3600000; at += 2000)
        assert_in_range(start_by(g, at, 11 * DAY, 1), at + 49000, at + 49000 + at / 500 + 10);
    agent_free(g);
}

/* Slow answers do not add up either. */
static void slow_answers_do_not_add_up(void **state)
{
    struct agent *g = agent_new("a");

    (void)state;
    (void)start_by(g, 0 + 1, 50000, 1);
    for (int64_t at = 2000; at < 200000; at += 2000)
        assert_in_range(start_by(g, at, (uint64_t)at + 60000, 1), at + 50000, at + 50000 + 400);
    agent_free(g);
}

static void what_is_true_is_believed(void **state)
{
    struct agent *g = agent_new("a");

    (void)state;
    (void)start_by(g, 1000, 50700, 1); /* the answer took 700 ms */
    assert_int_equal(start_by(g, 3000, 52001, 1), 52001);
    assert_in_range(start_by(g, 5000, 54900, 1), 54001, 54010); /* slow again */
    assert_int_equal(start_by(g, 7000, 40000, 1), 40000);       /* the uptime stood still */
    assert_int_equal(start_by(g, 9000, 300, 2), 300);           /* the host was restarted */
    assert_int_equal(start_by(g, 11000, 9 * DAY, 3), 9 * DAY);
    agent_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_of_days_is_not_signed),
        cmocka_unit_test(slow_answers_do_not_add_up),
        cmocka_unit_test(what_is_true_is_believed),
    };

    return cmocka_run_group_tests_name("attack_uptime", tests, NULL, NULL);
}
