/*
 * The owner of the binary's directory against root: the real ports and phases on a real file
 * system, what lies there exchanged at the worst moments. What an attacker wants is root's
 * hand: a file with setuid, or a name of root's choice in a directory of his.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "file.h"
#include "host_linux.h"
#include "phases.h"
#include "preserve.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "str.h"

#define THIEF     65534
#define STEPS_MAX 200

static const char new_text[] = "#!/bin/sh\necho Nomad v1.1.0\n";

struct bench {
    char *dir;
    struct host_linux l;
    struct agent_conf agent;
    struct host host, real;
    struct service service;
    struct phases p;
    struct phases_config conf;
    char bin[300], fetch[300], swap[300], target[320], fresh[320], old[320], suid[320];
    void (*attack)(struct bench *b); /* before the copy's last byte is written; once */
    char note[TEXT_MAX];
};

static void make_dir(const char *path, mode_t mode)
{
    assert_int_equal(mkdir(path, mode), 0);
    assert_int_equal(chmod(path, mode), 0);
}

/* ---- the host: real files, a service that does not run, nothing downloaded ---- */

static int service_state_of(void *self, struct service_state *ret, struct err *err)
{
    (void)self;
    (void)err;
    *ret = (struct service_state){.active = TRI_NO, .ended = true};
    return 0;
}

static void service_says_nothing(void *self, char *dst, size_t n)
{
    (void)self;
    snprintf(dst, n, "%s", "");
}

static int service_about_of(void *self, struct service_about *ret, struct err *err)
{
    (void)self;
    (void)ret;
    return err_set(err, ERR_NETWORK, 0, "no service manager");
}

static int fetch_begin(void *ctx, const struct fetch_get *job, struct err *err)
{
    (void)ctx;
    (void)job;
    (void)err;
    return 0;
}

static struct bench *bench; /* ports have the real context */

static int fetch_poll(void *ctx, struct fetch_news *ret, struct err *err)
{
    (void)ctx;
    (void)err;
    scratch_write(bench->dir, "fetch/got", new_text, 0644);
    *ret = (struct fetch_news){.state = FETCH_DONE};
    snprintf(ret->path, sizeof(ret->path), "%.200s/got", bench->fetch);
    return 0;
}

static void nothing(void *ctx)
{
    (void)ctx;
}

static int write_attacked(void *ctx, int h, const void *p, size_t n, struct err *err)
{
    if (bench->attack != NULL && n == sizeof(new_text) - 1) {
        bench->attack(bench);
        bench->attack = NULL;
    }
    return bench->real.write(ctx, h, p, n, err);
}

static void on_note(void *ctx, enum log_level level, enum log_event event, const char *text)
{
    (void)ctx;
    (void)level;
    (void)event;
    str_cut(bench->note, sizeof(bench->note), text);
}

static void open_phases(struct bench *b)
{
    struct err err = ERR_INIT;

    b->conf = (struct phases_config){.dir = b->swap,
                                     .fetch_dir = b->fetch,
                                     .binary = b->target,
                                     .data_dir = "",
                                     .hold_file = "/nonexistent/hold",
                                     .changed = nothing,
                                     .note = on_note,
                                     .ctx = b};
    assert_int_equal(phases_open(&b->host, &b->conf, &b->p, &err), 0);
    b->p.packaged = TRI_NO;
}

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    bench = b;
    b->dir = scratch_open();
    assert_int_equal(chmod(b->dir, 0755), 0);
    scratch_path(b->dir, "bin", b->bin);
    scratch_path(b->dir, "fetch", b->fetch);
    scratch_path(b->dir, "swap", b->swap);
    make_dir(b->bin, 0755);
    make_dir(b->fetch, 0700);
    make_dir(b->swap, 0700);
    scratch_write(b->dir, "bin/nomad", "\177ELF, the old binary", 0755);
    scratch_write(b->dir, "program", "\177ELF, a program of root's with setuid", 0755);
    snprintf(b->target, sizeof(b->target), "%s/nomad", b->bin);
    snprintf(b->fresh, sizeof(b->fresh), "%s/.nomad.caravan-new", b->bin);
    snprintf(b->old, sizeof(b->old), "%s/.nomad.caravan-old", b->bin);
    snprintf(b->suid, sizeof(b->suid), "%s/program", b->dir);
    assert_int_equal(chmod(b->suid, 06755), 0);
    b->service = (struct service){.self = b,
                                  .state = service_state_of,
                                  .about = service_about_of,
                                  .evidence = service_says_nothing};
    b->l.service = b->service;
    b->l.who = (struct fetch_who){.conf = &b->agent, .config = ""}; /* nothing can be tried */
    b->real = host_linux(&b->l);
    b->host = b->real;
    b->host.service = &b->service;
    b->host.fetch_begin = fetch_begin;
    b->host.fetch_poll = fetch_poll;
    b->host.fetch_end = nothing;
    b->host.write = write_attacked;
    open_phases(b);
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    phases_close(&b->p);
    host_linux_done(&b->l);
    scratch_close(b->dir);
    free(b);
    return 0;
}

