/* unit_condition.h: which conditions of a unit are true, as systemd evaluates them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/stat.h>
#include "str.h"
#include "unit_condition.h"

static const struct host_look nothing = {.end = LOOK_MISSING},
                              dangling = {LOOK_MISSING, .link = true},
                              file = {LOOK_FINE, .kind = {.mode = S_IFREG | 0644, .size = 5}},
                              program = {LOOK_FINE, .kind = {.mode = S_IFREG | 0755, .size = 5}},
                              blank = {LOOK_UNSURE, .kind = {.mode = S_IFREG | 0644}},
                              dir = {LOOK_FINE, .kind = {.mode = S_IFDIR | 0755}},
                              bare = {LOOK_FINE, .kind = {.mode = S_IFDIR | 0755, .empty = true}},
                              mount = {LOOK_FINE, .kind = {.mode = S_IFDIR | 0755, .mount = true}},
                              frozen = {LOOK_FINE,
                                        .kind = {.mode = S_IFDIR | 0755, .read_only = true}},
                              linked = {LOOK_FINE, .link = true, .kind = {.mode = S_IFREG | 0644}},
                              hangs = {.end = LOOK_HANGS}, failed = {.end = LOOK_FAILED};

static const struct {
    const char *type;
    const struct host_look *seen;
    enum tri holds;
} rows[] = {
    {"PathExists", &file, TRI_YES},           {"PathExists", &dir, TRI_YES},
    {"PathExists", &nothing, TRI_NO},         {"PathExists", &dangling, TRI_NO},
    {"PathExists", &hangs, TRI_UNKNOWN},      {"PathExists", &failed, TRI_UNKNOWN},
    {"PathExists", NULL, TRI_UNKNOWN},        {"PathExistsGlob", &file, TRI_YES},
    {"PathIsDirectory", &dir, TRI_YES},       {"PathIsDirectory", &file, TRI_NO},
    {"PathIsSymbolicLink", &linked, TRI_YES}, {"PathIsSymbolicLink", &dangling, TRI_YES},
    {"PathIsSymbolicLink", &file, TRI_NO},    {"PathIsMountPoint", &mount, TRI_YES},
    {"PathIsMountPoint", &dir, TRI_NO},       {"PathIsMountPoint", &nothing, TRI_NO},
    {"PathIsReadWrite", &dir, TRI_YES},       {"PathIsReadWrite", &frozen, TRI_NO},
    {"PathIsReadWrite", &nothing, TRI_YES}, /* systemd does the same */
    {"DirectoryNotEmpty", &dir, TRI_YES},     {"DirectoryNotEmpty", &bare, TRI_NO},
    {"DirectoryNotEmpty", &file, TRI_NO},     {"FileNotEmpty", &file, TRI_YES},
    {"FileNotEmpty", &blank, TRI_NO},         {"FileNotEmpty", &dir, TRI_NO},
    {"FileNotEmpty", &nothing, TRI_NO},       {"FileIsExecutable", &program, TRI_YES},
    {"FileIsExecutable", &file, TRI_NO},      {"PathIsEncrypted", &dir, TRI_UNKNOWN},
    {"Virtualization", &file, TRI_UNKNOWN},   {"", &file, TRI_UNKNOWN},
};

static struct about_condition condition(const char *front, const char *type, const char *what)
{
    struct about_condition c = {.negate = false};

    snprintf(c.type, sizeof(c.type), "%s%s", front, type);
    str_cut(c.what, sizeof(c.what), what);
    return c;
}

static void each_kind(void **state)
{
    static const char *const fronts[] = {"Condition", "Assert"};

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
        enum tri holds = rows[i / 2].holds;
        struct about_condition c = condition(fronts[i % 2], rows[i / 2].type, "/x");

        if (unit_condition_holds(&c, rows[i / 2].seen) != holds)
            fail_msg("%s, row %zu", c.type, i / 2);
        c.negate = true;
        if (unit_condition_holds(&c, rows[i / 2].seen) != (holds == TRI_YES  ? TRI_NO
                                                           : holds == TRI_NO ? TRI_YES
                                                                             : TRI_UNKNOWN))
            fail_msg("!%s, row %zu", c.type, i / 2);
    }
}

static void what_is_no_path_is_not_looked_at(void **state)
{
    struct about_condition c = condition("Condition", "PathExistsGlob", "/etc/*.hcl");

    (void)state;
    assert_true(unit_condition_of_path(&c));
    assert_true(unit_condition_of_pattern(&c));
    c = condition("Condition", "PathExists", "/etc/*.hcl"); /* a star in its name */
    assert_true(unit_condition_of_path(&c));
    assert_false(unit_condition_of_pattern(&c));
    c = condition("Condition", "PathExists", "relative");
    assert_false(unit_condition_of_path(&c));
    c = condition("Something", "PathExists", "/x");
    assert_false(unit_condition_of_path(&c));
    c = condition("Condition", "Host", "/x");
    assert_false(unit_condition_of_path(&c));
}

/* "c" or "a": condition, assertion; "|" a trigger; "+", "-", "?": true, false, unknown. */
static const struct {
    const char *list;
    enum tri hold;
    uint32_t which;
} lists[] = {
    {"", TRI_YES, 0},
    {"c+ a+", TRI_YES, 0},
    {"c+ c-", TRI_NO, 1},
    {"c? a-", TRI_NO, 1},
    {"c+ c? c?", TRI_UNKNOWN, 1},
    {"|c+ |c-", TRI_YES, 0},
    {"|c- |c+ |c?", TRI_YES, 0},
    {"|c- |c-", TRI_NO, 0},
    {"|c- |c?", TRI_UNKNOWN, 1},
    {"|c? |c-", TRI_UNKNOWN, 0},
    {"|c+ |a-", TRI_NO, 1}, /* each list has its own triggers */
    {"|a+ c- |c+", TRI_NO, 1},
    {"c? |c-", TRI_NO, 1},
    {"|c? c?", TRI_UNKNOWN, 1},
};

static void lists_of_conditions(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct about_condition list[8];
        enum tri each[8];
        uint32_t n = 0, which = 0;

        for (const char *s = lists[i].list; *s != '\0'; s += *s == ' ') {
            bool trigger = *s == '|';

            s += trigger;
            list[n] = condition(*s == 'c' ? "Condition" : "Assert", "PathExists", "/x");
            list[n].trigger = trigger;
            each[n++] = s[1] == '+' ? TRI_YES : s[1] == '-' ? TRI_NO : TRI_UNKNOWN;
            s += 2;
        }
        if (unit_conditions_hold(list, each, n, &which) != lists[i].hold ||
            (lists[i].hold != TRI_YES && which != lists[i].which))
            fail_msg("%s: %u", lists[i].list, (unsigned)which);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind),
        cmocka_unit_test(what_is_no_path_is_not_looked_at),
        cmocka_unit_test(lists_of_conditions),
    };

    return cmocka_run_group_tests_name("unit_condition", tests, NULL, NULL);
}
