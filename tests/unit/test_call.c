/* One order or operation: when it is due, and how long it waits after a number of failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "call.h"

static void waits_double_and_end_at_15_seconds(void **state)
{
    static const int64_t waits[] = {1000, 2000, 4000, 8000, 15000, 15000};
    struct call c = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
        int64_t now = (int64_t)(100000 * (i + 1));
        call_begin(&c, now, CALL_ANSWER_MS);
        call_failed(&c, now);
        assert_false(c.outstanding);
        assert_false(call_due(&c, now + waits[i] - 1));
        assert_true(call_due(&c, now + waits[i]));
    }
    assert_int_equal(call_wait_ms(UINT32_MAX), CALL_WAIT_MAX);
}

static void without_an_event_it_is_due_again(void **state)
{
    struct call c = {0};
    (void)state;
    assert_true(call_due(&c, 1)); /* never begun */
    call_begin(&c, 1000, CALL_ANSWER_MS);
    assert_true(c.outstanding);
    assert_false(call_due(&c, 1000 + CALL_ANSWER_MS - 1));
    assert_true(call_due(&c, 1000 + CALL_ANSWER_MS));
    call_begin(&c, 1000, INT64_MAX);
    assert_false(call_due(&c, INT64_MAX - 1));
}

static void success_forgets_failures(void **state)
{
    struct call c = {.sequence = 9};
    (void)state;
    call_begin(&c, 1000, CALL_ANSWER_MS);
    call_failed(&c, 1000);
    call_succeeded(&c);
    assert_int_equal(c.failures, 0);
    assert_true(call_due(&c, 1000));
    assert_int_equal(c.sequence, 9);    /* the sequence stays, the next order counts on */
    assert_int_equal(c.asked_ms, 1000); /* answers to earlier questions prove nothing then */
}

static void only_its_own_nonce_is_its_answer(void **state)
{
    struct call c = {.nonce = {1, 2, 3}};
    unsigned char other[NONCE_LEN] = {1, 2, 4};
    (void)state;
    assert_true(call_is(&c, c.nonce));
    assert_false(call_is(&c, other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_and_end_at_15_seconds),
        cmocka_unit_test(without_an_event_it_is_due_again),
        cmocka_unit_test(success_forgets_failures),
        cmocka_unit_test(only_its_own_nonce_is_its_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