/* ---- orders ---- */

static void rest(struct bench *b)
{
    for (int i = 0; phases_works(&b->p); i++) {
        if (i == STEPS_MAX)
            fail_msg("it does not come to rest: %s", phase_name(b->p.rec.phase));
        phases_step(&b->p);
    }
}

static void begin(struct bench *b, enum phase phase)
{
    struct fetch_get job = {.size = sizeof(new_text) - 1, .deadline_ms = 5000};
    struct record next = b->p.rec;
    struct err err = ERR_INIT;

    next.rest = b->p.rec.phase;
    next.phase = phase;
    next.verdict = (struct verdict){.failure = FAILURE_NONE};
    str_cut(next.version, sizeof(next.version), "1.1.0");
    next.target_size = sizeof(new_text) - 1;
    next.deadline_ms = 5000;
    crypto_digest(new_text, sizeof(new_text) - 1, &next.target);
    assert_int_equal(phases_accept(&b->p, &next, &job, &err), 0);
    rest(b);
}

static void stage(struct bench *b)
{
    begin(b, PHASE_FETCHING);
}

static void expect(const struct bench *b, enum phase phase)
{
    if (b->p.rec.phase != phase)
        fail_msg("%s instead of %s: %s", phase_name(b->p.rec.phase), phase_name(phase),
                 b->p.rec.verdict.text);
}

