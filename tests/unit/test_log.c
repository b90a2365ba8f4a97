#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "buf.h"
#include "log.h"
#include "paper_journal.h"
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
    const struct log log = {LOG_INFO, "caravan-agent", NULL};
    char line[200];
    captured(&log, LOG_WARNING, "a\nerror: forged\x1b[0m", line, sizeof(line));
    assert_string_equal(line, "caravan-agent: warning: a\\x0aerror: forged\\x1b[0m\n");
}

static void detail_is_dropped(void **state)
{
    (void)state;
    const struct log log = {LOG_WARNING, "x", NULL};
    char line[200];
    captured(&log, LOG_INFO, "no", line, sizeof(line));
    assert_string_equal(line, "");
    captured(&log, LOG_ERROR, "yes", line, sizeof(line));
    assert_string_equal(line, "x: error: yes\n");
}

static void without_a_journal_it_is_standard_error(void **state)
{
    (void)state;
    const struct log log = {LOG_DEBUG, "x", log_to_journal};
    char line[200];
    if (access("/run/systemd/journal/socket", W_OK) == 0)
        skip_because("this machine has a journal");
    captured(&log, LOG_DEBUG, "hello", line, sizeof(line));
    assert_string_equal(line, "x: debug: hello\n");
}

static void an_entry_has_its_fields(void **state)
{
    (void)state;
    const struct log log = {LOG_INFO, "x", paper_journal};
    const struct log_about about = {.run = "61",
                                    .order = "swap",
                                    .sequence = UINT64_MAX,
                                    .version_from = "1.0.0",
                                    .version_to = "1.1.0",
                                    .phase = "probing",
                                    .failure = "not-ready",
                                    .refusal = "law"};
    static const char *const fields[] = {
        "MESSAGE=text\\x0aof it",
        "PRIORITY=4",
        "SYSLOG_IDENTIFIER=x",
        "MESSAGE_ID=6c500828bb5cd6f918527ebb30746382",
        "CARAVAN_RUN=61",
        "CARAVAN_ORDER=swap",
        "CARAVAN_SEQUENCE=18446744073709551615",
        "CARAVAN_VERSION_FROM=1.0.0",
        "CARAVAN_VERSION_TO=1.1.0",
        "CARAVAN_PHASE=probing",
        "CARAVAN_FAILURE=not-ready",
        "CARAVAN_REFUSAL=law",
    };
    paper_journal_clear();
    log_say_about(&log, LOG_WARNING, EVENT_FAILED, &about, "text\n%s", "of it");
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        paper_journal_says("failed", fields[i]);
}

static void what_is_not_known_is_no_field(void **state)
{
    (void)state;
    const struct log log = {LOG_INFO, "x", paper_journal};
    static const char *const names[] = {
        "CARAVAN_RUN",          "CARAVAN_ORDER",      "CARAVAN_SEQUENCE",
        "CARAVAN_VERSION_FROM", "CARAVAN_PHASE",      "CARAVAN_FAILURE",
        "CARAVAN_REFUSAL",      "CARAVAN_VERSION_TO", "MESSAGE_ID"};
    paper_journal_clear();
    log_say_about(&log, LOG_INFO, EVENT_NONE, &(struct log_about){.run = ""}, "text");
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        paper_journal_lacks("none", names[i]);
    paper_journal_clear();
    log_say(&log, LOG_INFO, EVENT_SETTLED, "text");
    for (size_t i = 0; i + 1 < ARRAY_LEN(names); i++)
        paper_journal_lacks("settled", names[i]);
    paper_journal_says("settled", "MESSAGE=text");
}

static void a_value_is_bounded_and_escaped(void **state)
{
    (void)state;
    const struct log log = {LOG_INFO, "x", paper_journal};
    char wanted[100], big[200];
    memset(big, 'v', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    paper_journal_clear();
    log_say_about(&log, LOG_INFO, EVENT_STAGED,
                  &(struct log_about){.version_to = big, .version_from = "1\nMESSAGE=forged"}, "x");
    snprintf(wanted, sizeof(wanted), "CARAVAN_VERSION_TO=%.*s", LOG_VALUE_MAX, big);
    paper_journal_says("staged", wanted);
    paper_journal_says("staged", "CARAVAN_VERSION_FROM=1\\x0aMESSAGE=forged");
    paper_journal_says("staged", "MESSAGE=x");
}

static void a_journal_that_is_gone(void **state)
{
    (void)state;
    const struct log log = {LOG_INFO, "x", paper_journal_gone};
    char line[200];
    captured(&log, LOG_ERROR, "hello", line, sizeof(line));
    assert_string_equal(line, "x: error: hello\n");
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

/* Operators build alerts on these ids: a changed id is a broken alert. */
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
        cmocka_unit_test(an_entry_has_its_fields),
        cmocka_unit_test(what_is_not_known_is_no_field),
        cmocka_unit_test(a_value_is_bounded_and_escaped),
        cmocka_unit_test(a_journal_that_is_gone),
        cmocka_unit_test(every_event_has_its_own_id_and_name),
        cmocka_unit_test(published_ids_stay),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
