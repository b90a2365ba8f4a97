#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "replace_quorum.h"

static const struct {
    const char *what;
    struct replace_steps steps;
    bool holds, back;
    const char *why;
} rows[] = {
    {"3 by 3", {3, 3, 3, 0, 3}, true, true, ""},
    {"5 by 5", {5, 5, 5, 0, 5}, true, true, ""},
    {"3 by 1, the others stay", {3, 3, 1, 0, 1}, true, true, ""},
    {"3, one of them dead, by 1", {3, 2, 1, 1, 0}, true, false, ""},
    {"3, one of them dead, by 3", {3, 2, 3, 1, 2}, true, false, ""},
    {"5, one of them dead, by 5", {5, 4, 5, 1, 4}, true, true, ""},
    {"5, two of them dead, by 5", {5, 3, 5, 2, 3}, true, false, ""},
    {"3, two of them dead", {3, 1, 3, 2, 1}, false, false, "before the first step"},
    {"2 by 2", {2, 2, 2, 0, 2}, true, true, ""},
    {"2 by 1", {2, 2, 1, 0, 2}, false, true, "1 of 2 voters is healthy, and 2 are a quorum"},
    {"1 by 1", {1, 1, 1, 0, 1}, false, false, "while one that leaves is stopped, 1 of 2"},
    {"1 by 3", {1, 1, 3, 0, 1}, true, false, ""},
    {"1 and 2 more", {1, 1, 2, 0, 0}, true, false, ""},
    {"3 to none", {3, 3, 0, 0, 3}, false, true, "1 of 2 voters"},
    {"3 to 1", {3, 3, 0, 0, 2}, false, true, "1 of 2 voters"},
    {"3 to 2", {3, 3, 0, 0, 1}, true, true, ""},
};

static void test_steps(void **state)
{
    char why[TEXT_MAX], back[TEXT_MAX];
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        bool holds = replace_holds_quorum(&rows[i].steps, why);
        if (holds != rows[i].holds || strstr(why, rows[i].why) == NULL || (why[0] == '\0') != holds)
            fail_msg("%s: %d, \"%s\"", rows[i].what, holds, why);
        if (replace_walks_back(&rows[i].steps, back) != rows[i].back)
            fail_msg("%s, back: \"%s\"", rows[i].what, back);
        assert_int_equal(back[0] == '\0', rows[i].back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
