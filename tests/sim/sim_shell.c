#include "sim_shell.h"
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include "clock.h"
#include "sim_build.h"
#include "sim_fleet.h"
#include "sim_raft.h"
#include "str.h"

#define FAULTS_EVERY_MS 100
#define SAVE_EVERY_MS   10
#define SAVE_CROWD_MS   2000

int64_t sim_shell_now(const struct sim_shell *s)
{
    return clock_mono(clock_system()) + s->clock_offset;
}

void sim_shell_log(const struct sim_shell *s, const char *level, const char *fmt, ...)
{
    char stamp[21], bracket[16];
    struct buf text = BUF_INIT;
    int64_t now = sim_shell_now(s);
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&text, fmt, ap);
    va_end(ap);
    clock_rfc3339(stamp, now);
    snprintf(bracket, sizeof(bracket), "[%s]", level);
    struct buf line = BUF_INIT;
    buf_printf(&line, "    %.19s.%03dZ %-7s %s\n", stamp, (int)(now % 1000), bracket,
               buf_str(&text));
    fputs(buf_str(&line), stderr);
    sim_streams_tell(s, level, buf_str(&line));
    buf_free(&line);
    buf_free(&text);
}

static int open_signals(struct sim_shell *s, struct err *err)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCHLD);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return err_set(err, ERR_IO, errno, "block signals");
    s->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    return s->signals < 0 ? err_set(err, ERR_IO, errno, "signalfd") : 0;
}

/* True when the agent must end. */
static bool hear_signals(struct sim_shell *s)
{
    struct signalfd_siginfo i;
    while (read(s->signals, &i, sizeof(i)) == (ssize_t)sizeof(i)) {
        int number = (int)i.ssi_signo;
        if (number == SIGCHLD) {
            while (waitpid(-1, NULL, WNOHANG) > 0)
                continue;
            continue;
        }
        sim_shell_log(s, "INFO", "agent: Caught signal: signal=%s", strsignal(number));
        if (number == SIGHUP)
            continue;
        sim_notify(s, "STOPPING=1");
        if (number == SIGINT ? s->conf.node.leave_on_int : s->conf.node.leave_on_term) {
            sim_node_leave(&s->node, sim_shell_now(s));
            sim_net_send(s);
            return !s->conf.node.server; /* a server ends later, when it has left */
        }
        return true;
    }
    return false;
}

static int open_api(struct sim_shell *s, struct err *err)
{
    if (s->http != NULL || !sim_node_api(&s->node))
        return 0;
    if (sim_http_open(s, err) < 0)
        return -1;
    sim_shell_log(s, "INFO", "agent: API listens on %s:%u", s->conf.http_address,
                  s->conf.node.http_port);
    sim_notify(s, "READY=1");
    return 0;
}

static void make_crowd(struct sim_shell *s)
{
    if (s->settings.crowd == 0 || s->crowd_made || s->node.raft.role != SIM_LEADER)
        return;
    s->crowd_made = true;
    if (s->node.durable.state.n < s->settings.crowd)
        sim_fleet_crowd(&s->node, s->settings.crowd, s->conf.node.version);
}

static int64_t wait_ms(const struct sim_shell *s)
{
    int64_t now = sim_shell_now(s), due = sim_node_due(&s->node);
    int64_t wait = MIN_OF(MAX_OF(due - now, 0), FAULTS_EVERY_MS);
    int64_t http = sim_http_timeout(s);
    return http >= 0 ? MIN_OF(wait, http) : wait;
}

static int save_state(struct sim_shell *s, struct err *err)
{
    int64_t every = s->node.durable.state.n > 2000 ? SAVE_CROWD_MS : SAVE_EVERY_MS;
    if (!s->node.dirty || s->node.now < s->saved_ms + every)
        return 0;
    return sim_disk_save(s, err);
}

/* The work after every wake-up of the loop. */
static int step_shell(struct sim_shell *s, struct err *err)
{
    sim_node_tick(&s->node, sim_shell_now(s));
    make_crowd(s);
    sim_tasks_follow(s);
    sim_streams_work(s);
    if (open_api(s, err) < 0)
        return -1;
    sim_http_work(s);
    sim_http_resume(s);
    sim_http_work(s);
    sim_net_send(s);
    if (s->node.now >= s->faults_due) {
        s->faults_due = s->node.now + FAULTS_EVERY_MS;
        sim_settings_faults(s);
    }
    return save_state(s, err);
}

static int begin_shell(struct sim_shell *s, struct err *err)
{
    const struct clock *c = clock_system();
    s->clock_offset = clock_wall(c) - clock_mono(c);
    s->faults_stamp = -1;
    s->udp = s->rpc = s->rpc_waits = s->http_fd = s->signals = -1;
    uint64_t seed = (uint64_t)clock_wall(c) * 1000003u ^ (uint64_t)getpid() << 32 ^ s->conf.node.ip;
    sim_node_init(&s->node, &s->conf.node, seed);
    s->node.faults = s->settings.faults;
    sim_settings_faults(s);
    if (open_signals(s, err) < 0 || sim_disk_load(s, err) < 0)
        return -1;
    sim_node_start(&s->node, sim_shell_now(s));
    if (s->node.exited)
        return 0;
    sim_tasks_check(s);
    if (sim_net_open(s, err) < 0 || (s->rpc >= 0 && sim_rpc_open(s, err) < 0))
        return -1;
    return sim_disk_save(s, err);
}

int sim_shell_run(struct sim_shell *s, struct err *err)
{
    if (begin_shell(s, err) < 0)
        return -1;
    while (!s->node.exited) {
        struct pollfd fds[] = {{s->signals, POLLIN, 0},
                               {s->udp, POLLIN, 0},
                               {sim_rpc_fd(s), POLLIN, 0},
                               {s->http_fd, POLLIN, 0}};
        if (poll(fds, ARRAY_LEN(fds), (int)wait_ms(s)) < 0 && errno != EINTR)
            return err_set(err, ERR_IO, errno, "poll");
        if ((fds[0].revents & POLLIN) != 0 && hear_signals(s))
            break;
        if ((fds[1].revents & POLLIN) != 0)
            sim_net_receive(s);
        if ((fds[2].revents & POLLIN) != 0)
            sim_rpc_work(s);
        if (step_shell(s, err) < 0)
            return -1;
    }
    return s->node.dirty ? sim_disk_save(s, err) : 0;
}

void sim_shell_close(struct sim_shell *s)
{
    const int fds[] = {s->udp, s->rpc, s->signals, s->state_fd};
    sim_http_close(s);
    sim_rpc_close(s);
    sim_node_free(&s->node);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] > 0)
            close(fds[i]);
}
