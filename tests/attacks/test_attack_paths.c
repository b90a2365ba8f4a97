/*
 * The owner of the directory of Nomad's binary against caravan-swap: the real ports and phases on a
 * real file system. The attacker exchanges files at the worst moments, to use the rights of root:
 * to get a file with setuid, or a file that root creates in another directory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "file.h"
#include "preserve.h"
#include "real_bench.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "str.h"

#define THIEF 65534

static const char new_text[] = "#!/bin/sh\necho Nomad v1.1.0\n";

struct bench {
    struct real_bench r;
    char fresh[320], old[320], suid[320];
    void (*attack)(struct bench *b); /* called once, before the last byte of the copy is written */
};

static struct bench *bench; /* ports have the real context */

static int write_attacked(void *ctx, int h, const void *p, size_t n, struct err *err)
{
    if (bench->attack != NULL && n == sizeof(new_text) - 1) {
        bench->attack(bench);
        bench->attack = NULL;
    }
    return bench->r.real.write(ctx, h, p, n, err);
}

static void open_phases(struct bench *b)
{
    real_start(&b->r);
    b->r.p.packaged = TRI_NO;
}

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    bench = b;
    real_make(&b->r, new_text);
    scratch_write(b->r.dir, "program", "\177ELF, a program of root's with setuid", 0755);
    snprintf(b->fresh, sizeof(b->fresh), "%s/.nomad.caravan-new", b->r.bin);
    snprintf(b->old, sizeof(b->old), "%s/.nomad.caravan-old", b->r.bin);
    snprintf(b->suid, sizeof(b->suid), "%s/program", b->r.dir);
    assert_int_equal(chmod(b->suid, 06755), 0);
    b->r.host.write = write_attacked;
    open_phases(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    real_done(&b->r);
    free(b);
    return 0;
}

/* ---- orders ---- */

static void begin(struct bench *b, enum phase phase)
{
    real_begin(&b->r, phase, "1.1.0");
}

static void stage(struct bench *b)
{
    begin(b, PHASE_FETCHING);
}

static void expect(const struct bench *b, enum phase phase)
{
    if (b->r.p.rec.phase != phase)
        fail_msg("%s instead of %s: %s", phase_name(b->r.p.rec.phase), phase_name(phase),
                 b->r.p.rec.verdict.text);
}

/* No file below the bench has rights that nobody meant to give. */
static void no_gift(const struct bench *b)
{
    const char *const names[] = {b->fresh, b->old, b->r.target};
    struct stat st, program;

    assert_int_equal(stat(b->suid, &program), 0);
    assert_int_equal(program.st_mode & 07777, 06755);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (lstat(names[i], &st) == 0 && S_ISREG(st.st_mode) && st.st_ino != program.st_ino &&
            (st.st_mode & 07000) != 0)
            fail_msg("%s has mode %o", names[i], (unsigned)st.st_mode & 07777);
}

static bool is_root(void)
{
    return geteuid() == 0;
}

/* ---- the attacks of the owner of the directory ---- */

static void link_to_program(struct bench *b)
{
    assert_int_equal(unlink(b->r.target), 0);
    assert_int_equal(symlink(b->suid, b->r.target), 0);
}

static void hard_link_of_program(struct bench *b)
{
    assert_int_equal(unlink(b->r.target), 0);
    assert_int_equal(link(b->suid, b->r.target), 0);
}

static void fifo_in_place(struct bench *b)
{
    assert_int_equal(unlink(b->r.target), 0);
    assert_int_equal(mkfifo(b->r.target, 0755), 0);
}

static void fresh_is_link(struct bench *b)
{
    assert_int_equal(unlink(b->fresh), 0);
    assert_int_equal(symlink(b->suid, b->fresh), 0);
}

static void fresh_is_hard_link(struct bench *b)
{
    assert_int_equal(unlink(b->fresh), 0);
    assert_int_equal(link(b->suid, b->fresh), 0);
}

static void fresh_is_fifo(struct bench *b)
{
    assert_int_equal(unlink(b->fresh), 0);
    assert_int_equal(mkfifo(b->fresh, 0755), 0);
}

