#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "spawn.h"
#include "str.h"

#define INPUT_MAX 65536
#define FD_LOW    10 /* our own descriptors have at least this number: 0 to 3 are for the child */

static const char *const default_env[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", NULL};

/* The descriptors for the child, numbered FD_LOW or higher (pass_fd: 3 or higher, or -1). */
struct child {
    const struct spawn *s;
    int in, out; /* out -1: the child inherits our standard output and error */
    int status;  /* drop only: the child writes an errno here if it cannot start the program */
};

/* Returns a copy of fd with a number of at least FD_LOW, or -1. Closes fd in any case. */
static int raise_fd(int fd)
{
    int up = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FD_LOW);
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return up;
}

static int open_null(int flags)
{
    return raise_fd(open("/dev/null", flags | O_CLOEXEC));
}

/* The input is a file in memory. With a pipe, this process would have to write while it waits. */
static int open_input(const char *text, struct err *err)
{
    size_t n = text != NULL ? strlen(text) : 0;
    if (n > INPUT_MAX)
        return err_set(err, ERR_LIMIT, 0, "%zu bytes of input for a program, more than %d", n,
                       INPUT_MAX);
    int fd = text != NULL ? raise_fd(memfd_create("input", MFD_CLOEXEC)) : open_null(O_RDONLY);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "open the input of a program");
    if (n > 0 && (write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0)) {
        err_set(err, ERR_IO, errno, "write the input of a program");
        close(fd);
        return -1;
    }
    return fd;
}

/* ---- start without dropping rights: posix_spawn ---- */

static int add_actions(posix_spawn_file_actions_t *a, const struct child *c)
{
    int talk = c->s->talk_fd;
    int out = talk > 0 ? talk : c->out;
    int rv = posix_spawn_file_actions_adddup2(a, talk > 0 ? talk : c->in, 0);
    if (rv == 0 && out >= 0)
        rv = posix_spawn_file_actions_adddup2(a, out, 1);
    if (rv == 0 && c->out >= 0)
        rv = posix_spawn_file_actions_adddup2(a, c->out, 2);
    if (rv == 0 && c->s->pass_fd >= 0)
        rv = posix_spawn_file_actions_adddup2(a, c->s->pass_fd, 3);
    if (rv == 0)
        rv = posix_spawn_file_actions_addclosefrom_np(a, c->s->pass_fd >= 0 ? 4 : 3);
    if (rv == 0)
        rv = posix_spawn_file_actions_addchdir_np(a, c->s->cwd != NULL ? c->s->cwd : "/");
    return rv;
}

static int set_attributes(posix_spawnattr_t *t)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rv = posix_spawnattr_setsigmask(t, &none);
    if (rv == 0)
        rv = posix_spawnattr_setsigdefault(t, &all);
    if (rv == 0)
        rv = posix_spawnattr_setflags(t, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                             POSIX_SPAWN_SETSID);
    return rv;
}

static char *const *choose_env(const struct spawn *s)
{
    return (char *const *)(uintptr_t)(s->env != NULL ? s->env : default_env);
}

static char *const *cast_argv(const struct spawn *s)
{
    return (char *const *)(uintptr_t)s->argv;
}

/* Returns 0 or an errno. */
static int start_spawn(const struct child *c, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
        die_oom();
    int rv = add_actions(&actions, c);
    if (rv == 0)
        rv = set_attributes(&attributes);
    if (rv == 0)
        rv = posix_spawn(ret_pid, c->s->run_passed ? "/proc/self/fd/3" : c->s->argv[0], &actions,
                         &attributes, cast_argv(c->s), choose_env(c->s));
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return rv;
}

/* ---- start with rights dropped: fork; only async-signal-safe calls until exec ---- */

/* Bare system calls, because the wrappers of the C library take a lock. A thread that does not
 * exist in the child might hold that lock. */
