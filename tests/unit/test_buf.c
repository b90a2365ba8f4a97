#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "buf.h"

static void grows_and_stays_terminated(void **state)
{
    (void)state;
    auto_buf struct buf b = BUF_INIT;
    for (int i = 0; i < 1000; i++)
        assert_int_equal(buf_add(&b, "0123456789", 10), 0);
    assert_int_equal(b.len, 10000);
    assert_int_equal(b.data[b.len], 0);
    assert_int_equal(strlen(buf_str(&b)), 10000);
}

static void empty_is_a_string(void **state)
{
    (void)state;
    auto_buf struct buf b = BUF_INIT;
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(buf_add(&b, NULL, 0), 0);
    assert_string_equal(buf_str(&b), "");
}

static void limit_adds_nothing_beyond(void **state)
{
    (void)state;
    auto_buf struct buf b = BUF_INIT;
    b.limit = 4;
    assert_int_equal(buf_add_str(&b, "abcd"), 0);
    assert_int_equal(buf_add_byte(&b, 'e'), -1);
    assert_string_equal(buf_str(&b), "abcd");
    buf_clear(&b);
    assert_int_equal(buf_printf(&b, "%d", 12345), -1);
    assert_int_equal(buf_printf(&b, "%d", 1234), 0);
    assert_string_equal(buf_str(&b), "1234");
    buf_free(&b);
    assert_int_equal(b.limit, 4);
}

static void integers_are_big_endian(void **state)
{
    (void)state;
    static const unsigned char want[] = {1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8};
    auto_buf struct buf b = BUF_INIT;
    assert_int_equal(buf_add_u32(&b, 0x01020304), 0);
    assert_int_equal(buf_add_u64(&b, 0x0102030405060708), 0);
    assert_int_equal(b.len, sizeof(want));
    assert_memory_equal(b.data, want, sizeof(want));
    assert_int_equal(get_u32(b.data), 0x01020304);
    assert_true(get_u64(b.data + 4) == 0x0102030405060708);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(empty_is_a_string),
        cmocka_unit_test(limit_adds_nothing_beyond),
        cmocka_unit_test(integers_are_big_endian),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
