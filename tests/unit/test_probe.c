/* probe.h: the verdict after a sequence of looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "probe.h"
#include "str.h"

#define LOOKS 6

struct sight {
    enum service_progress act;
    uint32_t pid; /* process of the new file; 0: the old process still runs */
    uint64_t restarts;
};

static enum probe_outcome judge(const struct sight *sights, size_t n, enum failure *ret)
{
    struct probe p;
    struct probe_verdict v = {.outcome = PROBE_WAIT};

    probe_begin(&p, 1000, 60000, 1000);
    for (size_t i = 0; i < n && v.outcome == PROBE_WAIT; i++) {
        const struct probe_look l = {.now_ms = 1000 + (int64_t)i * 600,
                                     .act = sights[i].act,
                                     .known = true,
                                     .state = {.active = TRI_YES,
                                               .main_pid = sights[i].pid,
                                               .main_start = sights[i].pid,
                                               .restarts = sights[i].restarts},
                                     .executes = sights[i].pid != 0,
                                     .answers = sights[i].pid != 0,
                                     .status = 200};
        v = probe_judge(&p, &l);
    }
    *ret = v.failure;
    return v.outcome;
}

/* While the act goes on, a process may start and end because of an earlier act: one of a
 * caravan-swap that was killed. After the act, a new process is not caravan-swap's own doing. */
static void starts_are_told_apart(void **state)
{
    static const struct {
        struct sight sights[LOOKS];
        size_t n;
        enum probe_outcome outcome;
    } rows[] = {
        {{{SERVICE_WORKING, 0, 0},
          {SERVICE_DONE, 2, 0},
          {SERVICE_DONE, 2, 0},
          {SERVICE_DONE, 2, 0}},
         4,
         PROBE_PASS},
        {{{SERVICE_WORKING, 2, 0}, /* of the earlier act */
          {SERVICE_WORKING, 0, 0},
          {SERVICE_DONE, 3, 0},
          {SERVICE_DONE, 3, 0},
          {SERVICE_DONE, 3, 0}},
         5,
         PROBE_PASS},
        {{{SERVICE_WORKING, 2, 0},
          {SERVICE_DONE, 3, 0},
          {SERVICE_DONE, 3, 0},
          {SERVICE_DONE, 3, 0}},
         4,
         PROBE_PASS},
        {{{SERVICE_WORKING, 2, 1}, {SERVICE_DONE, 3, 2}, {SERVICE_DONE, 3, 2}}, 3, PROBE_WAIT},
        {{{SERVICE_DONE, 2, 0}, {SERVICE_DONE, 3, 0}}, 2, PROBE_FAIL},
        {{{SERVICE_WORKING, 2, 0}, {SERVICE_DONE, 2, 0}, {SERVICE_DONE, 3, 0}}, 3, PROBE_FAIL},
        {{{SERVICE_WORKING, 0, 0}, {SERVICE_DONE, 2, 0}, {SERVICE_DONE, 2, 1}}, 3, PROBE_FAIL},
        {{{SERVICE_DONE, 0, 0}, {SERVICE_DONE, 0, 1}}, 2, PROBE_FAIL},
        {{{SERVICE_DONE, 0, 0}, {SERVICE_DONE, 2, 0}, {SERVICE_DONE, 3, 0}}, 3, PROBE_FAIL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum failure why;
        enum probe_outcome got = judge(rows[i].sights, rows[i].n, &why);

        if (got != rows[i].outcome || (got == PROBE_FAIL && why != FAILURE_CRASH_LOOP))
            fail_msg("row %zu: outcome %d, failure %d", i, (int)got, (int)why);
    }
}

/* Only if the API listens elsewhere, the text names the row with the advice to change the address.
 */
static void it_says_where_it_asked(void **state)
{
    static const char was[] = "Nomad runs, but its API did not answer within 2 min: refused";
    struct probe_verdict v = {.unanswered = true};

    (void)state;
    str_cut(v.text, sizeof(v.text), was);
    probe_add_where(&v, "http://127.0.0.1:4646", true,
                    "; Nomad's process listens at 10.0.0.5:4646");
    assert_string_equal(v.text, "[api-silent] Nomad runs, but its API did not answer within 2 min: "
                                "refused (asked at http://127.0.0.1:4646); Nomad's process listens "
                                "at 10.0.0.5:4646");
    assert_true(v.elsewhere);
    str_cut(v.text, sizeof(v.text), was);
    probe_add_where(&v, NULL, false, "");
    assert_string_equal(v.text,
                        "Nomad runs, but its API did not answer within 2 min: refused (asked "
                        "at the API)");
    assert_false(v.elsewhere);
}

static void answers_of_nomad(void **state)
{
    static const char health[] = "{\"client\":{\"message\":\"ok\",\"ok\":true}}";
    static const struct {
        bool server;
        int status;
        const char *body;
        enum probe_answer is;
    } rows[] = {
        {true, 200, "\"10.0.0.1:4647\"", ANSWER_OF_NOMAD},
        {true, 200, "\"\"", ANSWER_OF_NOMAD}, /* no leader */
        {true, 200, "", ANSWER_OF_ANOTHER},
        {true, 200, "ok", ANSWER_OF_ANOTHER},
        {true, 200, health, ANSWER_OF_ANOTHER},
        {false, 200, health, ANSWER_OF_NOMAD},
        {false, 200, " \n{ \"client\": {} }", ANSWER_OF_NOMAD},
        {false, 200, "{\"status\":\"ok\"}", ANSWER_OF_ANOTHER},
        {false, 200, "<html>\"client\"", ANSWER_OF_ANOTHER},
        {false, 301, "", ANSWER_OF_ANOTHER},
        {false, 400, "Client sent an HTTP request to an HTTPS server.\n", ANSWER_OF_NOMAD},
        {false, 401, "", ANSWER_OF_ANOTHER},
        {true, 404, "404 page not found\n", ANSWER_OF_ANOTHER},
        {false, 429, "", ANSWER_OF_NOMAD},
        {false, 500, health, ANSWER_BAD},
        {false, 0, "", ANSWER_BAD},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        auto_buf struct buf body = BUF_INIT;

        (void)buf_add_str(&body, rows[i].body);
        if (probe_answers(rows[i].server, rows[i].status, &body) != rows[i].is)
            fail_msg("row %zu", i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starts_are_told_apart),
        cmocka_unit_test(it_says_where_it_asked),
        cmocka_unit_test(answers_of_nomad),
    };
    return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
