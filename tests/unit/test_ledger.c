#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "effects.h"
#include "small_fleet.h"

static struct small_fleet *fleet(void)
{
    struct small_fleet *f = xzalloc(1, sizeof(*f));
    small_fleet_init(f);
    small_fleet_run(f, RUN_CLIENTS);
    return f;
}

static void done(struct small_fleet *f)
{
    small_fleet_free(f);
    free(f);
}

/* Every state has a name, and no state is both in flight and finished. */
static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < HOST_STATE_COUNT; i++) {
        assert_string_not_equal(host_state_name((enum host_state)i), "unknown");
        assert_false(host_in_flight((enum host_state)i) && host_finished((enum host_state)i));
    }
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        assert_string_not_equal(run_state_name((enum run_state)i), "unknown");
    for (int i = 0; i < SKIP_COUNT; i++)
        assert_string_not_equal(skip_name((enum skip_why)i), "unknown");
    for (int i = 0; i < REASON_COUNT; i++)
        assert_string_not_equal(reason_name((enum reason)i), "unknown");
    assert_string_equal(host_state_name((enum host_state)99), "unknown");
}

static void test_init(void **state)
{
    struct small_fleet *f = fleet();
    static const unsigned char run_id[16] = {9};
    struct ledger l;
    (void)state;
    f->plan.hosts[3].already = true;
    f->plan.hosts[4].managed = false;
    ledger_init(&l, &f->plan, run_id);
    assert_int_equal(l.state, RUN_CLAIMING);
    assert_int_equal(l.hosts[0].state, HOST_PENDING);
    assert_int_equal(l.hosts[3].state, HOST_DONE);
    assert_int_equal(l.hosts[4].state, HOST_SKIPPED);
    assert_int_equal(l.hosts[4].skip, SKIP_UNMANAGED);
    assert_int_equal(l.skipped, 1);
    assert_true(digest_eq(&l.plan_digest, &f->plan.digest));
    assert_true(l.plan.len > 100 && l.dirty && l.hosts[0].dirty);
    ledger_free(&l);
    done(f);
}

static void test_resume(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger *l = &f->ledger;
    (void)state;
    l->state = RUN_STOPPED;
    l->ending = RUN_STOPPED;
    str_cut(l->cause, sizeof(l->cause), "why");
    l->hosts[0].state = HOST_FAILED;
    l->hosts[1].state = HOST_SWAPPING;
    l->hosts[2].state = HOST_DONE;
    l->hosts[3].state = HOST_SKIPPED;
    l->hosts[3].skip = SKIP_DOWN;
    l->hosts[4].state = HOST_SKIPPED;
    l->hosts[4].skip = SKIP_UNMANAGED;
    ledger_resume(l);
    assert_int_equal(l->state, RUN_CLAIMING);
    assert_int_equal(l->ending, RUN_NONE);
    assert_string_equal(l->cause, "");
    assert_int_equal(l->hosts[0].state, HOST_PENDING);
    assert_int_equal(l->hosts[1].state, HOST_SWAPPING); /* a host in flight stays in flight */
    assert_int_equal(l->hosts[2].state, HOST_DONE);
    assert_int_equal(l->hosts[3].state, HOST_PENDING);
    assert_int_equal(l->hosts[4].state, HOST_SKIPPED);
    l->hosts[0].state = l->hosts[3].state = HOST_STAGING;
    l->hosts[0].text[0] = '\0';
    str_cut(l->hosts[3].text, TEXT_MAX, "[law-refuses] root's hold file is there");
    ledger_resume(l);
    assert_int_equal(l->hosts[0].state, HOST_STAGING);
    assert_int_equal(l->hosts[3].state, HOST_PENDING); /* the host is asked once more */
    ledger_abort(l);
    assert_int_equal(l->state, RUN_ABORTING);
    ledger_resume(l); /* an abort stays one */
    assert_int_equal(l->state, RUN_ABORTING);
    done(f);
}

static void test_rebase(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger_host *h = &f->ledger.hosts[0];
    (void)state;
    h->ordered_ms = 900000;
    h->call.retry_ms = 999999;
    ledger_rebase(&f->ledger, 50);
    assert_int_equal(h->ordered_ms, 50);
    assert_int_equal(h->call.retry_ms, 0);
    assert_int_equal(h->receipt_ms, 0); /* a time that was not set stays unset */
    done(f);
}

static void test_effect_rows(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger *l = &f->ledger;
    (void)state;
    for (uint32_t i = 1; i <= EFFECTS_MAX; i++)
        assert_int_equal(ledger_effect_add(l, EFFECT_DRAIN, "x")->id, i);
    assert_null(ledger_effect_add(l, EFFECT_DRAIN, "x"));
    l->effects[7].undone = l->effects[7].note_cleared = true;
    assert_null(
        ledger_effect_add(l, EFFECT_DRAIN, "x")); /* the end of the effect is not committed yet */
    l->effects[7].dirty = false;
    struct effect *e = ledger_effect_add(l, EFFECT_DRAIN, "y");
    assert_ptr_equal(e, &l->effects[7]);
    assert_int_equal(e->id, EFFECTS_MAX + 1);
    assert_ptr_equal(ledger_effect(l, EFFECT_DRAIN, "y"), e);
    assert_null(ledger_effect(l, EFFECT_TRANSFER, "y"));
    done(f);
}

