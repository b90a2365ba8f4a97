#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "buf.h"
#include "log.h"
#include "skip_because.h"
#include "str.h"

/* What a call writes to standard error. */
static void captured(const struct log *log, enum log_level level, const char *text, char *dst,
                     size_t n)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    dup2(ends[1], STDERR_FILENO);
    log_say(log, level, EVENT_NONE, "%s", text);
    dup2(saved, STDERR_FILENO);
    ssize_t got = read(ends[0], dst, n - 1);
    dst[got > 0 ? got : 0] = '\0';
    close(saved);
    close(ends[0]);
    close(ends[1]);
}

static void one_line_escaped(void **state)
{
    (void)state;
    const struct log log = {LOG_INFO, "caravan-agent", 0};
    char line[200];
    captured(&log, LOG_WARNING, "a\nerror: forged\x1b[0m", line, sizeof(line));
    assert_string_equal(line, "caravan-agent: warning: a\\x0aerror: forged\\x1b[0m\n");
}

static void detail_is_dropped(void **state)
{
    (void)state;
    const struct log log = {LOG_WARNING, "x", 0};
    char line[200];
    captured(&log, LOG_INFO, "no", line, sizeof(line));
    assert_string_equal(line, "");
    captured(&log, LOG_ERROR, "yes", line, sizeof(line));
    assert_string_equal(line, "x: error: yes\n");
}

static void without_a_journal_it_is_standard_error(void **state)
{
    (void)state;
    const struct log log = {LOG_DEBUG, "x", 1};
    char line[200];
    if (access("/run/systemd/journal/socket", W_OK) == 0)
        skip_because("this machine has a journal");
    captured(&log, LOG_DEBUG, "hello", line, sizeof(line));
    assert_string_equal(line, "x: debug: hello\n");
}

static void every_event_has_its_own_id_and_name(void **state)
{
    (void)state;
    unsigned char id[16];
    assert_string_equal(log_event_id(EVENT_NONE), "");
    for (int i = 1; i < EVENT_COUNT; i++) {
        assert_int_equal(str_unhex(log_event_id((enum log_event)i), id, 16), 0);
        for (int j = 0; j < i; j++) {
            assert_string_not_equal(log_event_id((enum log_event)i),
                                    log_event_id((enum log_event)j));
            assert_string_not_equal(log_event_name((enum log_event)i),
                                    log_event_name((enum log_event)j));
        }
    }
}

/* Alerts are built on these: a changed id is a broken alert. */
static void published_ids_stay(void **state)
{
    (void)state;
    assert_string_equal(log_event_id(EVENT_SWAPPED), "b213a4d783f31d106f63b5ed9c396fbc");
    assert_string_equal(log_event_id(EVENT_FAILED), "6c500828bb5cd6f918527ebb30746382");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_line_escaped),
        cmocka_unit_test(detail_is_dropped),
        cmocka_unit_test(without_a_journal_it_is_standard_error),
        cmocka_unit_test(every_event_has_its_own_id_and_name),
        cmocka_unit_test(published_ids_stay),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
