/*
 * The trial of a hostile new binary on a host without systemd. Processes that the binary starts
 * must end together with it. It must not reach other processes of the user that it runs as (nobody,
 * whom other programs use, too). With the real caravan-fetch, as caravan-swap starts it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "crypto.h"
#include "file.h"
#include "host_linux.h"
#include "scratch_dir.h"
#include "skip_because.h"
#include "spawn.h"
#include "str.h"

#define NOBODY 65534

struct bench {
    char *dir;
    struct agent_conf conf;
    struct fetch_who who;
    char config[300];
};

static int set_up(void **state)
{
    struct bench *b = xzalloc(1, sizeof(*b));

    b->dir = scratch_open();
    assert_int_equal(chmod(b->dir, 0755), 0);
    scratch_write(b->dir, "agent.conf", "", 0644);
    scratch_path(b->dir, "agent.conf", b->config);
    scratch_program(b->dir, "caravan-fetch", b->conf.fetch_program, sizeof(b->conf.fetch_program));
    b->who = (struct fetch_who){.conf = &b->conf,
                                .config = b->config,
                                .drop = geteuid() == 0,
                                .try_uid = NOBODY,
                                .try_gid = NOBODY};
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;

    scratch_close(b->dir);
    free(b);
    return 0;
}

/* False: this machine has no namespaces. */
static bool try_it(struct bench *b, const char *script, struct buf *ret_said)
{
    struct fetch_call *call = NULL;
    struct fetch_ran ran = {.said = BUF_INIT};
    struct err err = ERR_INIT;
    char path[300];

    scratch_write(b->dir, "nomad", script, 0755);
    scratch_path(b->dir, "nomad", path);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fetch_call_begin(&b->who, FETCH_TRIES, &call, &err), 0);
    int rv = fetch_call_try(call, false, &fd, 1, &ran, &err);
    fetch_call_end(call);
    if (rv < 0 && strstr(err.text, "no safe place") != NULL)
        return false;
    if (rv < 0)
        fail_msg("%s", err.text);
    (void)buf_add(ret_said, ran.said.data, ran.said.len);
    buf_free(&ran.said);
    return true;
}

/* How many processes have "sleep" and this word on their command line. */
static int count_of(const char *word)
{
    const struct dirent *e;
    int n = 0;

    autodir DIR *d = opendir("/proc");
    assert_non_null(d);
    while ((e = readdir(d)) != NULL) {
        auto_buf struct buf line = BUF_INIT;
        struct err err = ERR_INIT;
        char path[300];

        snprintf(path, sizeof(path), "/proc/%.200s/cmdline", e->d_name);
        n += file_read(path, 4096, 0, &line, &err) ==
                 0 && /* this also finds setsid before it becomes sleep */
             memmem(buf_str(&line), line.len, word, strlen(word)) != NULL;
    }
    return n;
}

static void what_it_leaves_ends_with_it(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf said = BUF_INIT;
    char script[200], word[64];

    snprintf(word, sizeof(word), "20.%ld", (long)getpid());
    snprintf(script, sizeof(script),
             "#!/bin/sh\nsetsid sleep %s >/dev/null 2>&1 &\necho Nomad v1.1.0\n", word);
    if (!try_it(b, script, &said))
        skip_because("the kernel gives no namespaces to ordinary users here");
    assert_string_equal(buf_str(&said), "Nomad v1.1.0\n");
    for (int i = 0; i < 50 && count_of(word) > 0; i++)
        clock_sleep(clock_system(), 20); /* it takes the kernel a moment to end them */
    assert_int_equal(count_of(word), 0);
}

static void it_ends_nobody_elses(void **state)
{
    struct bench *b = *state;
    auto_buf struct buf said = BUF_INIT;
    const char *argv[] = {"/bin/sleep", "60", NULL};
    struct spawn s = {.argv = argv,
                      .pass_fd = -1,
                      .drop = b->who.drop,
                      .uid = b->who.drop ? NOBODY : geteuid(),
                      .gid = b->who.drop ? NOBODY : getegid()};
    struct err err = ERR_INIT;
    char script[200];
    pid_t victim = 0;
    int status;

    assert_int_equal(spawn_start(&s, &victim, &err), 0);
    snprintf(script, sizeof(script), "#!/bin/sh\nkill -9 %ld && echo ended it\n", (long)victim);
    bool could = try_it(b, script, &said);
    int ended = waitpid(victim, &status, WNOHANG) != 0;
    kill(victim, SIGKILL);
    if (!ended)
        (void)waitpid(victim, &status, 0);
    if (!could)
        skip_because("the kernel gives no namespaces to ordinary users here");
    assert_false(ended);
    assert_null(strstr(buf_str(&said), "ended it"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_it_leaves_ends_with_it),
        TEST(it_ends_nobody_elses),
    };
    struct err err = ERR_INIT;

    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("second_leftover", tests, NULL, NULL);
}
