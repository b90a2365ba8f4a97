#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent_store.h"
#include "event_about.h"
#include "record.h"
#include "scratch_dir.h"
#include "str.h"

#define RUN "61000000000000000000000000000000"

static const struct lease lease = {.epoch = 3, .held = true, .run_id = {'a'}};

static void a_run_is_of_its_epoch(void **state)
{
    struct lease nobody = lease;

    (void)state;
    memset(nobody.run_id, 0, RUN_ID_LEN);
    assert_string_equal(event_run_of(&lease, 3).hex, RUN);
    assert_string_equal(event_run_of(&lease, 2).hex, "");
    assert_string_equal(event_run_of(&lease, 4).hex, "");
    assert_string_equal(event_run_of(&nobody, 3).hex, "");
    nobody = (struct lease){.run_id = {'a'}};
    assert_string_equal(event_run_of(&nobody, 0).hex, "");
}

static void looked_up_once_for_an_epoch(void **state)
{
    autofree struct agent_state *s = xzalloc(1, sizeof(*s));
    struct event_run run = {.epoch = 0};
    struct err err = ERR_INIT;
    char *dir = scratch_open(), path[300];

    (void)state;
    scratch_path(dir, "state", path);
    event_run_look(path, 3, &run);
    assert_string_equal(run.hex, "");
    s->lease = lease;
    assert_int_equal(agent_store_save(path, s, &err), 0);
    event_run_look("", 3, &run);
    assert_string_equal(run.hex, "");
    event_run_look(path, 3, &run);
    assert_string_equal(run.hex, RUN);
    /* Another run holds the lease now; the run of this epoch stays known. */
    scratch_write(dir, "state", "damaged", 0600);
    event_run_look(path, 3, &run);
    assert_string_equal(run.hex, RUN);
    event_run_look(path, 4, &run);
    assert_string_equal(run.hex, "");
    scratch_close(dir);
}

static void each_phase_has_its_version(void **state)
{
    static const bool of_none[PHASE_COUNT] = {[PHASE_IDLE] = true, [PHASE_FAILED] = true};
    static const bool away[PHASE_COUNT] = {[PHASE_REVERTING] = true, [PHASE_REVERTED] = true};
    struct record r = {.order = MSG_SWAP, .order_sequence = 7, .version = "1.1.0"};

    (void)state;
    for (enum phase p = 0; p < PHASE_COUNT; p++) {
        r.phase = p;
        struct log_about a = record_about(&r);
        bool to = !of_none[p] && !away[p];
        assert_string_equal(a.phase, phase_name(p));
        assert_string_equal(a.version_from != NULL ? a.version_from : "", away[p] ? "1.1.0" : "");
        assert_string_equal(a.version_to != NULL ? a.version_to : "", to ? "1.1.0" : "");
        assert_string_equal(a.order, "swap");
        assert_int_equal(a.sequence, 7);
        assert_null(a.failure);
    }
    r.verdict.failure = FAILURE_NO_SPACE;
    assert_string_equal(record_about(&r).failure, failure_name(FAILURE_NO_SPACE));
    record_init(&r);
    assert_null(record_about(&r).order);
}

static void an_order_and_what_became_of_it(void **state)
{
    const struct header head = {.kind = MSG_REVERT, .sequence = 9, .epoch = 3};
    struct log_about a = event_about_order(&head, REFUSAL_NONE);

    (void)state;
    assert_string_equal(a.order, "revert");
    assert_int_equal(a.sequence, 9);
    assert_null(a.refusal);
    a = event_about_order(&head, REFUSAL_LEASE);
    assert_string_equal(a.refusal, refusal_name(REFUSAL_LEASE));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_of_its_epoch),
        cmocka_unit_test(looked_up_once_for_an_epoch),
        cmocka_unit_test(each_phase_has_its_version),
        cmocka_unit_test(an_order_and_what_became_of_it),
    };
    return cmocka_run_group_tests_name("event_about", tests, NULL, NULL);
}
