#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "clock.h"
#include "file.h"
#include "scratch_dir.h"
#include "spawn.h"
#include "stamp_check.h"
#include "str.h"

static char path[96];

static int make_file(void **state)
{
    (void)state;
    scratch_file(path, sizeof(path));
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

/* Field 22 in another way: counts fields from the end of the process's name. */
static uint64_t start_of(pid_t pid)
{
    char name[64];
    unsigned long long start = 0;
    snprintf(name, sizeof(name), "/proc/%d/stat", (int)pid);
    FILE *f = fopen(name, "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f,
                            "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d "
                            "%*d %*d %*d %*d %*d %llu",
                            &start),
                     1);
    fclose(f);
    return start;
}

static struct stamp stamp_now(pid_t pid)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (struct stamp){.dev = st.st_dev,
                          .ino = st.st_ino,
                          .ctime_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec,
                          .main_pid = (uint32_t)pid,
                          .main_start = start_of(pid)};
}

static void what_is_there_is_fresh(void **state)
{
    (void)state;
    struct stamp s = stamp_now(getpid());
    assert_int_equal(stamp_check(&s, path), STAMP_FRESH);
    assert_int_equal(stamp_check(&s, ""), STAMP_FRESH);
    s.main_pid = 0;
    assert_int_equal(stamp_check(&s, path), STAMP_MAYBE_OLD);
}

static void another_file_is_old(void **state)
{
    (void)state;
    struct stamp s = stamp_now(getpid());
    struct err err = ERR_INIT;
    assert_int_equal(file_replace(path, "new", 3, 0755, &err), 0);
    assert_int_equal(stamp_check(&s, path), STAMP_OLD);
    s = stamp_now(getpid());
    assert_int_equal(stamp_check(&s, "/nonexistent/nomad"), STAMP_OLD);
    s.ino++;
    assert_int_equal(stamp_check(&s, path), STAMP_OLD);
}

static void another_process_is_old(void **state)
{
    (void)state;
    const char *argv[] = {"/bin/sleep", "60", NULL};
    const struct spawn spawn = {.argv = argv, .pass_fd = -1, .quiet = true};
    struct err err = ERR_INIT;
    pid_t pid;
    assert_int_equal(spawn_start(&spawn, &pid, &err), 0);
    struct stamp s = stamp_now(pid);
    assert_int_equal(stamp_check(&s, path), STAMP_FRESH);
    s.main_start++; /* the kernel gave the number to another process */
    assert_int_equal(stamp_check(&s, path), STAMP_OLD);
    s.main_start--;
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(stamp_check(&s, path), STAMP_OLD);
}

static void a_hold_file_that_came_or_went_is_noticed(void **state)
{
    (void)state;
    struct receipt_status *told = xzalloc(1, sizeof(*told));
    char gone[160];
    snprintf(gone, sizeof(gone), "%s.gone", path);
    assert_false(hold_file_changed(told, path)); /* the process was not reported */
    told->n_facts = 2;
    str_cut(told->facts[1].id, sizeof(told->facts[1].id), "held");
    told->facts[1].value = TRI_NO;
    assert_true(hold_file_changed(told, path));
    assert_false(hold_file_changed(told, gone));
    told->facts[1].value = TRI_YES;
    assert_false(hold_file_changed(told, path));
    assert_true(hold_file_changed(told, gone));
    assert_false(hold_file_changed(told, "")); /* not checked */
    free(told);
}

static void a_heartbeat_that_has_come_is_asked_for_soon(void **state)
{
    struct receipt_status *told = xzalloc(1, sizeof(*told));

    (void)state;
    told->work.phase = PHASE_STAGED;
    told->n_facts = 1;
    told->facts[0].value = TRI_YES;
    str_cut(told->facts[0].id, sizeof(told->facts[0].id), "heartbeat");
    str_cut(told->facts[0].text, sizeof(told->facts[0].text), "age=5000 ttl=15000 at=1000");
    assert_int_equal(facts_valid_ms(told, 11000), FACTS_AGE_MS);
    assert_int_equal(facts_valid_ms(told, 11001), HEARTBEAT_AGE_MS);
    told->work.phase = PHASE_IDLE;
    assert_int_equal(facts_valid_ms(told, 11001), FACTS_AGE_MS);
    free(told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_file_that_came_or_went_is_noticed),
        cmocka_unit_test(a_heartbeat_that_has_come_is_asked_for_soon),
        cmocka_unit_test(what_is_there_is_fresh),
        cmocka_unit_test(another_file_is_old),
        cmocka_unit_test(another_process_is_old),
    };
    return cmocka_run_group_tests_name("stamp_check", tests, make_file, remove_file);
}
