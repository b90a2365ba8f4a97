/* Every fact that rows of the hazard table ask for is a fact that agents report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "built_in.h"
#include "config_findings.h"
#include "hazard_detect.h"
#include "hazard_kinds.h"

static bool is_wanted(const char *key)
{
    for (size_t i = 0; i < CONFIG_WANTED; i++) {
        if (str_eq(config_wanted[i].key, key))
            return true;
    }
    return false;
}

static void agents_look_for_every_key(void **state)
{
    size_t rows = 0;

    (void)state;
    for (size_t i = 0; i < built_in()->n_rows; i++) {
        const struct hazard *row = &built_in()->rows[i];

        if (row->kind->detect != hazard_file_key)
            continue;
        rows++;
        if (!is_wanted(row->key))
            fail_msg("row %s: agents do not look for %s", row->id, row->key);
    }
    assert_true(rows >= 9);
    /* Rows with their own functions: hazard_two_stores, hazard_license_place. */
    assert_true(is_wanted("raft_boltdb") && is_wanted("raft_logstore") &&
                is_wanted("license_path"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(agents_look_for_every_key)};

    return cmocka_run_group_tests_name("hazard_facts", tests, NULL, NULL);
}
