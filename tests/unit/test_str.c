#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "str.h"

static void copies_fit_or_fail(void **state)
{
    (void)state;
    char dst[4] = "???";
    assert_int_equal(str_copy(dst, sizeof(dst), "abc"), 0);
    assert_string_equal(dst, "abc");
    assert_int_equal(str_copy(dst, sizeof(dst), "abcd"), -1);
    assert_string_equal(dst, "");
    str_cut(dst, sizeof(dst), "abcdef");
    assert_string_equal(dst, "abc");
}

static void prefixes_and_suffixes(void **state)
{
    (void)state;
    assert_true(str_starts("abc", ""));
    assert_true(str_starts("abc", "ab"));
    assert_false(str_starts("ab", "abc"));
    assert_true(str_ends("abc", "bc"));
    assert_true(str_ends("abc", "abc"));
    assert_false(str_ends("bc", "abc"));
}

static void unsigned_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t max;
        int rv;
        uint64_t value;
    } rows[] = {
        {"0", 0, 0, 0},
        {"007", 10, 0, 7},
        {"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, -1, 0},
        {"99999999999999999999999", UINT64_MAX, -1, 0},
        {"255", 255, 0, 255},
        {"256", 255, -1, 0},
        {"1", 0, -1, 0},
        {"", 9, -1, 0},
        {"+1", 9, -1, 0},
        {"-1", 9, -1, 0},
        {" 1", 9, -1, 0},
        {"1 ", 9, -1, 0},
        {"0x1", 9, -1, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint64_t v = 0;
        assert_int_equal(str_to_u64(rows[i].text, rows[i].max, &v), rows[i].rv);
        assert_true(v == rows[i].value);
    }
}

static void every_limit_of_u64_holds(void **state)
{
    (void)state;
    char text[32];
    for (uint64_t max = 0; max < 130; max++)
        for (uint64_t v = 0; v < 140; v++) {
            uint64_t got;
            snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
            assert_int_equal(str_to_u64(text, max, &got), v <= max ? 0 : -1);
        }
}

static void signed_numbers(void **state)
{
    (void)state;
    int64_t v = 5;
    assert_int_equal(str_to_i64("-9223372036854775808", &v), 0);
    assert_true(v == INT64_MIN);
    assert_int_equal(str_to_i64("9223372036854775807", &v), 0);
    assert_true(v == INT64_MAX);
    assert_int_equal(str_to_i64("9223372036854775808", &v), -1);
    assert_int_equal(str_to_i64("-9223372036854775809", &v), -1);
    assert_int_equal(str_to_i64("-", &v), -1);
    assert_int_equal(str_to_i64("--1", &v), -1);
    assert_true(v == INT64_MAX);
}

static void durations_of_go(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rv;
        int64_t ns;
    } rows[] = {
        {"0", 0, 0},
        {"0s", 0, 0},
        {"34.1ms", 0, 34100000},
        {"1m30s", 0, 90000000000},
        {"1h0m0.5s", 0, 3600500000000},
        {"-1.5s", 0, -1500000000},
        {"12\xc2\xb5s", 0, 12000},
        {"7ns", 0, 7},
        {"", -1, 0},
        {"-", -1, 0},
        {"5", -1, 0},
        {"5 s", -1, 0},
        {"s", -1, 0},
        {"1.s.", -1, 0},
        {"999999999999h", -1, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ns = 0;
        assert_int_equal(str_go_duration(rows[i].text, &ns), rows[i].rv);
        assert_in_range((uint64_t)(ns - rows[i].ns + 1), 0, 2);
    }
}

static void durations_people_type(void **state)
{
    (void)state;
    int64_t ms = -7;
    assert_int_equal(str_duration_ms("500ms", &ms), 0);
    assert_int_equal(ms, 500);
    assert_int_equal(str_duration_ms("2m", &ms), 0);
    assert_int_equal(ms, 120000);
    assert_int_equal(str_duration_ms("10", &ms), -1);
    assert_int_equal(str_duration_ms("-10s", &ms), -1);
    assert_int_equal(ms, 120000);
}

static void sizes(void **state)
{
    (void)state;
    uint64_t v = 1;
    assert_int_equal(str_size("100", &v), 0);
    assert_true(v == 100);
    assert_int_equal(str_size("64K", &v), 0);
    assert_true(v == 65536);
    assert_int_equal(str_size("2T", &v), 0);
    assert_true(v == 2ULL << 40);
    assert_int_equal(str_size("16777216T", &v), -1);
    assert_int_equal(str_size("K", &v), -1);
    assert_int_equal(str_size("", &v), -1);
    assert_int_equal(str_size("1KB", &v), -1);
    assert_int_equal(str_size("1.5M", &v), -1);
}

static void hexadecimal(void **state)
{
    (void)state;
    const unsigned char bytes[3] = {0x00, 0xab, 0xff};
    unsigned char back[3] = {9, 9, 9};
    char text[7];
    str_hex(text, bytes, 3);
    assert_string_equal(text, "00abff");
    assert_int_equal(str_unhex("00ABff", back, 3), 0);
    assert_memory_equal(back, bytes, 3);
    assert_int_equal(str_unhex("00abf", back, 3), -1);
    assert_int_equal(str_unhex("00abfff", back, 3), -1);
    assert_int_equal(str_unhex("00abfg", back, 3), -1);
    assert_memory_equal(back, bytes, 3);
}

static void assert_escaped(const char *in, size_t n, const char *want)
{
    auto_buf struct buf out = BUF_INIT;
    str_escape(&out, in, n);
    assert_string_equal(buf_str(&out), want);
}

static void escapes_what_could_lie(void **state)
{
    (void)state;
    assert_escaped("plain \xc3\xa9 \xe2\x82\xac", 12, "plain \xc3\xa9 \xe2\x82\xac");
    assert_escaped("a\nb\r\x1b[2J", 8, "a\\x0ab\\x0d\\x1b[2J");
    assert_escaped("\0\x7f", 2, "\\x00\\x7f");
    assert_escaped("\xc0\xaf", 2, "\\xc0\\xaf");
    assert_escaped("\xed\xa0\x80", 3, "\\xed\\xa0\\x80");
    assert_escaped("\xc2\x9b", 2, "\\xc2\\x9b");
    assert_escaped("\xe2\x80\xae", 3, "\\xe2\\x80\\xae");
    assert_escaped("\xe2\x82", 2, "\\xe2\\x82");
    assert_escaped("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80");
}

static void for_people(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } times[] = {
        {-1, "0 ms"},          {999, "999 ms"},        {1250, "1.2 s"},
        {125000, "2 min 5 s"}, {3780000, "1 h 3 min"},
    };
    char text[24];
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        str_for_ms(text, sizeof(text), times[i].ms);
        assert_string_equal(text, times[i].text);
    }
    str_for_bytes(text, sizeof(text), 1023);
    assert_string_equal(text, "1023 B");
    str_for_bytes(text, sizeof(text), 150 * 1024 * 1024);
    assert_string_equal(text, "150.0 MiB");
    str_for_bytes(text, sizeof(text), UINT64_MAX);
    assert_true(strlen(text) < sizeof(text));
}

