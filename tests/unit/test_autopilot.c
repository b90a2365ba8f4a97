/* What is next for a region's dead-server cleanup, and whose setting it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "autopilot.h"
#include "nomad_operate.h"

static const struct autopilot_setting on = {true, 12, 7}, off = {false, 13, 7};

static struct effect begun(void)
{
    struct effect e = {.id = 1, .kind = EFFECT_AUTOPILOT, .region = "r1"};
    return e;
}

/* Switched off by us, and read back. */
static struct effect in_force(void)
{
    struct effect e = begun();
    assert_true(autopilot_learn(&e, &on));
    e.noted = true;
    e.attempts = 1;
    assert_true(autopilot_learn(&e, &off));
    return e;
}

static void test_the_way_there(void **state)
{
    struct effect e = begun();
    (void)state;
    assert_int_equal(autopilot_next(&e, NULL), AUTOPILOT_READ);
    assert_true(autopilot_learn(&e, &on));
    assert_string_equal(e.before, "{\"CleanupDeadServers\":true,\"ModifyIndex\":12}");
    assert_int_equal(autopilot_next(&e, &on), AUTOPILOT_NOTE);
    e.noted = true;
    assert_int_equal(autopilot_next(&e, &on), AUTOPILOT_SET);
    e.attempts++;
    assert_int_equal(autopilot_next(&e, NULL), AUTOPILOT_READ); /* read back */
    assert_false(autopilot_learn(&e, &on));
    assert_int_equal(autopilot_next(&e, &on), AUTOPILOT_SET); /* it was not obeyed */
    assert_true(autopilot_learn(&e, &off));
    assert_true(e.done);
    assert_int_equal(e.ours_index, 13);
    assert_int_equal(autopilot_next(&e, &off), AUTOPILOT_NONE);
}

static void test_off_before(void **state)
{
    struct effect e = begun();
    (void)state;
    assert_true(autopilot_learn(&e, &off));
    assert_true(e.done);
    assert_int_equal(autopilot_next(&e, &off), AUTOPILOT_NONE);
    e.undo = true;
    assert_int_equal(autopilot_next(&e, &off), AUTOPILOT_END);
    e.undone = true;
    assert_true(effect_finished(&e));
}

static void test_others_were_first(void **state)
{
    const struct autopilot_setting theirs = {true, 14, 8}, their_off = {false, 14, 7};
    struct effect e = begun();
    (void)state;
    assert_true(autopilot_learn(&e, &on));
    e.noted = true;
    e.attempts = 1;
    autopilot_unwritten(&e);
    assert_int_equal(autopilot_next(&e, NULL), AUTOPILOT_READ);
    assert_true(autopilot_learn(&e, &theirs)); /* what is found now, and noted anew */
    assert_int_equal(e.setting.index, 14);
    assert_int_equal(autopilot_next(&e, &theirs), AUTOPILOT_NOTE);

    e = begun();
    assert_true(autopilot_learn(&e, &on));
    e.noted = true;
    e.attempts = 1;
    autopilot_unwritten(&e);
    assert_true(autopilot_learn(&e, &their_off)); /* theirs: nothing to do, nothing to undo, */
    assert_true(e.done);
    e.undo = true;
    assert_int_equal(autopilot_next(&e, &their_off), AUTOPILOT_END);
    e.undone = true; /* but the notes to clear */
    assert_int_equal(autopilot_next(&e, NULL), AUTOPILOT_CLEAR);

    e = begun();
    assert_true(autopilot_learn(&e, &on));
    e.attempts = 2; /* one of them without an answer: it may be ours that is found */
    autopilot_unwritten(&e);
    assert_true(autopilot_learn(&e, &their_off));
    assert_int_equal(e.ours_index, 14);
}

static void test_the_way_back(void **state)
{
    const struct {
        struct autopilot_setting now;
        enum autopilot_step step;
        const char *outcome;
    } rows[] = {
        {{false, 13, 7}, AUTOPILOT_RESTORE, ""},
        {{false, 20, 9}, AUTOPILOT_RESTORE, ""}, /* other fields: our off was carried along */
        {{false, 20, 7}, AUTOPILOT_END, "left off: somebody else wrote it since (ModifyIndex 20)"},
        {{true, 20, 7}, AUTOPILOT_END, "somebody else switched it on since, and it is left so"},
        {{true, 20, 9}, AUTOPILOT_END, "somebody else switched it on since, and it is left so"},
    };
    char text[160];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct effect e = in_force();
        e.undo = true;
        assert_int_equal(autopilot_next(&e, NULL), AUTOPILOT_READ);
        assert_int_equal(autopilot_next(&e, &rows[i].now), rows[i].step);
        autopilot_outcome(&e, &rows[i].now, text, sizeof text);
        if (rows[i].step == AUTOPILOT_END)
            assert_string_equal(text, rows[i].outcome);
    }
    struct effect e = in_force();
    const struct autopilot_setting back = {true, 14, 7};
    e.undo = e.restoring = true;
    assert_int_equal(autopilot_next(&e, &back), AUTOPILOT_END);
    autopilot_outcome(&e, &back, text, sizeof text);
    assert_string_equal(text, "was off while servers were changed, and is on again");
}

