/* seed.h on a model host: the files that a stage keeps for other hosts, and when they are removed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "agent_store.h"
#include "model_vendor.h"
#include "scratch_dir.h"
#include "seed.h"
#include "str.h"
#include "swap_bench.h"

struct bench {
    struct swap_bench b;
    uint64_t sequence;
};

static int set_up(void **state)
{
    struct bench *t = xzalloc(1, sizeof(*t));

    swap_bench_open(&t->b);
    t->b.s.phases.conf.seed_dir = MODEL_SEED;
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *t = *state;

    swap_bench_close(&t->b);
    free(t);
    return 0;
}

static const struct model_file *kept(const struct bench *t, const char *kind)
{
    struct digest digest;
    char path[SEED_PATH_MAX];

    model_digest(kind, &digest);
    seed_path(MODEL_SEED, &digest, path);
    return model_fs_file(&t->b.m.fs, path);
}

static unsigned names_there(const struct bench *t)
{
    unsigned n = 0;

    for (int i = 0; i < MODEL_NAMES; i++)
        n += t->b.m.fs.names[i].inode != 0 &&
             model_fs_in(t->b.m.fs.names[i].path, MODEL_SEED) != NULL;
    return n;
}

static enum refusal say(struct bench *t, struct order *o)
{
    return swap_bench_say(&t->b, o, t->b.desk.operator, NULL);
}

static struct order *bare_order(struct bench *t)
{
    t->b.m.brings = NULL;
    return swap_bench_stage(&t->b, 1, ++t->sequence);
}

static struct order *zip_order(struct bench *t)
{
    struct order *o = swap_bench_stage(&t->b, 1, ++t->sequence);
    struct manifest m;
    struct err err = ERR_INIT;

    if (trust_manifest(&t->b.desk.trust, o->u.stage.manifest, o->u.stage.manifest_len, 1, &m,
                       &err) < 0)
        fail_msg("%s", err.text);
    model_vendor_manifest(&m);
    desk_manifest(&o->u.stage, t->b.desk.operator, & m);
    t->b.m.brings = "zip";
    return o;
}

static enum phase stage(struct bench *t, struct order *o)
{
    assert_int_equal(say(t, o), REFUSAL_NONE);
    return swap_bench_rest(&t->b);
}

static void expect_kept(const struct bench *t, const char *kind)
{
    const struct model_file *f = kept(t, kind);

    if (f == NULL)
        fail_msg("%s is not kept", kind);
    assert_string_equal(model_kind(f), kind);
    assert_int_equal(f->mode, SEED_MODE);
    assert_int_equal(names_there(t), 1);
}

static void a_bare_binary_is_kept(void **state)
{
    struct bench *t = *state;

    assert_int_equal(stage(t, bare_order(t)), PHASE_STAGED);
    expect_kept(t, "new");
    assert_int_equal(model_fs_find(&t->b.m.fs, MODEL_FETCH "/fetched"), 0);
    assert_int_equal(say(t, swap_bench_swap(&t->b, 1, ++t->sequence)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(&t->b), PHASE_SETTLED);
    assert_string_equal(model_kind(model_fs_file(&t->b.m.fs, MODEL_TARGET)), "new");
    expect_kept(t, "new"); /* for hosts that are staged later in the run */
}

