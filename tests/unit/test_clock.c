#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "clock.h"

static int64_t set_mono(void *ctx)
{
    return *(int64_t *)ctx;
}

static void set_sleep(void *ctx, int64_t ms)
{
    *(int64_t *)ctx += ms;
}

static void tests_can_own_the_time(void **state)
{
    (void)state;
    int64_t now = 1000;
    const struct clock c = {&now, set_mono, set_mono, set_sleep};
    assert_int_equal(clock_mono(&c), 1000);
    clock_sleep(&c, 50);
    assert_int_equal(clock_mono(&c), 1050);
    assert_int_equal(clock_wall(&c), 1050);
}

static void the_machines_clock_goes_forward(void **state)
{
    (void)state;
    const struct clock *c = clock_system();
    int64_t before = clock_mono(c);
    clock_sleep(c, 20);
    int64_t took = clock_mono(c) - before;
    assert_in_range((uint64_t)took, 19, 10000);
    clock_sleep(c, 0);
    clock_sleep(c, -5);
    assert_true(clock_wall(c) > 1600000000000);
}

static void wall_time_as_text(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } rows[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59Z"},
        {-1000, "1969-12-31T23:59:59Z"},
        {1795359844999, "2026-11-22T15:04:04Z"},
        {253402300799999, "9999-12-31T23:59:59Z"},
        {253402300800000, "0000-00-00T00:00:00Z"},
        {INT64_MAX, "0000-00-00T00:00:00Z"},
        {INT64_MIN, "0000-00-00T00:00:00Z"},
    };
    char text[21];
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        clock_rfc3339(text, rows[i].ms);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_can_own_the_time),
        cmocka_unit_test(the_machines_clock_goes_forward),
        cmocka_unit_test(wall_time_as_text),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
