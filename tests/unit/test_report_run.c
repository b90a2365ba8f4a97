/* report_run.h: the end of a run's report about a failed host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "report_run.h"
#include "small_fleet.h"

static char *reported(const struct small_fleet *f)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);

    report_run(&f->plan, &f->ledger, NULL, false, out);
    fclose(out);
    return text;
}

/* The last eight lines, escaped; of three hosts. */
static void test_nomads_last_lines(void **state)
{
    struct small_fleet f;
    (void)state;
    small_fleet_init(&f);
    small_fleet_run(&f, RUN_STOPPED);
    for (size_t i = 0; i < f.ledger.n_hosts; i++) {
        struct ledger_host *h = &f.ledger.hosts[i];
        h->state = HOST_FAILED;
        for (int k = 1; k <= 10; k++)
            buf_printf(&h->log, "line %d of host %zu\033[2J\n", k, i);
    }
    f.ledger.hosts[1].state = HOST_DONE; /* the lines of an old failure are not printed */
    autofree char *text = reported(&f);
    assert_null(strstr(text, "line 2 of host 0"));
    assert_non_null(strstr(text, "    line 3 of host 0"));
    assert_non_null(strstr(text, "    line 10 of host 0"));
    assert_null(strstr(text, "of host 1"));
    assert_non_null(strstr(text, "of host 2"));
    assert_non_null(strstr(text, "of host 3"));
    assert_null(strstr(text, "of host 4"));
    assert_null(strchr(text, '\033'));
    auto_json struct json *o = report_run_json(&f.plan, &f.ledger, NULL);
    const struct json *first = json_item(json_get(o, "hosts"), 0);
    assert_non_null(strstr(json_str(first, "log", ""), "line 1 of host 0"));
    small_fleet_free(&f);
}

/* The count contains only the hosts that the run had to change. */
static void test_a_run_that_only_stages(void **state)
{
    struct small_fleet f;
    (void)state;
    small_fleet_init(&f);
    small_fleet_run(&f, RUN_STAGED);
    f.plan.policy.stage_only = true;
    for (size_t i = 0; i < f.ledger.n_hosts; i++)
        f.ledger.hosts[i].state = i == 0 ? HOST_SKIPPED : HOST_STAGED;
    char counted[60];
    snprintf(counted, sizeof(counted), "%zu of %zu hosts staged, 1 skipped.", f.ledger.n_hosts - 1,
             f.ledger.n_hosts);
    autofree char *text = reported(&f);
    assert_non_null(strstr(text, counted));
    assert_non_null(strstr(text, "Nothing was restarted"));
    assert_null(strstr(text, "caravan resume"));
    small_fleet_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nomads_last_lines),
        cmocka_unit_test(test_a_run_that_only_stages),
    };
    return cmocka_run_group_tests_name("report_run", tests, NULL, NULL);
}
