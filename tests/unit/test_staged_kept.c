/* A binary that is staged already is not fetched again: the host hashes and tries it again, and
 * fetches it only if it has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "model_vendor.h"
#include "str.h"
#include "swap_bench.h"

/* The event between the two orders, or the difference of the second order. */
struct between {
    const char *name;
    void (*happens)(struct swap_bench *b);
    unsigned fetches; /* in both orders */
    enum phase ends;
    enum failure failure;
};

static void nothing(struct swap_bench *b)
{
    (void)b;
}

static void the_place_is_gone(struct swap_bench *b)
{
    b->m.fetch_fails = FAILURE_NO_NETWORK;
}

static void one_bit_changed(struct swap_bench *b)
{
    b->m.fs.files[model_fs_find(&b->m.fs, MODEL_FRESH)].data[100] ^= 1;
}

static void it_was_removed(struct swap_bench *b)
{
    model_fs_drop(&b->m.fs, MODEL_FRESH);
}

static void it_grew(struct swap_bench *b)
{
    char more[MODEL_BINARY + 1] = "";

    model_fs_put(&b->m.fs, MODEL_FRESH, more, sizeof(more), 0755);
}

static void it_does_not_run_any_more(struct swap_bench *b)
{
    b->m.try_fails = FAILURE_WRONG_BUILD;
}

static void the_record_is_of_another(struct swap_bench *b)
{
    model_digest("mute", &b->s.phases.rec.target);
}

static void it_was_dropped_by_order(struct swap_bench *b)
{
    b->s.phases.rec.phase = PHASE_IDLE;
}

static const struct between cases[] = {
    {"nothing", nothing, 1, PHASE_STAGED, FAILURE_NONE},
    {"the place is gone", the_place_is_gone, 1, PHASE_STAGED, FAILURE_NONE},
    {"one bit changed", one_bit_changed, 2, PHASE_STAGED, FAILURE_NONE},
    {"it was removed", it_was_removed, 2, PHASE_STAGED, FAILURE_NONE},
    {"it grew", it_grew, 2, PHASE_STAGED, FAILURE_NONE},
    {"it does not run", it_does_not_run_any_more, 1, PHASE_FAILED, FAILURE_WRONG_BUILD},
    {"another's record", the_record_is_of_another, 2, PHASE_STAGED, FAILURE_NONE},
    {"dropped by order", it_was_dropped_by_order, 2, PHASE_STAGED, FAILURE_NONE},
};

static void stage(struct swap_bench *b, uint64_t sequence)
{
    struct order *o = swap_bench_stage(b, 1, sequence);

    assert_int_equal(swap_bench_say(b, o, b->desk.operator, NULL), REFUSAL_NONE);
}

static void judge(const struct swap_bench *b, const struct between *c)
{
    const struct record *r = &b->s.phases.rec;

    if (r->phase != c->ends || (c->ends == PHASE_FAILED && r->verdict.failure != c->failure) ||
        b->m.fetches != c->fetches)
        fail_msg("%s: %s (%s), fetched %u times: %s", c->name, phase_name(r->phase),
                 failure_name(r->verdict.failure), b->m.fetches, r->verdict.text);
    if ((model_fs_find(&b->m.fs, MODEL_FRESH) != 0) != (c->ends == PHASE_STAGED))
        fail_msg("%s: the staged file", c->name);
    assert_string_equal(model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), "old");
}

static void what_is_staged_is_checked_and_not_fetched(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        void *own = NULL;
        struct swap_bench *b;

        (void)swap_bench_set_up(&own);
        b = own;
        stage(b, 1);
        assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
        cases[i].happens(b);
        stage(b, 2);
        (void)swap_bench_rest(b);
        judge(b, &cases[i]);
        (void)swap_bench_tear_down(&own);
    }
}

static void it_can_be_cancelled(void **state)
{
    struct swap_bench *b = *state;

    stage(b, 1);
    (void)swap_bench_rest(b);
    stage(b, 2);
    phases_step(&b->s.phases);
    phases_step(&b->s.phases);
    phases_cancel(&b->s.phases);
    assert_int_equal(swap_bench_rest(b), PHASE_FAILED);
    assert_int_equal(b->s.phases.rec.verdict.failure, FAILURE_CANCELLED);
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_FRESH), 0);
}

static void stage_the_zip(struct swap_bench *b, uint64_t sequence)
{
    struct order *o = swap_bench_stage(b, 1, sequence);
    struct digest digest;

    model_digest("new", &digest);
    model_vendor_stage(&o->u.stage, b->desk.operator, go_arch(), &digest);
    assert_int_equal(swap_bench_say(b, o, b->desk.operator, NULL), REFUSAL_NONE);
    (void)swap_bench_rest(b);
}

/* A binary staged without the vendor's signature does not count if root demands the signature
 * since. With the signature gpgv checks again, and the zip stays in its place. */
static void the_vendor_has_spoken_for_it(void **state)
{
    struct swap_bench *b = *state;

    b->s.phases.conf.vendor_keys = model_vendor_keys;
    stage(b, 1);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    b->s.law.require_vendor_signature = true;
    model_vendor_open(&b->m);
    stage_the_zip(b, 2);
    assert_int_equal(b->m.fetches, 2);
    assert_int_equal(b->s.phases.rec.vendor_signed, 1);
    stage_the_zip(b, 3);
    assert_int_equal(b->m.fetches, 2);
    assert_int_equal(b->s.phases.rec.phase, PHASE_STAGED);
    assert_int_equal(b->s.phases.rec.vendor_signed, 1);
    model_fs_drop(&b->m.fs, MODEL_KEYS);
    stage_the_zip(b, 4);
    assert_int_equal(b->s.phases.rec.verdict.failure, FAILURE_REFUSED_BY_LAW);
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_FRESH), 0);
}

#define KEPT(f) cmocka_unit_test_setup_teardown(f, swap_bench_set_up, swap_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_staged_is_checked_and_not_fetched),
        KEPT(it_can_be_cancelled),
        KEPT(the_vendor_has_spoken_for_it),
    };

    return cmocka_run_group_tests_name("staged_kept", tests, NULL, NULL);
}