static void distances(void **state)
{
    (void)state;
    char longer[200];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(str_distance("", ""), 0);
    assert_int_equal(str_distance("listen", "listen"), 0);
    assert_int_equal(str_distance("listn", "listen"), 1);
    assert_int_equal(str_distance("kitten", "sitting"), 3);
    assert_int_equal(str_distance("", "abc"), 3);
    assert_int_equal(str_distance(longer, ""), 47);
}

static void assert_wrapped(const char *text, const char *prefix, size_t width, const char *want)
{
    auto_buf struct buf out = BUF_INIT;
    str_wrap(&out, text, prefix, width);
    assert_string_equal(buf_str(&out), want);
}

static void wraps(void **state)
{
    (void)state;
    assert_wrapped("", "# ", 10, "");
    assert_wrapped("  ", "# ", 10, "");
    assert_wrapped("one two three", "# ", 10, "# one two\n# three\n");
    assert_wrapped("one\n two", "", 80, "one two\n");
    assert_wrapped("a verylongwordindeed b", "  ", 8, "  a\n  verylongwordindeed\n  b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_fit_or_fail),
        cmocka_unit_test(prefixes_and_suffixes),
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(every_limit_of_u64_holds),
        cmocka_unit_test(signed_numbers),
        cmocka_unit_test(durations_of_go),
        cmocka_unit_test(durations_people_type),
        cmocka_unit_test(sizes),
        cmocka_unit_test(hexadecimal),
        cmocka_unit_test(escapes_what_could_lie),
        cmocka_unit_test(for_people),
        cmocka_unit_test(distances),
        cmocka_unit_test(wraps),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
