/* Requests of strangers appear in the logs of servers. Their text must not stop a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "log_frames.h"
#include "str.h"

/* Lines of Nomad's log, with a place for text that a stranger chose. */
static const char *const lines[] = {
    "2026-11-29T13:25:49.001Z [ERROR] http: request failed: method=GET path=/v1/jobs?region=%s "
    "error=\"No path to region\" code=500",
    "2026-11-29T13:25:49.001Z [ERROR] http: request failed: method=GET path=\"/v1/jobs?region=%s\" "
    "code=500",
    "2026-11-29T13:25:49.001Z [WARN]  nomad: no path found to region: region=%s",
    "2026-11-29T13:25:49.001Z [WARN]  nomad.rpc: failed: error=\"%s: x\"",
    "2026-11-29T13:25:49.001Z [WARN]  nomad.fsm: UpsertNode failed: error=\"%s\"",
    "[ERROR] nomad.raft: failed to appendEntries to: peer=\"{Voter 5 %s}\"",
    "  | %s",
    "%s", /* not a line of a logger: the output of a panic, or a message with a line break in it */
    "x[WARN]  nomad.fsm: %s",
    "[WARN]  nomad.fsm.other: %s",
    "[WARN]  nomad.fsm %s",
    "nomad.fsm: %s",
};

static const char *const before[] = {"", "panic:", "panic: ", "a: ", "nomad.fsm: ", "nomad.raft: "};
static const char *const words[] = {"panic:", "failed to apply request",
                                    "Unrecognized snapshot type",
                                    "keyring has not been initialized"};

static void each(const char *value)
{
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        const char *at = strstr(lines[i], "%s");
        char line[LOG_LINE_MAX];
        snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - lines[i]), lines[i], value, at + 2);
        if (log_sign_of(line) != NULL)
            fail_msg("a value stops the run: %s", line);
    }
}

static void test_values(void **state)
{
    char value[300];
    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(before); k++) {
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
            snprintf(value, sizeof(value), "%s%s", before[k], words[i]);
            each(value);
        }
        for (size_t i = 0; i < log_signs_len; i++) {
            snprintf(value, sizeof(value), "%s%s: x=1", before[k], log_signs[i].message);
            if (!str_eq(log_signs[i].logger, "nomad.fsm") || before[k][0] != '\0')
                each(value);
        }
    }
}

/* The real lines are still recognised. */
static void test_known(void **state)
{
    char line[300];
    (void)state;
    for (size_t i = 0; i < log_signs_len; i++) {
        snprintf(line, sizeof(line), "2026-11-29T13:25:49.001Z [ERROR] %s: %s: x=\"panic:\"",
                 log_signs[i].logger, log_signs[i].message);
        assert_ptr_equal(log_sign_of(line), &log_signs[i]);
        assert_true(log_signs[i].since[0] != '\0' && log_signs[i].advice[0] != '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_known),
    };
    return cmocka_run_group_tests_name("log_values", tests, NULL, NULL);
}