/* ---- effects ---- */

static void test_effect_life(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger *l = &f->ledger;
    struct host *h = &f->hosts[3];
    struct effect *e = ledger_effect_add(l, EFFECT_DRAIN, "c1-id");
    int64_t now = f->w.begun_ms;
    char run[33], note[NOTE_MAX];
    (void)state;
    str_hex(run, l->run_id, RUN_ID_LEN);
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NOTE);
    e->noted = true;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_DO);
    e->attempts = 1;
    e->done = true;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NONE);
    e->undo = true;
    h->client.draining = true;
    h->client.eligible = false;
    h->client.drain_meta_run = run;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDO);
    /* an answer from before the last step proves nothing */
    assert_int_equal(effect_next(e, l, h, false, now, now), STEP_NONE);
    h->client.draining = false; /* the drain is complete, and the node stays ineligible */
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDO);
    h->client.eligible = true;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDONE);
    e->undone = true;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_CLEAR);
    e->note_cleared = true;
    assert_true(effect_finished(e));
    effect_note(e, l, note, sizeof(note));
    assert_non_null(strstr(note, run));
    done(f);
}

/* Caravan does not undo what others did since. */
static void test_effect_of_others(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger *l = &f->ledger;
    struct host *h = &f->hosts[3];
    struct effect *e = ledger_effect_add(l, EFFECT_DRAIN, "c1-id");
    int64_t now = f->w.begun_ms;
    (void)state;
    e->noted = e->done = e->undo = true;
    e->attempts = 1;
    h->client.draining = true;
    h->client.eligible = false;
    h->client.drain_meta_run = "another";
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDONE);
    h->client.detail_at = 0; /* it could not be read who drained the node */
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NONE);
    h->client.version = "1.0.18"; /* this version keeps no Meta, so the drain counts as Caravan's */
    h->client.detail_at = now;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_UNDO);
    assert_int_equal(effect_next(e, l, NULL, false, 0, now), STEP_NONE);
    assert_int_equal(effect_next(e, l, NULL, true, 0, now), STEP_UNDONE);
    done(f);
}

/* Much time may pass between intent and note, so others may have drained the node. */
static void test_effect_begins_on_what_is(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger *l = &f->ledger;
    struct host *h = &f->hosts[3];
    struct effect *e = ledger_effect_add(l, EFFECT_DRAIN, "c1-id");
    int64_t now = f->w.begun_ms;
    char run[33];
    (void)state;
    e->noted = true;
    str_hex(run, l->run_id, RUN_ID_LEN);
    assert_int_equal(effect_next(e, l, NULL, false, 0, now), STEP_NONE);
    assert_int_equal(effect_next(e, l, h, false, 0, now + 60000),
                     STEP_NONE); /* an old observation */
    h->client.eligible = false;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NONE);
    assert_int_equal(drain_by_others(e, l, h, now), TRI_YES);
    h->client.draining = true;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NONE);
    e->attempts = 1; /* asked for without an answer: is the drain Caravan's? */
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NONE);
    h->client.detail_at = 0;
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NONE);
    h->client.detail_at = now;
    h->client.drain_meta_run = run;
    assert_int_equal(drain_by_others(e, l, h, now), TRI_NO);
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_DO);
    h->client.marked = true; /* after it */
    assert_int_equal(drain_by_others(e, l, h, now), TRI_YES);
    assert_int_equal(effect_next(e, l, h, false, 0, now), STEP_NONE);
    done(f);
}

/* A step that was asked for without an answer is possibly done; a step that was never asked for
 * is not. */
static void test_effect_unanswered(void **state)
{
    struct small_fleet *f = fleet();
    struct ledger *l = &f->ledger;
    struct host *h = &f->hosts[3];
    struct effect *e = ledger_effect_add(l, EFFECT_DRAIN, "c1-id");
    char run[33];
    (void)state;
    e->noted = e->undo = true;
    h->client.eligible = false;
    assert_int_equal(effect_next(e, l, h, false, 0, f->w.begun_ms), STEP_UNDONE);
    e->attempts = 1; /* Caravan's drain never began, and others made the node ineligible */
    assert_int_equal(effect_next(e, l, h, false, 0, f->w.begun_ms), STEP_UNDONE);
    str_hex(run, l->run_id, RUN_ID_LEN);
    h->client.drain_meta_run = run; /* Caravan's drain did begin */
    assert_int_equal(effect_next(e, l, h, false, 0, f->w.begun_ms), STEP_UNDO);
    done(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_init),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_rebase),
        cmocka_unit_test(test_effect_rows),
        cmocka_unit_test(test_effect_life),
        cmocka_unit_test(test_effect_of_others),
        cmocka_unit_test(test_effect_begins_on_what_is),
        cmocka_unit_test(test_effect_unanswered),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
