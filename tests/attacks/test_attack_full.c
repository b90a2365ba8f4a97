/*
 * An attacker with an unprivileged user against a swap that has begun: right after the rename, the
 * attacker fills the file system of caravan-swap's record, and keeps it full. The swap runs on the
 * model host; the record is also tested on a small real file system.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include "file.h"
#include "host_linux.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "spare.h"
#include "str.h"
#include "swap_bench.h"

#define STEPS_MAX 200 /* each try to save is a change more for the model to keep */

static int set_up(void **state)
{
    struct swap_bench *b = xzalloc(1, sizeof(*b));

    swap_bench_open(b);
    b->m.fills_at_rename = true;
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct swap_bench *b = *state;

    swap_bench_close(b);
    free(b);
    return 0;
}

static enum refusal say(struct swap_bench *b, struct order *o)
{
    return swap_bench_say(b, o, b->desk.operator, NULL);
}

/* False: the work does not come to rest, however long the test waits. */
static bool comes_to_rest(struct swap_bench *b, enum phase until)
{
    struct phases *p = &b->s.phases;

    for (int i = 0; phases_works(p) && p->rec.phase != until; i++) {
        if (i == STEPS_MAX)
            return false;
        b->m.uptime_ms = MAX_OF(b->m.uptime_ms + 1, p->now.wake_ms);
        phases_step(p);
    }
    return true;
}

static void ends(struct swap_bench *b, enum phase phase, const char *target)
{
    const struct record *r = &b->s.phases.rec;

    if (!comes_to_rest(b, PHASE_COUNT))
        fail_msg("it stays in %s for ever", phase_name(r->phase));
    if (r->phase != phase || !str_eq(model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), target))
        fail_msg("%s (%s) with %s: %s", phase_name(r->phase), failure_name(r->verdict.failure),
                 model_kind(model_fs_file(&b->m.fs, MODEL_TARGET)), r->verdict.text);
    assert_int_equal(model_fs_find(&b->m.fs, MODEL_DIR "/" UNFINISHED_NAME), 0);
}

static void stage(struct swap_bench *b)
{
    assert_int_equal(say(b, swap_bench_stage(b, 1, 1)), REFUSAL_NONE);
    assert_int_equal(swap_bench_rest(b), PHASE_STAGED);
}

static void begin(struct swap_bench *b)
{
    stage(b);
    assert_int_equal(say(b, swap_bench_swap(b, 1, 2)), REFUSAL_NONE);
}

static void a_good_binary_settles_on_a_full_disk(void **state)
{
    struct swap_bench *b = *state;

    begin(b);
    ends(b, PHASE_SETTLED, "new");
    assert_true(b->m.no_room_to_write);
}

/* Nomad stops answering during the probe. */
static void a_bad_binary_is_put_back_on_a_full_disk(void **state)
{
    struct swap_bench *b = *state;

    b->m.ends_after_ms = 60;
    begin(b);
    ends(b, PHASE_REVERTED, "old");
    assert_true(b->m.no_room_to_write);
}

static void a_revert_order_is_ended_on_a_full_disk(void **state)
{
    struct swap_bench *b = *state;
    struct order *o;

    begin(b);
    ends(b, PHASE_SETTLED, "new");
    b->m.no_room_to_write = false;
    o = swap_bench_order(b, MSG_REVERT, 1, 3);
    o->u.revert = (struct order_revert){
        .to = b->s.phases.rec.previous, .why = FAILURE_NOT_CAUGHT_UP, .hold_ms = 100};
    assert_int_equal(say(b, o), REFUSAL_NONE);
    ends(b, PHASE_REVERTED, "old");
    assert_true(b->m.no_room_to_write);
}

/* An attacker with the listener can deliver many orders. On a full disk caravan-swap refuses them,
 * and they do not use up the spare files that the revert needs. */
static void orders_spend_no_spare(void **state)
{
    struct swap_bench *b = *state;

    b->m.ends_after_ms = 60;
    begin(b);
    assert_true(comes_to_rest(b, PHASE_PROBING));
    for (uint64_t i = 3; i < 3 + 2 * SPARES; i++)
        assert_int_equal(say(b, swap_bench_swap(b, 1, i)), REFUSAL_IO);
    ends(b, PHASE_REVERTED, "old");
}

/* caravan-swap is restarted on the full disk and finds the spare files that are left. */
static void a_restart_on_a_full_disk_goes_on(void **state)
{
    struct swap_bench *b = *state;
    struct err err = ERR_INIT;

    b->m.ends_after_ms = 60;
    begin(b);
    assert_true(comes_to_rest(b, PHASE_REVERTING));
    struct phases_config conf = b->s.phases.conf;
    phases_close(&b->s.phases);
    model_revive(&b->m);
    assert_int_equal(phases_open(&b->s.host, &conf, &b->s.phases, &err), 0);
    ends(b, PHASE_REVERTED, "old");
}

