#include "agent_child.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "spawn.h"
#include "swap_channel.h"

#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 30000
#define LIVED_MS     60000
#define END_MS       2000

void agent_child_init(struct agent_child *c, const struct fetch_who *who, const struct log *log)
{
    *c = (struct agent_child){
        .who = who, .log = log, .pidfd = -1, .fd = -1, .pause_ms = PAUSE_MIN_MS};
}

static int start_agent(struct agent_child *c, struct err *err)
{
    const char *argv[] = {c->who->conf->agent_program, "--config", c->who->config, NULL};
    /* No cache of freed memory for each of its many threads: the caches double its memory. */
    const char *env[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C", SWAP_FD_ENV "=3",
                         "GLIBC_TUNABLES=glibc.malloc.tcache_count=0", NULL};
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_set(err, ERR_IO, errno, "make a socket pair");
    struct spawn s = {.argv = argv,
                      .env = env,
                      .pass_fd = pair[1],
                      .drop = c->who->drop,
                      .uid = c->who->uid,
                      .gid = c->who->gid};
    int rc = spawn_start(&s, &c->pid, err);
    close(pair[1]);
    if (rc < 0) {
        c->pid = 0;
        close(pair[0]);
        return -1;
    }
    c->fd = pair[0];
    c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    return 0;
}

static void forget_child(struct agent_child *c)
{
    c->pid = 0;
    cleanup_close(&c->pidfd);
    cleanup_close(&c->fd);
    c->pidfd = -1;
    c->fd = -1;
}

static void pause_before_next(struct agent_child *c, int64_t now_ms)
{
    if (now_ms - c->since_ms > LIVED_MS)
        c->pause_ms = PAUSE_MIN_MS;
    c->again_ms = now_ms + c->pause_ms;
    c->pause_ms = MIN_OF(2 * c->pause_ms, PAUSE_MAX_MS);
}

void agent_child_tend(struct agent_child *c, int64_t now_ms)
{
    struct err err = ERR_INIT;
    int status = 0;

    if (c->pid > 0 && waitpid(c->pid, &status, WNOHANG) == c->pid) {
        forget_child(c);
        pause_before_next(c, now_ms);
        log_say(c->log, LOG_ERROR, EVENT_NONE,
                "caravan-agent ended (%s %d): caravan-swap starts it again soon",
                WIFEXITED(status) ? "status" : "signal",
                WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    }
    if (c->pid != 0 || now_ms < c->again_ms)
        return;
    c->since_ms = now_ms;
    if (start_agent(c, &err) < 0) {
        pause_before_next(c, now_ms);
        log_say(c->log, LOG_ERROR, EVENT_NONE, "caravan-agent: %s", err.text);
    }
}

void agent_child_end(struct agent_child *c)
{
    struct pollfd p = {c->pidfd, POLLIN, 0};

    if (c->pid <= 0)
        return;
    kill(c->pid, SIGTERM);
    if (c->pidfd < 0 || poll(&p, 1, END_MS) <= 0)
        kill(c->pid, SIGKILL);
    while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    forget_child(c);
}
