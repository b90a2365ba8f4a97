#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "skip_because.h"
#include "spawn.h"
#include "str.h"

#define SHELL(text) ((const char *const[]){"/bin/sh", "-c", text, NULL})

static struct spawn shell(const char *const *argv)
{
    return (struct spawn){.argv = argv, .deadline_ms = 20000, .out_max = 4096, .pass_fd = -1};
}

static void assert_prints(const struct spawn *s, const char *want)
{
    struct spawn_result r = {0};
    struct err err = ERR_INIT;
    if (spawn_run(s, clock_system(), &r, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(buf_str(&r.out), want);
    assert_int_equal(r.exit_code, 0);
    buf_free(&r.out);
}

static void assert_fails(const struct spawn *s, enum err_kind kind, const char *text)
{
    struct spawn_result r = {0};
    struct err err = ERR_INIT;
    assert_int_equal(spawn_run(s, clock_system(), &r, &err), -1);
    assert_int_equal(err.kind, kind);
    if (strstr(err.text, text) == NULL)
        fail_msg("%s", err.text);
    assert_null(r.out.data);
}

static void runs_and_captures_both_outputs(void **state)
{
    (void)state;
    struct spawn s = shell(SHELL("echo out; echo err >&2"));
    assert_prints(&s, "out\nerr\n");
}

static void exit_codes_and_signals(void **state)
{
    (void)state;
    struct spawn_result r = {0};
    struct err err = ERR_INIT;
    struct spawn s = shell(SHELL("exit 7"));
    assert_int_equal(spawn_run(&s, clock_system(), &r, &err), 0);
    assert_int_equal(r.exit_code, 7);
    assert_int_equal(r.signal, 0);
    s = shell(SHELL("kill -USR1 $$"));
    assert_int_equal(spawn_run(&s, clock_system(), &r, &err), 0);
    assert_int_equal(r.exit_code, -1);
    assert_int_equal(r.signal, SIGUSR1);
}

static void cannot_be_started(void **state)
{
    (void)state;
    for (int drop = 0; drop < 2; drop++) {
        struct spawn s = shell((const char *const[]){"/no/such/program", NULL});
        s.drop = drop == 1;
        s.uid = geteuid();
        s.gid = getegid();
        assert_fails(&s, ERR_NOTFOUND, "/no/such/program");
        s.argv = (const char *const[]){"/etc/passwd", NULL};
        assert_fails(&s, ERR_IO, "/etc/passwd");
        s.argv = SHELL("exit 0");
        s.cwd = "/no/such/dir";
        assert_fails(&s, ERR_NOTFOUND, "/bin/sh");
    }
    struct spawn s = shell((const char *const[]){"sh", NULL});
    assert_fails(&s, ERR_USAGE, "path");
    s = shell(SHELL("exit 0"));
    s.deadline_ms = 0;
    assert_fails(&s, ERR_USAGE, "deadline");
}

static void too_much_output_kills(void **state)
{
    (void)state;
    struct spawn s = shell(SHELL("while :; do echo 0123456789; done"));
    assert_fails(&s, ERR_LIMIT, "4096");
    s = shell(SHELL("printf 12345"));
    s.out_max = 5;
    assert_prints(&s, "12345");
    s.out_max = 4;
    assert_fails(&s, ERR_LIMIT, "4 bytes");
}

/* The whole group dies: the reader of the pipe sees the end only when no sleeper is left. */
static void the_deadline_kills_the_group(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    struct spawn s = shell(SHELL("echo begun; sleep 1000 & sleep 1000"));
    s.deadline_ms = 200;
    s.pass_fd = ends[1];
    assert_fails(&s, ERR_TIMEOUT, "begun");
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

/* A process that the child leaves running is neither waited for nor killed. */
static void what_is_left_running_lives_on(void **state)
{
    (void)state;
    struct spawn s = shell(SHELL("sleep 1000 & echo $!"));
    struct spawn_result r = {0};
    struct err err = ERR_INIT;
    uint64_t pid = 0;
    int64_t began = clock_mono(clock_system());
    assert_int_equal(spawn_run(&s, clock_system(), &r, &err), 0);
    assert_true(clock_mono(clock_system()) - began < 10000);
    r.out.data[r.out.len - 1] = '\0';
    assert_int_equal(str_to_u64(buf_str(&r.out), INT32_MAX, &pid), 0);
    assert_int_equal(kill((pid_t)pid, 0), 0);
    kill((pid_t)pid, SIGKILL);
    buf_free(&r.out);
}

static void environment_and_folder_are_what_is_given(void **state)
{
    (void)state;
    struct spawn s = shell((const char *const[]){"/usr/bin/env", NULL});
    setenv("LEAK", "1", 1);
    assert_prints(&s, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                      "LANG=C\n");
    s.env = (const char *const[]){"A=b", NULL};
    assert_prints(&s, "A=b\n");
    unsetenv("LEAK");
    s = shell(SHELL("pwd"));
    assert_prints(&s, "/\n");
    s.cwd = "/usr";
    assert_prints(&s, "/usr\n");
}

static void input_is_nothing_or_the_text(void **state)
{
    (void)state;
    struct spawn s = shell((const char *const[]){"/bin/cat", NULL});
    assert_prints(&s, "");
    s.input = "given\n";
    assert_prints(&s, "given\n");
    autofree char *longer = xzalloc(65538, 1);
    memset(longer, 'x', 65536);
    s.input = longer;
    s.out_max = 65536;
    assert_prints(&s, longer);
    longer[65536] = 'x';
    assert_fails(&s, ERR_LIMIT, "input");
}

/* No signal is ignored, except 32 and 33: the C library's posix_spawn leaves these two ignored. */
static void assert_signals(const char *status, const char *name)
{
    unsigned char mask[8] = {0xff};
    char hex[17] = "";
    const char *at = strstr(status, name);
    assert_non_null(at);
    str_cut(hex, sizeof(hex), at + strlen(name));
    assert_int_equal(str_unhex(hex, mask, 8), 0);
    assert_true((get_u64(mask) & ~0x180000000ULL) == 0);
}

/* Only descriptors 0 to 2 and the inherited one are open; all signals are default and none is
 * blocked. */
static void nothing_else_is_inherited(void **state)
{
    (void)state;
    sigset_t block, was;
    autoclose int leak = open("/dev/null", O_RDONLY);
    int high = fcntl(leak, F_DUPFD, 200);
    autoclose int handed = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    sigprocmask(SIG_BLOCK, &block, &was);
    signal(SIGPIPE, SIG_IGN);
    static const char script[] = "for f in /proc/self/fd/*; do echo ${f##*/}; done; "
                                 "grep -E 'Sig(Blk|Ign)' /proc/self/status; "
                                 "grep NoNewPrivs /proc/self/status";
    for (int drop = 0; drop < 2; drop++)
        for (int pass = 0; pass < 2; pass++) {
            struct spawn s = shell(SHELL(script));
            struct spawn_result r = {0};
            struct err err = ERR_INIT;
            s.drop = drop == 1;
            s.uid = geteuid();
            s.gid = getegid();
            s.pass_fd = pass == 1 ? handed : -1;
            assert_int_equal(spawn_run(&s, clock_system(), &r, &err), 0);
            /* The shell itself opens the next descriptor to read the folder. */
            const char *want = pass == 1 ? "0\n1\n2\n3\n4\nSig" : "0\n1\n2\n3\nSig";
            if (!str_starts(buf_str(&r.out), want))
                fail_msg("%s", buf_str(&r.out));
            assert_signals(buf_str(&r.out), "SigBlk:\t");
            assert_signals(buf_str(&r.out), "SigIgn:\t");
            assert_non_null(strstr(buf_str(&r.out), drop == 1 ? "Privs:\t1" : "Privs:\t0"));
            buf_free(&r.out);
        }
    sigprocmask(SIG_SETMASK, &was, NULL);
    signal(SIGPIPE, SIG_DFL);
    close(high);
}

static void rights_are_dropped(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip_because("changing the user needs root");
    struct spawn s = shell(SHELL("id -u; id -g; id -G; head -c 1 /etc/shadow || echo refused"));
    struct spawn_result r = {0};
    struct err err = ERR_INIT;
    gid_t was[64];
    int n = getgroups((int)ARRAY_LEN(was), was);
    assert_true(n >= 0);
    assert_int_equal(setgroups(1, (const gid_t[]){42}), 0);
    s.drop = true;
    s.uid = 65534;
    s.gid = 65533;
    assert_int_equal(spawn_run(&s, clock_system(), &r, &err), 0);
    assert_int_equal(setgroups((size_t)n, was), 0);
    assert_true(str_starts(buf_str(&r.out), "65534\n65533\n65533\n"));
    assert_true(str_ends(buf_str(&r.out), "refused\n"));
    buf_free(&r.out);
}

static void a_started_one_is_the_callers(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    pid_t pid = 0;
    int status = 0;
    struct spawn s = shell(SHELL("echo seen nowhere; exit 3"));
    s.quiet = true;
    s.deadline_ms = 0;
    assert_int_equal(spawn_start(&s, &pid, &err), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 3);
    s.argv = (const char *const[]){"/no/such/program", NULL};
    assert_int_equal(spawn_start(&s, &pid, &err), -1);
}

static void quiet_captures_nothing(void **state)
{
    (void)state;
    struct spawn s = shell(SHELL("echo hidden"));
    s.quiet = true;
    s.out_max = 0;
    assert_prints(&s, "");
}

static int open_fds(void)
{
    int n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n;
}

/* The count includes all tests of the group. */
static int remember_fds(void **state)
{
    static int before;
    before = open_fds();
    *state = &before;
    return 0;
}

static int compare_fds(void **state)
{
    if (open_fds() == *(int *)*state)
        return 0;
    print_error("# descriptors were left open\n");
    return -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_and_captures_both_outputs),
        cmocka_unit_test(exit_codes_and_signals),
        cmocka_unit_test(cannot_be_started),
        cmocka_unit_test(too_much_output_kills),
        cmocka_unit_test(the_deadline_kills_the_group),
        cmocka_unit_test(what_is_left_running_lives_on),
        cmocka_unit_test(environment_and_folder_are_what_is_given),
        cmocka_unit_test(input_is_nothing_or_the_text),
        cmocka_unit_test(nothing_else_is_inherited),
        cmocka_unit_test(rights_are_dropped),
        cmocka_unit_test(a_started_one_is_the_callers),
        cmocka_unit_test(quiet_captures_nothing),
    };
    return cmocka_run_group_tests_name("spawn", tests, remember_fds, compare_fds);
}