/* The file system is full before the swap: the swap is refused, changes nothing and leaves no spare
 * files. */
static void without_room_for_spares_nothing_begins(void **state)
{
    struct swap_bench *b = *state;

    stage(b);
    b->m.no_room_to_write = true;
    assert_int_equal(say(b, swap_bench_swap(b, 1, 2)), REFUSAL_IO);
    assert_non_null(strstr(b->done.text, "room"));
    ends(b, PHASE_STAGED, "old");
    for (unsigned i = 0; i < SPARES; i++) {
        char path[512];

        spare_path(MODEL_DIR, i, path);
        assert_int_equal(model_fs_find(&b->m.fs, path), 0);
    }
}

static void on_changed(void *ctx)
{
    unsigned *told = ctx;

    ++*told;
}

static void on_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    (void)ctx;
    (void)level;
    (void)event;
    (void)text;
}

/* Spare files do not help on a file system where overwriting a file needs free space, too. Then
 * caravan-swap tries until there is free space, and reports nothing that is not on disk. */
static void without_spares_it_waits(void **state)
{
    struct swap_bench *b = *state;
    unsigned told = 0;

    b->s.phases.conf.changed = on_changed;
    b->s.phases.conf.note = on_note;
    b->s.phases.conf.ctx = &told;
    begin(b);
    assert_true(comes_to_rest(b, PHASE_PROBING));
    for (unsigned i = 0; i < SPARES; i++) {
        char path[512];

        spare_path(MODEL_DIR, i, path);
        model_fs_drop(&b->m.fs, path);
    }
    told = 0;
    assert_false(comes_to_rest(b, PHASE_COUNT));
    assert_int_equal(b->s.phases.rec.phase, PHASE_PROBING);
    assert_int_equal(told, 0);
    b->m.no_room_to_write = false;
    ends(b, PHASE_SETTLED, "new");
}

/* ---- the record on a real file system ---- */

static void fill(const char *dir)
{
    char path[300], piece[4096];
    int fd;

    memset(piece, 'x', sizeof(piece));
    snprintf(path, sizeof(path), "%.250s/listener", dir);
    fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, piece, sizeof(piece)) > 0)
        ;
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

static void saves_spare_by_spare(const struct host *h, const char *dir)
{
    autofree struct record *r = xzalloc(1, sizeof(*r));
    autofree struct record *is = xzalloc(1, sizeof(*is));
    struct err err = ERR_INIT;

    record_init(r);
    assert_int_equal(spare_make_all(h, dir, &err), 0);
    fill(dir);
    for (r->sequence = 1; r->sequence <= SPARES; r->sequence++) {
        memset(r->verdict.text, 'v', 30 * r->sequence);
        assert_int_equal(record_save(h, dir, r, true, &err), -1);
        assert_int_equal(err.kind, ERR_NOSPACE);
        if (record_save_spare(h, dir, r, true, &err) < 0)
            fail_msg("spare %u: %s", (unsigned)r->sequence, err.text);
        fill(dir); /* also the space that the last record has freed */
        assert_int_equal(record_load(h, dir, is, &err), 0);
        assert_memory_equal(is, r, sizeof(*r));
    }
    assert_int_equal(record_save_spare(h, dir, r, true, &err), -1);
    assert_int_equal(err.kind, ERR_NOSPACE);
}

static void a_real_full_disk(void **state)
{
    struct host_linux l = {.package_fd = -1};
    const struct host h = host_linux(&l);
    char *dir;

    (void)state;
    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        skip_because("a small file system of its own needs root and mount");
    dir = scratch_open();
    if (mount("caravan-test", dir, "tmpfs", 0, "size=1m") == 0) {
        saves_spare_by_spare(&h, dir);
        assert_int_equal(umount(dir), 0);
        scratch_close(dir);
    } else {
        scratch_close(dir);
        skip_because("a small file system of its own needs root and mount");
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_good_binary_settles_on_a_full_disk),
        T(a_bad_binary_is_put_back_on_a_full_disk),
        T(a_revert_order_is_ended_on_a_full_disk),
        T(orders_spend_no_spare),
        T(a_restart_on_a_full_disk_goes_on),
        T(without_room_for_spares_nothing_begins),
        T(without_spares_it_waits),
        cmocka_unit_test(a_real_full_disk),
    };

    return cmocka_run_group_tests_name("attack_full", tests, NULL, NULL);
}