/* The zip as fetched is kept, not its content. Without root's demand gpgv is not asked. */
static void a_zip_is_kept_as_it_is(void **state)
{
    struct bench *t = *state;

    assert_int_equal(stage(t, zip_order(t)), PHASE_STAGED);
    expect_kept(t, "zip");
    assert_int_equal(t->b.m.vendor.unzipped, 1);
    assert_int_equal(t->b.m.vendor.verified, 0);
    assert_string_equal(model_kind(model_fs_file(&t->b.m.fs, MODEL_FRESH)), "new");
    assert_int_equal(say(t, swap_bench_swap(&t->b, 1, ++t->sequence)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(&t->b), PHASE_SETTLED);
}

static void a_host_that_is_no_seed_keeps_nothing(void **state)
{
    struct bench *t = *state;

    t->b.s.phases.conf.seed_dir = NULL;
    assert_int_equal(stage(t, bare_order(t)), PHASE_STAGED);
    assert_int_equal(names_there(t), 0);
}

static void the_next_file_takes_its_place(void **state)
{
    struct bench *t = *state;

    model_fs_put(&t->b.m.fs, MODEL_SEED "/.new", "left", 4, 0640);
    assert_int_equal(stage(t, zip_order(t)), PHASE_STAGED);
    expect_kept(t, "zip");
    assert_int_equal(stage(t, zip_order(t)), PHASE_STAGED);
    expect_kept(t, "zip");
    assert_int_equal(stage(t, bare_order(t)), PHASE_STAGED);
    expect_kept(t, "new");
}

/* The room for the next file is checked after the last file was removed. */
static void the_last_file_goes_before_room_is_asked_for(void **state)
{
    struct bench *t = *state;

    assert_int_equal(stage(t, zip_order(t)), PHASE_STAGED);
    t->b.m.room = 1000;
    assert_int_equal(stage(t, bare_order(t)), PHASE_FAILED);
    assert_int_equal(t->b.s.phases.rec.verdict.failure, FAILURE_NO_SPACE);
    assert_int_equal(names_there(t), 0);
}

static void nothing_has_changed(const struct bench *t)
{
    assert_int_equal(names_there(t), 0);
    assert_int_equal(model_fs_find(&t->b.m.fs, MODEL_FRESH), 0);
    assert_string_equal(model_kind(model_fs_file(&t->b.m.fs, MODEL_TARGET)), "old");
    assert_int_equal(t->b.s.phases.rec.settled_s, 0);
}

static void other_bytes_are_never_kept(void **state)
{
    struct bench *t = *state;
    struct order *o = bare_order(t);

    t->b.m.brings = "mute"; /* caravan-fetch reports that the file is the signed one */
    assert_int_equal(stage(t, o), PHASE_FAILED);
    assert_int_equal(t->b.s.phases.rec.verdict.failure, FAILURE_BAD_DIGEST);
    nothing_has_changed(t);
    o = zip_order(t);
    t->b.m.brings = "mute";
    assert_int_equal(stage(t, o), PHASE_FAILED);
    assert_int_equal(t->b.s.phases.rec.verdict.failure, FAILURE_BAD_DIGEST);
    assert_int_equal(t->b.m.vendor.unzipped, 0);
    nothing_has_changed(t);
}

/* The disk fills up after the check for room: while the file is copied. */
static void a_full_disk_is_told_as_that(void **state)
{
    struct bench *t = *state;
    struct phases *p = &t->b.s.phases;
    char path[SEED_PATH_MAX];

    assert_int_equal(say(t, bare_order(t)), REFUSAL_NONE);
    seed_path_new(MODEL_SEED, path);
    for (int i = 0; model_fs_find(&t->b.m.fs, path) == 0; i++) {
        assert_true(i < 100 && phases_works(p));
        swap_bench_step(&t->b);
    }
    t->b.m.no_room_to_write = true;
    for (int i = 0; i < 3; i++)
        phases_step(p);
    assert_int_equal(p->rec.verdict.failure, FAILURE_NO_SPACE);
    nothing_has_changed(t);
    t->b.m.no_room_to_write = false;
    assert_int_equal(swap_bench_rest(&t->b), PHASE_FAILED);
}

static void it_can_be_cancelled_at_any_step(void **state)
{
    (void)state;
    for (int at = 0;; at++) {
        void *own = NULL;
        struct bench *t;
        struct phases *p;

        assert_int_equal(set_up(&own), 0);
        t = own;
        p = &t->b.s.phases;
        assert_int_equal(say(t, at % 2 == 0 ? zip_order(t) : bare_order(t)), REFUSAL_NONE);
        for (int i = 0; i < at && phases_works(p); i++)
            swap_bench_step(&t->b);
        bool works = phases_works(p) && p->rec.phase == PHASE_FETCHING;
        phases_cancel(p);
        if (works && swap_bench_rest(&t->b) == PHASE_FAILED)
            assert_int_equal(p->rec.verdict.failure, FAILURE_CANCELLED);
        assert_int_equal(model_fs_find(&t->b.m.fs, MODEL_SEED "/.new"), 0);
        (void)tear_down(&own);
        if (!works) {
            assert_true(at > 8);
            return;
        }
    }
}

/* ---- how long the file stays ---- */

enum lease_there { LEASE_HELD, LEASE_EXPIRED, LEASE_GIVEN_BACK, LEASE_NEVER, LEASE_TORN };

static void put_lease(struct bench *t, enum lease_there which)
{
    struct swap *s = &t->b.s;
    autofree struct agent_state *state = xzalloc(1, sizeof(*state));
    struct err err = ERR_INIT;
    char path[300];

    scratch_path(t->b.dir, "state", path);
    str_cut(s->agent_state, sizeof(s->agent_state), path);
    (void)unlink(path);
    state->lease = (struct lease){.revision = 1,
                                  .epoch = 1,
                                  .held = which != LEASE_GIVEN_BACK,
                                  .ttl_ms = which == LEASE_EXPIRED ? 1 : 60000,
                                  .renewed_ms = (uint64_t)t->b.m.uptime_ms};
    memset(state->lease.run_id, 7, RUN_ID_LEN);
    memcpy(state->lease.session, s->session, SESSION_LEN);
    if (which != LEASE_NEVER && agent_store_save(path, state, &err) < 0)
        fail_msg("%s", err.text);
    if (which == LEASE_TORN)
        assert_int_equal(truncate(path, 20), 0);
    t->b.m.uptime_ms += 10;
}

static void it_goes_with_the_run(void **state)
{
    static const struct {
        enum lease_there lease;
        bool settled, seed, stays;
    } rows[] = {
        {LEASE_HELD, false, true, true},       {LEASE_HELD, true, true, true},
        {LEASE_EXPIRED, false, true, true},    {LEASE_EXPIRED, true, true, false},
        {LEASE_GIVEN_BACK, false, true, true}, {LEASE_GIVEN_BACK, true, true, false},
        {LEASE_NEVER, true, true, false},      {LEASE_TORN, true, true, true},
        {LEASE_HELD, false, false, false}, /* root has made the host no seed any more */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        void *own = NULL;
        struct bench *t;

        assert_int_equal(set_up(&own), 0);
        t = own;
        assert_int_equal(stage(t, bare_order(t)), PHASE_STAGED);
        if (rows[i].settled) {
            assert_int_equal(say(t, swap_bench_swap(&t->b, 1, ++t->sequence)), REFUSAL_NONE);
            assert_int_equal(swap_bench_rest(&t->b), PHASE_SETTLED);
        }
        put_lease(t, rows[i].lease);
        if (!rows[i].seed)
            t->b.s.phases.conf.seed_dir = NULL;
        swap_tidy(&t->b.s);
        if ((names_there(t) == 1) != rows[i].stays)
            fail_msg("row %zu: %u names are there", i, names_there(t));
        (void)tear_down(&own);
    }
}

static void nothing_goes_in_the_middle_of_a_stage(void **state)
{
    struct bench *t = *state;
    struct phases *p = &t->b.s.phases;

    put_lease(t, LEASE_NEVER);
    assert_int_equal(say(t, bare_order(t)), REFUSAL_NONE);
    for (int i = 0; phases_works(p) && p->rec.phase != PHASE_STAGED; i++) {
        assert_true(i < 1000);
        swap_bench_step(&t->b);
        swap_tidy(&t->b.s);
    }
    expect_kept(t, "new");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_bare_binary_is_kept),
        CASE(a_zip_is_kept_as_it_is),
        CASE(a_host_that_is_no_seed_keeps_nothing),
        CASE(the_next_file_takes_its_place),
        CASE(the_last_file_goes_before_room_is_asked_for),
        CASE(other_bytes_are_never_kept),
        CASE(a_full_disk_is_told_as_that),
        cmocka_unit_test(it_can_be_cancelled_at_any_step),
        cmocka_unit_test(it_goes_with_the_run),
        CASE(nothing_goes_in_the_middle_of_a_stage),
    };
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
