#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "json.h"

static struct json *parsed(const char *text)
{
    struct json *v = NULL;
    struct err err = ERR_INIT;
    if (json_parse(text, strlen(text), 10000, &v, &err) < 0)
        fail_msg("%s", err.text);
    return v;
}

static void refuses_what_is_not_strict(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",    "{",    "{} x",    "{\"a\":1,\"a\":2}", "{\"a\":\"\xff\"}",
        "nul", "[1,]", "{\"a\"}", "\"\\u0000\"",       "18446744073709551616",
        "'a'"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json *v = NULL;
        struct err err = ERR_INIT;
        if (json_parse(rows[i], strlen(rows[i]), 1000, &v, &err) == 0)
            fail_msg("took %s", rows[i]);
        assert_int_equal(err.kind, ERR_FORMAT);
        assert_null(v);
    }
    struct json *v = NULL;
    struct err err = ERR_INIT;
    assert_int_equal(json_parse("[1,2]", 5, 4, &v, &err), -1);
    assert_int_equal(err.kind, ERR_LIMIT);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct json *v = NULL;
    struct err err = ERR_INIT;
    char deep[100000];
    memset(deep, '[', sizeof(deep));
    assert_int_equal(json_parse(deep, sizeof(deep), sizeof(deep), &v, &err), -1);
    assert_int_equal(err.kind, ERR_FORMAT);
}

/* Nomad's answer to some questions is a bare string or number. */
static void bare_values(void **state)
{
    (void)state;
    auto_json struct json *text = parsed("\"127.0.0.1:4647\"");
    auto_json struct json *none = parsed(" null ");
    assert_string_equal(json_text_of(text, "x"), "127.0.0.1:4647");
    assert_string_equal(json_text_of(none, "x"), "x");
}

static void numbers_keep_64_bits(void **state)
{
    (void)state;
    auto_json struct json *o =
        parsed("{\"a\":9223372036854775807,\"b\":-9223372036854775808,\"c\":1.0}");
    assert_true(json_int(o, "a", 0) == INT64_MAX);
    assert_true(json_int(o, "b", 0) == INT64_MIN);
    assert_int_equal(json_int(o, "c", 7), 7);
}

static void wrong_types_give_the_default(void **state)
{
    (void)state;
    auto_json struct json *o = parsed("{\"n\":null,\"t\":\"x\",\"b\":true,\"a\":[1],\"i\":5}");
    assert_string_equal(json_str(o, "i", "d"), "d");
    assert_string_equal(json_str(o, "n", "d"), "d");
    assert_string_equal(json_str(o, "none", "d"), "d");
    assert_string_equal(json_str(NULL, "t", "d"), "d");
    assert_string_equal(json_str(json_get(o, "a"), "t", "d"), "d");
    assert_int_equal(json_int(o, "t", 3), 3);
    assert_true(json_bool(o, "i", true));
    assert_false(json_bool(o, "n", false));
    assert_true(json_bool(o, "b", false));
    assert_false(json_has(o, "n"));
    assert_false(json_has(o, "none"));
    assert_true(json_has(o, "i"));
    assert_int_equal(json_len(json_get(o, "n")), 0);
    assert_int_equal(json_len(NULL), 0);
    assert_int_equal(json_len(o), 5);
    assert_null(json_item(json_get(o, "t"), 0));
    assert_null(json_item(json_get(o, "a"), 1));
    assert_true(json_is_array(json_get(o, "a")));
    assert_false(json_is_array(NULL));
    assert_true(json_is_bool(json_get(o, "b")));
    assert_true(json_is_text(json_get(o, "t")));
    assert_true(json_is_int(json_get(o, "i")));
    assert_true(json_is_object(o));
}

static void paths(void **state)
{
    (void)state;
    auto_json struct json *o = parsed("{\"stats\":{\"raft\":{\"state\":\"Leader\"}},\"x\":1}");
    assert_string_equal(json_str(json_get(json_get(o, "stats"), "raft"), "state", ""), "Leader");
    assert_int_equal(json_int(o, "x", 0), 1);
    assert_null(json_get(json_get(json_get(o, "stats"), "none"), "state"));
    assert_null(json_get(json_get(o, "x"), "y"));
    assert_null(json_get(NULL, "x"));
    assert_null(json_get(o, ""));
}

static void pairs_come_in_order(void **state)
{
    (void)state;
    static const char *const names[] = {"z", "a", "m"};
    auto_json struct json *o = parsed("{\"z\":0,\"a\":1,\"m\":2}");
    const char *key = NULL;
    for (size_t i = 0; i < 3; i++) {
        const struct json *v = json_pair(o, i, &key);
        assert_int_equal(json_int_of(v, -1), i);
        assert_string_equal(key, names[i]);
    }
    assert_null(json_pair(o, 3, &key));
    assert_null(json_pair(NULL, 0, &key));
    assert_string_equal(key, "m");
}

static void writes_compact_in_order(void **state)
{
    (void)state;
    auto_json struct json *o = json_new_object();
    struct json *a = json_new_array();
    auto_buf struct buf text = BUF_INIT;
    json_set_str(o, "z", "a\"\n\x1b");
    json_set_str(o, "bad", "x\xff");
    json_set_str(o, "none", NULL);
    json_set_int(o, "i", INT64_MIN);
    json_set_bool(o, "b", true);
    json_set_null(o, "n");
    json_add_str(a, "one");
    json_add(a, json_new_object());
    json_set(o, "a", a);
    json_text(o, &text);
    assert_string_equal(buf_str(&text),
                        "{\"z\":\"a\\\"\\n\\u001B\",\"bad\":\"x\\\\xff\",\"none\":null,"
                        "\"i\":-9223372036854775808,\"b\":true,\"n\":null,\"a\":[\"one\",{}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_strict),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(bare_values),
        cmocka_unit_test(numbers_keep_64_bits),
        cmocka_unit_test(wrong_types_give_the_default),
        cmocka_unit_test(paths),
        cmocka_unit_test(pairs_come_in_order),
        cmocka_unit_test(writes_compact_in_order),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