/* Puts a directory of the attacker in the place of the right one, with the same files in it. */
static void other_dir(struct bench *b, bool link)
{
    char aside[300], his[300];

    scratch_path(b->r.dir, "aside", aside);
    scratch_path(b->r.dir, "his", his);
    assert_int_equal(rename(b->r.bin, aside), 0);
    real_make_dir(link ? his : b->r.bin, 0755);
    if (link)
        assert_int_equal(symlink(his, b->r.bin), 0);
    scratch_write(b->r.dir, "bin/nomad", "his own", 0755);
    scratch_write(b->r.dir, "bin/.nomad.caravan-new", new_text, 0755);
}

static void his_dir(struct bench *b)
{
    other_dir(b, false);
}

static void link_to_his_dir(struct bench *b)
{
    other_dir(b, true);
}

/* ---- while staging ---- */

static void setuid_is_never_taken_over(void **state)
{
    static void (*const attacks[])(struct bench *) = {link_to_program, hard_link_of_program};
    struct bench *b = *state;
    struct stat st;

    for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
        b->attack = attacks[i];
        stage(b);
        expect(b, PHASE_STAGED);
        no_gift(b);
        assert_int_equal(stat(b->fresh, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0755);
    }
}

static void a_directory_of_others_is_refused(void **state)
{
    struct bench *b = *state;

    if (!is_root())
        skip_because("only root can give a directory away");
    assert_int_equal(chown(b->r.bin, THIEF, THIEF), 0);
    b->attack = link_to_program;
    stage(b);
    no_gift(b);
    expect(b, PHASE_FAILED);
    assert_non_null(strstr(b->r.p.rec.verdict.text, "other users may write into"));
    assert_int_equal(access(b->fresh, F_OK), -1);
}

static void a_directory_for_all_is_refused(void **state)
{
    struct bench *b = *state;

    assert_int_equal(chmod(b->r.bin, 0757), 0);
    stage(b);
    expect(b, PHASE_FAILED);
    assert_int_equal(access(b->fresh, F_OK), -1);
}

static void a_fifo_stops_nobody(void **state)
{
    struct bench *b = *state;

    b->attack = fifo_in_place;
    stage(b);
    assert_true(phase_rests(b->r.p.rec.phase));
}

