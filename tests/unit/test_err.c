#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "err.h"

static void says_what_and_why(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    assert_int_equal(err_set(&err, ERR_IO, ENOENT, "open %s", "/x"), -1);
    assert_int_equal(err.kind, ERR_IO);
    assert_int_equal(err.sys, ENOENT);
    assert_string_equal(err.text, "open /x: No such file or directory");
}

static void wrap_puts_in_front_and_keeps_kind(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    err_set(&err, ERR_LIMIT, 0, "too long");
    assert_int_equal(err_wrap(&err, "read %s", "trust"), -1);
    assert_string_equal(err.text, "read trust: too long");
    assert_int_equal(err.kind, ERR_LIMIT);
}

/* A chain of any length stays inside the struct, ends with NUL, and keeps its front. */
static void long_chains_are_cut_at_the_end(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    char longer[1000];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    err_set(&err, ERR_IO, EACCES, "%s", longer);
    assert_true(strlen(err.text) < sizeof(err.text));
    assert_non_null(strstr(err.text, "Permission denied"));
    for (int i = 0; i < 10; i++)
        err_wrap(&err, "front %d %s", i, longer);
    assert_true(strlen(err.text) < sizeof(err.text));
    assert_int_equal(strncmp(err.text, "front 9", 7), 0);
}

static void every_kind_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_KIND_COUNT; i++) {
        assert_non_null(err_kind_name((enum err_kind)i));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(err_kind_name((enum err_kind)i),
                                    err_kind_name((enum err_kind)j));
    }
    assert_string_equal(err_kind_name((enum err_kind)99), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_and_why),
        cmocka_unit_test(wrap_puts_in_front_and_keeps_kind),
        cmocka_unit_test(long_chains_are_cut_at_the_end),
        cmocka_unit_test(every_kind_has_a_name),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
