#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <cmocka.h>
#include "agent_paths.h"
#include "file.h"
#include "order_desk.h"
#include "scratch_dir.h"
#include "spawn.h"
#include "str.h"

/* The real caravan-agent under a service manager; this test is the manager. */
struct manager {
    char *dir;
    int fd;
    pid_t pid;
    char program[300], conf[300], notify[330], usec[40];
};

static int enter(void **state)
{
    struct manager *m = xzalloc(1, sizeof(*m));
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    ssize_t n = readlink("/proc/self/exe", m->program, sizeof(m->program) - 40);

    if (n <= 0)
        return -1;
    char *slash = strrchr(m->program, '/');
    str_cut(slash, 32, "/../caravan-agent");
    m->dir = scratch_open();
    snprintf(a.sun_path, sizeof(a.sun_path), "%.90s/notify", m->dir);
    snprintf(m->notify, sizeof(m->notify), "NOTIFY_SOCKET=%s", a.sun_path);
    m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (bind(m->fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
        return -1;
    *state = m;
    return 0;
}

static int leave(void **state)
{
    struct manager *m = *state;

    if (m->pid > 0) {
        kill(m->pid, SIGKILL);
        waitpid(m->pid, NULL, 0);
    }
    close(m->fd);
    scratch_close(m->dir);
    free(m);
    return 0;
}

static void write_conf(struct manager *m)
{
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;

    scratch_path(m->dir, "agent.conf", m->conf);
    buf_printf(&b,
               "[agent]\nlisten = 127.0.0.1:0\nstate_dir = %s\nrun_dir = %s\n"
               "[trust]\nanchor = %s/anchor\n",
               m->dir, m->dir, m->dir);
    if (file_replace(m->conf, b.data, b.len, 0644, &err) < 0)
        fail_msg("%s", err.text);
}

static void write_identity(struct manager *m)
{
    struct desk desk;
    auto_buf struct buf b = BUF_INIT;
    struct err err = ERR_INIT;
    char path[AGENT_PATH_MAX];

    desk_open(&desk);
    desk_trust_file(&desk, &b);
    agent_path(path, m->dir, TRUST_NAME);
    assert_int_equal(file_replace(path, b.data, b.len, 0644, &err), 0);
    agent_path(path, m->dir, HOST_KEY_NAME);
    assert_int_equal(keypair_save(desk.host, path, "test", 0600, &err), 0);
    desk_close(&desk);
}

static void start(struct manager *m, int watchdog_ms)
{
    const char *argv[] = {m->program, "--config", m->conf, NULL};
    const char *env[] = {"PATH=/bin", m->notify, watchdog_ms > 0 ? m->usec : NULL, NULL};
    const struct spawn s = {.argv = argv, .env = env, .pass_fd = -1};
    struct err err = ERR_INIT;

    snprintf(m->usec, sizeof(m->usec), "WATCHDOG_USEC=%d000", watchdog_ms);
    if (spawn_start(&s, &m->pid, &err) < 0)
        fail_msg("%s", err.text);
}

/* True: a message with this text arrives in time. */
static bool hears(struct manager *m, const char *want, int64_t within_ms)
{
    int64_t until = clock_mono(clock_system()) + within_ms, left;

    while ((left = until - clock_mono(clock_system())) > 0) {
        struct pollfd p = {m->fd, POLLIN, 0};
        char said[512];

        if (poll(&p, 1, (int)left) <= 0)
            continue;
        ssize_t n = recv(m->fd, said, sizeof(said) - 1, 0);
        said[n < 0 ? 0 : n] = '\0';
        if (strstr(said, want) != NULL)
            return true;
    }
    return false;
}

static void tells_that_it_lives(void **state)
{
    struct manager *m = *state;

    write_conf(m);
    write_identity(m);
    start(m, 300);
    assert_true(hears(m, "READY=1\nSTATUS=listening on ", 20000));
    for (int i = 0; i < 5; i++)
        assert_true(hears(m, "WATCHDOG=1", 5000));
    /* An agent that hangs sends nothing. */
    kill(m->pid, SIGSTOP);
    while (hears(m, "WATCHDOG=1", 1))
        ;
    assert_false(hears(m, "WATCHDOG=1", 500));
}

static void nobody_is_told_where_nobody_watches(void **state)
{
    struct manager *m = *state;

    write_conf(m);
    write_identity(m);
    start(m, 0);
    assert_true(hears(m, "READY=1", 20000));
    assert_false(hears(m, "WATCHDOG=1", 500));
}

/* The start must not wait for something that only people can provide. */
static void is_ready_while_it_waits_and_says_for_what(void **state)
{
    struct manager *m = *state;

    write_conf(m);
    start(m, 0);
    assert_true(
        hears(m, "READY=1\nSTATUS=waiting for trust: put the fleet's trust file at ", 20000));
    write_identity(m);
    assert_true(hears(m, "READY=1\nSTATUS=listening on ", 20000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tells_that_it_lives, enter, leave),
        cmocka_unit_test_setup_teardown(nobody_is_told_where_nobody_watches, enter, leave),
        cmocka_unit_test_setup_teardown(is_ready_while_it_waits_and_says_for_what, enter, leave),
    };
    struct err err = ERR_INIT;
    if (crypto_init(&err) < 0)
        return 1;
    return cmocka_run_group_tests_name("agent_notify", tests, NULL, NULL);
}