static void a_directory_exchanged_while_staging(void **state)
{
    struct bench *b = *state;
    struct stat st;

    b->attack = link_to_his_dir;
    stage(b);
    begin(b, PHASE_SWAPPING);
    assert_int_not_equal(b->r.p.rec.phase, PHASE_SETTLED);
    assert_int_equal(lstat(b->r.bin, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(access(b->old, F_OK), -1);
}

/* ---- between stage and swap ---- */

static void nothing_is_swapped(void **state, void (*attack)(struct bench *b))
{
    struct bench *b = *state;

    stage(b);
    expect(b, PHASE_STAGED);
    attack(b);
    begin(b, PHASE_SWAPPING);
    if (b->r.p.rec.phase == PHASE_SETTLED)
        fail_msg("it swapped");
    no_gift(b);
}

static void the_staged_file_a_link(void **state)
{
    nothing_is_swapped(state, fresh_is_link);
}

static void the_staged_file_a_hard_link(void **state)
{
    nothing_is_swapped(state, fresh_is_hard_link);
}

static void the_staged_file_a_fifo(void **state)
{
    nothing_is_swapped(state, fresh_is_fifo);
}

static void the_binary_a_fifo(void **state)
{
    nothing_is_swapped(state, fifo_in_place);
}

/* The file has the right bytes, but the attacker can still change them. */
static void fresh_is_his(struct bench *b)
{
    assert_int_equal(unlink(b->fresh), 0);
    scratch_write(b->r.dir, "bin/.nomad.caravan-new", new_text, 0755);
    assert_int_equal(chown(b->fresh, THIEF, THIEF), 0);
}

static void fresh_has_a_second_name(struct bench *b)
{
    char other[300];

    scratch_path(b->r.dir, "second", other);
    assert_int_equal(link(b->fresh, other), 0);
}

static void fresh_is_longer(struct bench *b)
{
    assert_int_equal(truncate(b->fresh, 1 << 30), 0);
}

static void the_staged_file_his(void **state)
{
    if (!is_root())
        skip_because("it takes root to give a file away");
    nothing_is_swapped(state, fresh_is_his);
}

static void the_staged_file_with_a_second_name(void **state)
{
    nothing_is_swapped(state, fresh_has_a_second_name);
}

/* ---- between stage and upgrade: the staged file is kept ---- */

static void what_is_not_roots_own_is_fetched_anew(void **state)
{
    static void (*const attacks[])(struct bench *) = {fresh_is_link,           fresh_is_hard_link,
                                                      fresh_is_fifo,           fresh_is_longer,
                                                      fresh_has_a_second_name, fresh_is_his};
    struct bench *b = *state;
    struct stat st;

    stage(b);
    expect(b, PHASE_STAGED);
    b->r.kept = true;
    stage(b);
    assert_int_equal(b->r.fetches, 1);
    for (size_t i = 0; i < ARRAY_LEN(attacks) - !is_root(); i++) {
        attacks[i](b);
        stage(b);
        expect(b, PHASE_STAGED);
        if (b->r.fetches != i + 2)
            fail_msg("attack %zu: fetched %u times", i, b->r.fetches);
        assert_int_equal(lstat(b->fresh, &st), 0);
        assert_true(S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid());
        assert_int_equal(st.st_size, sizeof(new_text) - 1);
        no_gift(b);
    }
}

/* The same binary is staged again after caravan-swap has ended and started again. */
static void a_directory_exchanged(void **state, void (*attack)(struct bench *b), bool restarted)
{
    struct bench *b = *state;
    struct stat st;

    stage(b);
    expect(b, PHASE_STAGED);
    attack(b);
    if (restarted) {
        phases_close(&b->r.p);
        open_phases(b);
    }
    begin(b, PHASE_SWAPPING);
    if (b->r.p.rec.phase == PHASE_SETTLED)
        fail_msg("it swapped in another directory than it staged into");
    assert_int_equal(stat(b->fresh, &st), 0);
    assert_int_equal(access(b->old, F_OK), -1);
    no_gift(b);
}

static void the_directory_another(void **state)
{
    a_directory_exchanged(state, his_dir, false);
}

static void the_directory_another_after_a_restart(void **state)
{
    a_directory_exchanged(state, his_dir, true);
}

static void the_directory_a_link(void **state)
{
    a_directory_exchanged(state, link_to_his_dir, false);
}

static void the_directory_a_link_after_a_restart(void **state)
{
    a_directory_exchanged(state, link_to_his_dir, true);
}

static void opened_to_others_meanwhile(struct bench *b)
{
    assert_int_equal(chmod(b->r.bin, 0777), 0);
}

static void the_directory_opened_to_others(void **state)
{
    nothing_is_swapped(state, opened_to_others_meanwhile);
}

/* ---- the copy of the keystore, from a directory of Nomad's user ---- */

static int preserve(struct bench *b, struct err *err)
{
    static const unsigned char run[RUN_ID_LEN] = {1};
    struct preserved kept;

    return preserve_keystore(&b->r.host, b->r.swap, b->r.dir, run, &kept, err);
}

static void a_key_that_is_another_users_file(void **state)
{
    struct bench *b = *state;
    char keys[300], key[300];
    struct err err = ERR_INIT;

    if (!is_root())
        skip_because("only root can give a directory away");
    scratch_path(b->r.dir, "server", key);
    real_make_dir(key, 0755);
    scratch_path(b->r.dir, "server/keystore", keys);
    real_make_dir(keys, 0700);
    scratch_write(b->r.dir, "server/keystore/one.nks.json", "a key", 0600);
    scratch_path(b->r.dir, "server/keystore/one.nks.json", key);
    assert_int_equal(chown(key, THIEF, THIEF), 0);
    assert_int_equal(chown(keys, THIEF, THIEF), 0);
    assert_int_equal(preserve(b, &err), 0);
    scratch_path(b->r.dir, "server/keystore/two.nks.json", key);
    assert_int_equal(link(b->suid, key), 0);
    assert_int_equal(preserve(b, &err), -1);
    assert_non_null(strstr(err.text, "another user's"));
    assert_int_equal(unlink(key), 0);
    assert_int_equal(mkfifo(key, 0600), 0);
    assert_int_equal(preserve(b, &err), -1);
    assert_int_equal(unlink(key), 0);
    assert_int_equal(symlink(b->suid, key), 0);
    assert_int_equal(preserve(b, &err), -1);
}

/* These must still work. */
static void a_binary_that_is_a_link(void **state)
{
    struct bench *b = *state;
    struct stat st;

    scratch_write(b->r.dir, "store", "\177ELF, the old binary", 0755);
    assert_int_equal(unlink(b->r.target), 0);
    assert_int_equal(symlink("../store", b->r.target), 0);
    stage(b);
    expect(b, PHASE_STAGED);
    begin(b, PHASE_SWAPPING);
    expect(b, PHASE_SETTLED);
    assert_int_equal(lstat(b->r.target, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(lstat(b->old, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    begin(b, PHASE_REVERTING);
    expect(b, PHASE_REVERTED);
    assert_int_equal(lstat(b->r.target, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

/* ---- binaries that are not programs ---- */

static void put_script(struct bench *b)
{
    assert_int_equal(unlink(b->r.target), 0);
    scratch_write(b->r.dir, "bin/nomad", "#!/bin/sh\nexec /srv/nomad agent -config /etc/n\n", 0755);
}

static void script_stays(const struct bench *b, enum phase phase)
{
    char text[8] = "";
    int fd = open(b->r.target, O_RDONLY | O_CLOEXEC);

    expect(b, phase);
    assert_true(fd >= 0 && read(fd, text, 4) == 4);
    close(fd);
    assert_string_equal(text, "#!/b");
    if (strstr(b->r.p.rec.verdict.text, "/bin/nomad is no program but a script") == NULL)
        fail_msg("%s", b->r.p.rec.verdict.text);
}

/* A script that starts Nomad with arguments of its own, in place before the stage, the swap and the
 * revert. */
static void nothing_is_put_over_a_script(void **state)
{
    struct bench *b = *state;

    put_script(b);
    stage(b);
    script_stays(b, PHASE_FAILED);
    assert_int_equal(access(b->fresh, F_OK), -1);
    scratch_write(b->r.dir, "bin/nomad", "\177ELF, the old binary", 0755);
    stage(b);
    expect(b, PHASE_STAGED);
    put_script(b);
    begin(b, PHASE_SWAPPING);
    script_stays(b, PHASE_STAGED);
    scratch_write(b->r.dir, "bin/nomad", "\177ELF, the old binary", 0755);
    begin(b, PHASE_SWAPPING);
    expect(b, PHASE_SETTLED);
    put_script(b);
    b->r.p.rec.by_order = true;
    begin(b, PHASE_REVERTING);
    script_stays(b, PHASE_FAILED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(setuid_is_never_taken_over),
        TEST(a_directory_of_others_is_refused),
        TEST(a_directory_for_all_is_refused),
        TEST(a_fifo_stops_nobody),
        TEST(a_directory_exchanged_while_staging),
        TEST(the_staged_file_a_link),
        TEST(the_staged_file_a_hard_link),
        TEST(the_staged_file_a_fifo),
        TEST(the_staged_file_his),
        TEST(the_staged_file_with_a_second_name),
        TEST(what_is_not_roots_own_is_fetched_anew),
        TEST(the_binary_a_fifo),
        TEST(the_directory_another),
        TEST(the_directory_another_after_a_restart),
        TEST(the_directory_a_link),
        TEST(the_directory_a_link_after_a_restart),
        TEST(the_directory_opened_to_others),
        TEST(a_key_that_is_another_users_file),
        TEST(a_binary_that_is_a_link),
        TEST(nothing_is_put_over_a_script),
    };
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("attack_paths", tests, NULL, NULL);
}