/* A write without an answer that reads as not obeyed may still come: its index is taken away. */
static void test_a_late_write_is_fenced(void **state)
{
    const struct autopilot_setting moved = {true, 13, 7};
    struct effect e = begun();
    (void)state;
    assert_true(autopilot_learn(&e, &on));
    e.noted = true;
    e.attempts = 1;
    e.undo = true;
    assert_int_equal(autopilot_next(&e, &on), AUTOPILOT_RESTORE);
    e.restoring = true;
    assert_int_equal(autopilot_next(&e, &moved), AUTOPILOT_END);
    e = begun();
    assert_true(autopilot_learn(&e, &on));
    e.undo = true; /* never asked for */
    assert_int_equal(autopilot_next(&e, &on), AUTOPILOT_END);
}

static void test_the_note(void **state)
{
    struct effect e = in_force();
    struct ledger l = {.target = "1.9.7"};
    char text[NOTE_MAX];
    (void)state;
    autopilot_note(&e, &l, text, sizeof text);
    assert_non_null(strstr(text, "region r1"));
    assert_non_null(strstr(text, "before: {\"CleanupDeadServers\":true,\"ModifyIndex\":12}"));
    assert_non_null(
        strstr(text, "nomad operator autopilot set-config -cleanup-dead-servers=true -region r1"));
}

/* ---- as Nomad writes it ---- */

#define CONFIGURATION                                                                              \
    "{\"CleanupDeadServers\":true,\"MaxTrailingLogs\":250,\"Newer\":{\"a\":[1]},"                  \
    "\"CreateIndex\":5,\"ModifyIndex\":12}"

static struct autopilot_setting parsed(const char *text)
{
    struct autopilot_setting s;
    struct err err = ERR_INIT;
    assert_int_equal(autopilot_parse(text, strlen(text), &s, &err), 0);
    return s;
}

static void test_parse(void **state)
{
    struct autopilot_setting s = parsed(CONFIGURATION), t;
    struct err err = ERR_INIT;
    (void)state;
    assert_true(s.cleanup);
    assert_int_equal(s.index, 12);
    t = parsed("{\"ModifyIndex\":99,\"Newer\":{\"a\":[1]},\"MaxTrailingLogs\":250,"
               "\"CleanupDeadServers\":false}");
    assert_int_equal(t.others, s.others); /* the same, in another order */
    t = parsed("{\"ModifyIndex\":99,\"Newer\":{\"a\":[2]},\"MaxTrailingLogs\":250,"
               "\"CleanupDeadServers\":false}");
    assert_int_not_equal(t.others, s.others);
    static const char *const none[] = {"null", "{}", "[]", "{\"CleanupDeadServers\":true}",
                                       "{\"CleanupDeadServers\":\"yes\",\"ModifyIndex\":1}"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(autopilot_parse(none[i], strlen(none[i]), &t, &err), -1);
}

static void test_only_one_value_is_written(void **state)
{
    auto_buf struct buf body = BUF_INIT;
    struct err err = ERR_INIT;
    (void)state;
    assert_int_equal(autopilot_body(CONFIGURATION, sizeof CONFIGURATION - 1, false, &body, &err),
                     0);
    assert_string_equal(
        buf_str(&body),
        "{\"CleanupDeadServers\":false,\"MaxTrailingLogs\":250,\"Newer\":{\"a\":[1]},"
        "\"CreateIndex\":5,\"ModifyIndex\":12}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_way_there),
        cmocka_unit_test(test_off_before),
        cmocka_unit_test(test_others_were_first),
        cmocka_unit_test(test_the_way_back),
        cmocka_unit_test(test_a_late_write_is_fenced),
        cmocka_unit_test(test_the_note),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_only_one_value_is_written),
    };
    return cmocka_run_group_tests_name("autopilot", tests, NULL, NULL);
}