/* Nothing below the bench is what root made with rights that its maker did not mean. */
static void no_gift(const struct bench *b)
{
    const char *const names[] = {b->fresh, b->old, b->target};
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

/* ---- what the owner of the directory does ---- */

static void link_to_program(struct bench *b)
{
    assert_int_equal(unlink(b->target), 0);
    assert_int_equal(symlink(b->suid, b->target), 0);
}

static void hard_link_of_program(struct bench *b)
{
    assert_int_equal(unlink(b->target), 0);
    assert_int_equal(link(b->suid, b->target), 0);
}

static void fifo_in_place(struct bench *b)
{
    assert_int_equal(unlink(b->target), 0);
    assert_int_equal(mkfifo(b->target, 0755), 0);
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

/* His own directory under the name of the right one, with the same files in it. */
static void other_dir(struct bench *b, bool link)
{
    char aside[300], his[300];

    scratch_path(b->dir, "aside", aside);
    scratch_path(b->dir, "his", his);
    assert_int_equal(rename(b->bin, aside), 0);
    make_dir(link ? his : b->bin, 0755);
    if (link)
        assert_int_equal(symlink(his, b->bin), 0);
    scratch_write(b->dir, "bin/nomad", "his own", 0755);
    scratch_write(b->dir, "bin/.nomad.caravan-new", new_text, 0755);
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
    assert_int_equal(chown(b->bin, THIEF, THIEF), 0);
    b->attack = link_to_program;
    stage(b);
    no_gift(b);
    expect(b, PHASE_FAILED);
    assert_non_null(strstr(b->p.rec.verdict.text, "may be written by"));
    assert_int_equal(access(b->fresh, F_OK), -1);
}

static void a_directory_for_all_is_refused(void **state)
{
    struct bench *b = *state;

    assert_int_equal(chmod(b->bin, 0757), 0);
    stage(b);
    expect(b, PHASE_FAILED);
    assert_int_equal(access(b->fresh, F_OK), -1);
}

static void a_fifo_stops_nobody(void **state)
{
    struct bench *b = *state;

    b->attack = fifo_in_place;
    stage(b);
    assert_true(phase_rests(b->p.rec.phase));
}

static void a_directory_exchanged_while_staging(void **state)
{
    struct bench *b = *state;
    struct stat st;

    b->attack = link_to_his_dir;
    stage(b);
    begin(b, PHASE_SWAPPING);
    assert_int_not_equal(b->p.rec.phase, PHASE_SETTLED);
    assert_int_equal(lstat(b->bin, &st), 0);
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
    if (b->p.rec.phase == PHASE_SETTLED)
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

/* The same program, and caravan-swap ended and begun anew meanwhile. */
static void a_directory_exchanged(void **state, void (*attack)(struct bench *b), bool restarted)
{
    struct bench *b = *state;
    struct stat st;

    stage(b);
    expect(b, PHASE_STAGED);
    attack(b);
    if (restarted) {
        phases_close(&b->p);
        open_phases(b);
    }
    begin(b, PHASE_SWAPPING);
    if (b->p.rec.phase == PHASE_SETTLED)
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
    assert_int_equal(chmod(b->bin, 0777), 0);
}

static void the_directory_opened_to_others(void **state)
{
    nothing_is_swapped(state, opened_to_others_meanwhile);
}

/* ---- the keystore's copy, out of a directory of Nomad's user ---- */

static int preserve(struct bench *b, struct err *err)
{
    static const unsigned char run[RUN_ID_LEN] = {1};
    struct preserved kept;

    return preserve_keystore(&b->host, b->swap, b->dir, run, &kept, err);
}

static void a_key_that_is_another_users_file(void **state)
{
    struct bench *b = *state;
    char keys[300], key[300];
    struct err err = ERR_INIT;

    if (!is_root())
        skip_because("only root can give a directory away");
    scratch_path(b->dir, "server", key);
    make_dir(key, 0755);
    scratch_path(b->dir, "server/keystore", keys);
    make_dir(keys, 0700);
    scratch_write(b->dir, "server/keystore/one.nks.json", "a key", 0600);
    scratch_path(b->dir, "server/keystore/one.nks.json", key);
    assert_int_equal(chown(key, THIEF, THIEF), 0);
    assert_int_equal(chown(keys, THIEF, THIEF), 0);
    assert_int_equal(preserve(b, &err), 0);
    scratch_path(b->dir, "server/keystore/two.nks.json", key);
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

/* What must go on to work. */
static void a_binary_that_is_a_link(void **state)
{
    struct bench *b = *state;
    struct stat st;

    scratch_write(b->dir, "store", "\177ELF, the old binary", 0755);
    assert_int_equal(unlink(b->target), 0);
    assert_int_equal(symlink("../store", b->target), 0);
    stage(b);
    expect(b, PHASE_STAGED);
    begin(b, PHASE_SWAPPING);
    expect(b, PHASE_SETTLED);
    assert_int_equal(lstat(b->target, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(lstat(b->old, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    begin(b, PHASE_REVERTING);
    expect(b, PHASE_REVERTED);
    assert_int_equal(lstat(b->target, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
}

/* ---- what is no program ---- */

static void put_script(struct bench *b)
{
    assert_int_equal(unlink(b->target), 0);
    scratch_write(b->dir, "bin/nomad", "#!/bin/sh\nexec /srv/nomad agent -config /etc/n\n", 0755);
}

static void script_stays(const struct bench *b, enum phase phase)
{
    char text[8] = "";
    int fd = open(b->target, O_RDONLY | O_CLOEXEC);

    expect(b, phase);
    assert_true(fd >= 0 && read(fd, text, 4) == 4);
    close(fd);
    assert_string_equal(text, "#!/b");
    if (strstr(b->p.rec.verdict.text, "/bin/nomad is no program but a script") == NULL)
        fail_msg("%s", b->p.rec.verdict.text);
}

/* It starts Nomad, with words of its own. Before the stage, the swap and the revert. */
static void nothing_is_put_over_a_script(void **state)
{
    struct bench *b = *state;

    put_script(b);
    stage(b);
    script_stays(b, PHASE_FAILED);
    assert_int_equal(access(b->fresh, F_OK), -1);
    scratch_write(b->dir, "bin/nomad", "\177ELF, the old binary", 0755);
    stage(b);
    expect(b, PHASE_STAGED);
    put_script(b);
    begin(b, PHASE_SWAPPING);
    script_stays(b, PHASE_STAGED);
    scratch_write(b->dir, "bin/nomad", "\177ELF, the old binary", 0755);
    begin(b, PHASE_SWAPPING);
    expect(b, PHASE_SETTLED);
    put_script(b);
    b->p.rec.by_order = true;
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
