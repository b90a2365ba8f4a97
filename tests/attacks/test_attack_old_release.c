/* A stolen operator's key sends an old release. The manifest is genuine: the release key signed it,
 * long ago. The host installs nothing. Only the release key can allow a downgrade. A revert to the
 * previous binary still works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "model_host.h"
#include "swap_bench.h"

#define OLD_S (NEW_S - 86400)
#define NEW_S INT64_C(1690000000) /* the model's clock: 1700000000 */

/* The newer version settles on the host, by orders of the honest operator. */
static void settle(struct swap_bench *b)
{
    const struct keypair *honest = b->desk.operator;

    assert_int_equal(
        swap_bench_say(b, swap_bench_stage_of(b, 1, "1.11.4", NEW_S, honest), honest, NULL),
        REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 2), honest, NULL), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
    b->m.uptime_ms += 60000;
}

/* The order is refused, and nothing but the sequence has changed. */
static void installs_nothing(struct swap_bench *b, struct order *o)
{
    autofree struct record *before = xzalloc(1, sizeof(*before));
    unsigned trials = b->m.trials;

    *before = b->s.phases.rec;
    assert_int_equal(swap_bench_say(b, o, b->desk.other_operator, NULL), REFUSAL_MANIFEST);
    assert_false(phases_works(&b->s.phases));
    before->sequence = b->s.phases.rec.sequence;
    memcpy(before->kept, b->s.phases.rec.kept, sizeof(before->kept));
    assert_memory_equal(before, &b->s.phases.rec, sizeof(*before));
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_FRESH), 0);
    assert_string_equal(model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), "new");
    assert_int_equal(b->m.trials, trials);
}

static void an_old_manifest_installs_nothing(void **state)
{
    struct swap_bench *b = *state;

    settle(b);
    installs_nothing(b, swap_bench_stage_of(b, 3, "1.10.2", OLD_S, b->desk.operator));
    /* Two releases that were signed at the same time. */
    installs_nothing(b, swap_bench_stage_of(b, 4, "1.10.2", NEW_S, b->desk.operator));
}

/* The release key can allow one old release. That does not allow a release between the two. */
static void signed_anew_it_is_a_downgrade(void **state)
{
    struct swap_bench *b = *state;
    const struct keypair *honest = b->desk.operator;

    settle(b);
    assert_int_equal(
        swap_bench_say(b, swap_bench_stage_of(b, 3, "1.10.2", NEW_S + 1, honest), honest, NULL),
        REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 4), honest, NULL), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_SETTLED);
    installs_nothing(b, swap_bench_stage_of(b, 5, "1.9.7", NEW_S, honest));
}

/* If such a release settled, it would forbid every manifest signed before that time. */
static void a_manifest_of_the_far_future_installs_nothing(void **state)
{
    struct swap_bench *b = *state;

    settle(b);
    installs_nothing(b,
                     swap_bench_stage_of(b, 3, "1.11.5", 1700000000 + 2 * 86400, b->desk.operator));
    assert_int_equal(
        swap_bench_say(b, swap_bench_stage_of(b, 4, "1.11.5", 1700000000 + 86400, b->desk.operator),
                       b->desk.operator, NULL),
        REFUSAL_NONE);
}

static struct order *revert(const struct swap_bench *b, uint64_t sequence)
{
    struct order *o = swap_bench_order(b, MSG_REVERT, 1, sequence);

    o->u.revert.why = FAILURE_NOT_CAUGHT_UP;
    o->u.revert.hold_ms = 100;
    o->u.revert.to = b->s.phases.rec.previous;
    return o;
}

/* A revert goes back to a binary that ran on this host, and allows no other release. */
static void a_revert_is_not_asked_about_the_floor(void **state)
{
    struct swap_bench *b = *state;

    settle(b);
    assert_int_equal(swap_bench_say(b, revert(b, 3), b->desk.operator, NULL), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
    assert_string_equal(b->s.phases.rec.settled, "1.11.4");
    assert_int_equal(swap_bench_say(b, swap_bench_stage_of(b, 4, "1.10.2", OLD_S, b->desk.operator),
                                    b->desk.other_operator, NULL),
                     REFUSAL_MANIFEST);
}

/* min_version applies whoever signs and whenever, also to a binary that was staged before root set
 * min_version, and to the previous binary. The model's previous binary reports version 1.9.7. */
static void roots_least_version_is_absolute(void **state)
{
    struct swap_bench *b = *state;
    const struct keypair *honest = b->desk.operator;

    settle(b);
    b->s.law.min_version = "1.11.0";
    installs_nothing(b, swap_bench_stage_of(b, 3, "1.10.2", NEW_S + 1, honest));
    assert_int_equal(swap_bench_say(b, revert(b, 4), honest, NULL), REFUSAL_MANIFEST);
    b->m.nomad = TRI_NO;
    assert_int_equal(swap_bench_say(b, revert(b, 5), honest, NULL), REFUSAL_UNKNOWN);
    assert_int_equal(b->s.phases.rec.phase, PHASE_SETTLED);
    b->m.nomad = TRI_UNKNOWN;
    b->s.law.min_version = "1.9.0";
    assert_int_equal(
        swap_bench_say(b, swap_bench_stage_of(b, 6, "1.10.2", NEW_S + 1, honest), honest, NULL),
        REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    b->s.law.min_version = "1.11.0";
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 7), honest, NULL), REFUSAL_MANIFEST);
    assert_int_equal(b->s.phases.rec.phase, PHASE_STAGED);
}

/* An automatic revert is allowed: the host needs a binary that runs, and no order chose it. */
static void the_automatic_revert_is_not_asked(void **state)
{
    struct swap_bench *b = *state;
    const struct keypair *honest = b->desk.operator;

    b->s.law.min_version = "1.11.0";
    assert_int_equal(
        swap_bench_say(b, swap_bench_stage_of(b, 1, "1.11.4", NEW_S, honest), honest, NULL),
        REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
    b->m.ends_after_ms = 1;
    assert_int_equal(swap_bench_say(b, swap_bench_swap(b, 1, 2), honest, NULL), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_REVERTED);
    assert_string_equal(b->s.phases.rec.settled, "");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, swap_bench_set_up, swap_bench_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_old_manifest_installs_nothing),
        CASE(signed_anew_it_is_a_downgrade),
        CASE(a_manifest_of_the_far_future_installs_nothing),
        CASE(a_revert_is_not_asked_about_the_floor),
        CASE(roots_least_version_is_absolute),
        CASE(the_automatic_revert_is_not_asked),
    };
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("attack_old_release", tests, NULL, NULL);
}