static int drop_rights(const struct spawn *s)
{
    if (geteuid() == 0 && (syscall(SYS_setgroups, 0, NULL) < 0 ||
                           syscall(SYS_setresgid, s->gid, s->gid, s->gid) < 0 ||
                           syscall(SYS_setresuid, s->uid, s->uid, s->uid) < 0))
        return -1;
    if (geteuid() != s->uid || getegid() != s->gid) {
        errno = EPERM;
        return -1;
    }
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int place_fds(const struct child *c)
{
    bool pass = c->s->pass_fd >= 0;
    int talk = c->s->talk_fd;
    int out = talk > 0 ? talk : c->out;
    if (dup2(talk > 0 ? talk : c->in, 0) < 0)
        return -1;
    if ((out >= 0 && dup2(out, 1) < 0) || (c->out >= 0 && dup2(c->out, 2) < 0))
        return -1;
    if (pass && c->s->pass_fd != 3 && dup2(c->s->pass_fd, 3) < 0)
        return -1;
    if (pass && c->s->pass_fd == 3 && fcntl(3, F_SETFD, 0) < 0)
        return -1;
    /* Close all other descriptors now. The status pipe is closed by exec. */
    unsigned from = pass ? 4 : 3;
    unsigned status = (unsigned)c->status;
    if (syscall(SYS_close_range, from, status - 1, 0) < 0)
        return -1;
    return (int)syscall(SYS_close_range, status + 1, ~0U, 0);
}

static void set_default_signals(void)
{
    sigset_t none;
    for (int n = 1; n < NSIG; n++)
        signal(n, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* execveat needs no path. A path below /proc/self would not work: after the rights were dropped,
 * /proc/self belongs to root until the exec. */
static void exec_program(const struct spawn *s)
{
    if (s->run_passed)
        syscall(SYS_execveat, 3, "", cast_argv(s), choose_env(s), AT_EMPTY_PATH);
    else
        execve(s->argv[0], cast_argv(s), choose_env(s));
}

NORETURN static void run_child(const struct child *c)
{
    const struct spawn *s = c->s;
    set_default_signals();
    setsid();
    if (s->no_network)
        (void)!syscall(SYS_unshare, CLONE_NEWNET);
    if (place_fds(c) == 0 && drop_rights(s) == 0 && chdir(s->cwd != NULL ? s->cwd : "/") == 0)
        exec_program(s);
    int why = errno;
    ssize_t n = write(c->status, &why, sizeof(why));
    (void)n;
    _exit(127);
}

static int start_fork(struct child *c, pid_t *ret_pid)
{
    int ends[2];
    int why = 0;
    sigset_t all, was;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    autoclose int status_read = ends[0];
    c->status = raise_fd(ends[1]);
    if (c->status < 0)
        return errno;
    /* Our signal handlers must not run in the child. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &was);
    pid_t pid = fork();
    int fork_errno = errno;
    if (pid == 0)
        run_child(c);
    sigprocmask(SIG_SETMASK, &was, NULL);
    close(c->status);
    if (pid < 0)
        return fork_errno;
    ssize_t n;
    do
        n = read(status_read, &why, sizeof(why));
    while (n < 0 && errno == EINTR);
    if (n == (ssize_t)sizeof(why)) {
        waitpid(pid, NULL, 0);
        return why;
    }
    *ret_pid = pid;
    return 0;
}

/* ---- start in either way ---- */

static int start_program(struct child *c, pid_t *ret_pid, struct err *err)
{
    const struct spawn *s = c->s;
    if (s->argv == NULL || s->argv[0] == NULL ||
        (!s->run_passed && strchr(s->argv[0], '/') == NULL))
        return err_set(err, ERR_USAGE, 0, "a program to start needs a path");
    if ((s->pass_fd >= 0 && s->pass_fd < 3) || (s->run_passed && s->pass_fd < 0))
        return err_set(err, ERR_USAGE, 0, "descriptor %d cannot be passed to a program",
                       s->pass_fd);
    autoclose int in = open_input(s->input, err);
    if (in < 0)
        return -1;
    c->in = in;
    int why = s->drop ? start_fork(c, ret_pid) : start_spawn(c, ret_pid);
    if (why != 0)
        return err_set(err, why == ENOENT ? ERR_NOTFOUND : ERR_IO, why, "start %s", s->argv[0]);
    return 0;
}

int spawn_start(const struct spawn *s, pid_t *ret_pid, struct err *err)
{
    autoclose int null = s->quiet ? open_null(O_WRONLY) : -1;
    if (s->quiet && null < 0)
        return err_set(err, ERR_IO, errno, "open /dev/null");
    struct child c = {s, -1, null, -1};
    return start_program(&c, ret_pid, err);
}

/* ---- run and wait ---- */

struct running {
    const struct spawn *s;
    pid_t pid;
    int pidfd;
    int pipe; /* -1: the pipe is at its end */
    struct buf out;
};

static void cleanup_running(struct running *r)
{
    if (r->pid > 0) {
        kill(-r->pid, SIGKILL);
        waitpid(r->pid, NULL, 0);
    }
    cleanup_close(&r->pidfd);
    cleanup_close(&r->pipe);
    buf_free(&r->out);
}

static int report_too_much(struct running *r, struct err *err)
{
    return err_set(err, ERR_LIMIT, 0, "%s printed more than %zu bytes and was killed",
                   r->s->argv[0], r->s->out_max);
}

/* Reads the output that is there now. */
static int drain_output(struct running *r, struct err *err)
{
    unsigned char piece[4096];
    while (r->pipe >= 0) {
        ssize_t n = read(r->pipe, piece, sizeof(piece));
        if (n > 0 && r->out.len + (size_t)n > r->s->out_max)
            return report_too_much(r, err);
        if (n > 0)
            buf_add(&r->out, piece, (size_t)n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            close(take_fd(&r->pipe));
        else if (errno == EAGAIN)
            break;
    }
    return 0;
}

static int report_timeout(struct running *r, struct err *err)
{
    char limit[24];
    auto_buf struct buf last = BUF_INIT;
    size_t n = MIN_OF(r->out.len, (size_t)160);
    str_for_ms(limit, sizeof(limit), r->s->deadline_ms);
    str_escape(&last, buf_str(&r->out) + (r->out.len - n), n);
    return err_set(err, ERR_TIMEOUT, 0, "%s did not end within %s and was killed%s%s",
                   r->s->argv[0], limit, n > 0 ? "; it printed last: " : "", buf_str(&last));
}

/* Waits until the child has ended, not until the pipe is closed: a grandchild may keep the pipe
 * open. */
static int wait_child_end(struct running *r, const struct clock *clock, int64_t until,
                          struct err *err)
{
    for (;;) {
        int64_t left = until - clock_mono(clock);
        if (left <= 0)
            return report_timeout(r, err);
        struct pollfd p[2] = {{r->pidfd, POLLIN, 0}, {r->pipe, POLLIN, 0}};
        if (poll(p, 2, (int)MIN_OF(left, (int64_t)60000)) < 0 && errno != EINTR)
            return err_set(err, ERR_IO, errno, "poll");
        if (drain_output(r, err) < 0)
            return -1;
        if (p[0].revents != 0)
            return 0;
    }
}

static int start_captured(const struct spawn *s, struct running *r, struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return err_set(err, ERR_IO, errno, "make a pipe");
    r->pipe = ends[0];
    autoclose int out = raise_fd(ends[1]);
    if (s->quiet) {
        cleanup_close(&out);
        out = open_null(O_WRONLY);
    }
    if (out < 0 || fcntl(r->pipe, F_SETFL, O_NONBLOCK) < 0)
        return err_set(err, ERR_IO, errno, "open the output of a program");
    struct child c = {s, -1, out, -1};
    if (start_program(&c, &r->pid, err) < 0)
        return -1;
    r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
    if (r->pidfd < 0)
        return err_set(err, ERR_IO, errno, "watch the program %s", s->argv[0]);
    return 0;
}

int spawn_run(const struct spawn *s, const struct clock *clock, struct spawn_result *ret,
              struct err *err)
{
    if (s->deadline_ms <= 0)
        return err_set(err, ERR_USAGE, 0, "a program to run needs a deadline");
    CLEANUP(cleanup_running) struct running r = {s, 0, -1, -1, BUF_INIT};
    int64_t until = clock_mono(clock) + s->deadline_ms;
    if (start_captured(s, &r, err) < 0)
        return -1;
    if (wait_child_end(&r, clock, until, err) < 0)
        return -1;
    int status = 0;
    pid_t got;
    do
        got = waitpid(r.pid, &status, 0);
    while (got < 0 && errno == EINTR);
    r.pid = 0; /* so that cleanup_running does not kill the processes that the child left behind */
    if (got < 0)
        return err_set(err, ERR_IO, errno, "wait for %s", s->argv[0]);
    if (drain_output(&r, err) < 0)
        return -1;
    *ret = (struct spawn_result){
        .exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
        .out = r.out,
    };
    r.out = (struct buf)BUF_INIT;
    return 0;
}
