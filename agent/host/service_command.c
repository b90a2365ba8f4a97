#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "process.h"
#include "service.h"
#include "spawn.h"
#include "str.h"

#define WORDS_MAX     32
#define STATUS_MS     5000
#define STATUS_OUT    (16 * 1024)
#define STATUS_AGE_MS 300 /* least time between two runs of the status command */
#define EXIT_TIMEOUT  124

struct service_command {
    const struct agent_conf *conf;
    char program[256], lock_path[256];
    int lock; /* -1: no act */
    bool locked;
    const char *commands[2]; /* the commands of the act that are still to be run */
    const char *names[2];
    size_t left; /* their number */
    pid_t child;
    int pidfd;
    int64_t until_ms;
    int64_t started_wall_ns;
    int64_t status_ms; /* uptime of the last status command; 0: never */
    uint32_t status_pid;
    enum tri status;
    char last[1024]; /* the output of the last status command */
};

/* Splits copy at its blanks. The words point into copy. */
static size_t split_command(char *copy, const char **words, size_t max)
{
    size_t n = 0;
    char *rest = copy;

    for (char *w = strtok_r(copy, " \t", &rest); w != NULL && n + 1 < max;
         w = strtok_r(NULL, " \t", &rest))
        words[n++] = w;
    words[n] = NULL;
    return n;
}

/* ---- the process that holds the lock and runs one command; it may outlive caravan-swap ---- */

int service_command_main(int argc, char **argv)
{
    struct spawn_result r = {.out = BUF_INIT};
    struct err err = ERR_INIT;
    int64_t ms = 0;
    struct spawn s = {.argv = (const char *const *)(argv + 1), .quiet = true, .pass_fd = -1};

    if (argc < 2 || str_to_i64(argv[0], &ms) < 0 || ms <= 0)
        return 2;
    /* A process that the command leaves running must not hold the lock. */
    (void)fcntl(3, F_SETFD, FD_CLOEXEC);
    s.deadline_ms = ms;
    if (spawn_run(&s, clock_system(), &r, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        return err.kind == ERR_TIMEOUT ? EXIT_TIMEOUT : 127;
    }
    buf_free(&r.out);
    return r.exit_code < 0 ? 128 + r.signal : r.exit_code;
}

static int start_next_command(struct service_command *c, struct err *err)
{
    const char *argv[WORDS_MAX + 4];
    char copy[512], ms[24];
    struct spawn s = {.argv = argv, .pass_fd = c->lock, .quiet = true};

    str_cut(copy, sizeof(copy), c->commands[0]);
    snprintf(ms, sizeof(ms), "%lld", (long long)c->conf->start_deadline_ms);
    argv[0] = c->program;
    argv[1] = "run-command";
    argv[2] = ms;
    (void)split_command(copy, argv + 3, WORDS_MAX);
    c->started_wall_ns = clock_wall(clock_system()) * 1000000;
    if (spawn_start(&s, &c->child, err) < 0)
        return -1;
    c->pidfd = (int)syscall(SYS_pidfd_open, c->child, 0);
    c->status_ms = 0;
    return 0;
}

static void end_command_act(struct service_command *c)
{
    if (c->lock >= 0)
        close(take_fd(&c->lock));
    c->locked = false;
    c->left = 0;
}

/* Sets c->locked if the lock was free. */
static int try_service_lock(struct service_command *c, struct err *err)
{
    if (flock(c->lock, LOCK_EX | LOCK_NB) == 0)
        c->locked = true;
    else if (errno != EWOULDBLOCK && errno != EINTR)
        return err_set(err, ERR_IO, errno, "lock %s", c->lock_path);
    return 0;
}

static int command_begin(void *self, enum service_act act, struct err *err)
{
    struct service_command *c = self;
    const char *start = c->conf->start, *stop = c->conf->stop;

    if (c->left > 0)
        return err_set(err, ERR_STATE, 0,
                       "another start, stop or restart of the service has not ended yet");
    c->lock = open(c->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (c->lock < 0)
        return err_set(err, ERR_IO, errno, "open %s", c->lock_path);
    c->commands[0] = act == SERVICE_ACT_START ? start : stop;
    c->names[0] = act == SERVICE_ACT_START ? "start" : "stop";
    c->commands[1] = start;
    c->names[1] = "start";
    c->left = act == SERVICE_ACT_RESTART ? 2 : 1;
    c->until_ms = clock_mono(clock_system()) + 2 * c->conf->start_deadline_ms;
    if (try_service_lock(c, err) < 0 || (c->locked && start_next_command(c, err) < 0)) {
        end_command_act(c);
        return -1;
    }
    return 0;
}

/* 1: the child has ended. */
static int reap_command(struct service_command *c, int *ret_status)
{
    pid_t got = waitpid(c->child, ret_status, WNOHANG);

    if (got == 0 || (got < 0 && errno == EINTR))
        return 0;
    if (got < 0)
        *ret_status = 127 << 8;
    c->child = 0;
    cleanup_close(&c->pidfd);
    c->pidfd = -1;
    c->status_ms = 0;
    return 1;
}

static enum service_progress judge_command_end(struct service_command *c, int status,
                                               char *ret_text)
{
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    char limit[24];

    if (code == 0)
        return SERVICE_DONE;
    str_for_ms(limit, sizeof(limit), c->conf->start_deadline_ms);
    if (code == EXIT_TIMEOUT)
        snprintf(ret_text, TEXT_MAX, "the %s command did not end within %s", c->names[0], limit);
    else
        snprintf(ret_text, TEXT_MAX, "the %s command ended with status %d", c->names[0], code);
    return SERVICE_FAILED;
}

static int wait_for_service_lock(struct service_command *c, enum service_progress *ret,
                                 char *ret_text, struct err *err)
{
    if (try_service_lock(c, err) < 0 || (c->locked && start_next_command(c, err) < 0)) {
        end_command_act(c);
        return -1;
    }
    if (c->locked || clock_mono(clock_system()) < c->until_ms)
        return 0;
    end_command_act(c);
    snprintf(ret_text, TEXT_MAX, "an earlier service command still runs");
    *ret = SERVICE_FAILED;
    return 0;
}

/* If the stop of a restart fails, the start is run all the same: the probe looks at the result. */
static int command_poll(void *self, enum service_progress *ret, char ret_text[static TEXT_MAX],
                        struct err *err)
{
    struct service_command *c = self;
    enum service_progress p;
    int status = 0;

    *ret = c->left == 0 ? SERVICE_DONE : SERVICE_WORKING;
    if (c->left == 0)
        return 0;
    if (!c->locked)
        return wait_for_service_lock(c, ret, ret_text, err);
    if (!reap_command(c, &status))
        return 0;
    p = judge_command_end(c, status, ret_text);
    c->commands[0] = c->commands[1];
    c->names[0] = c->names[1];
    c->left--;
    if (c->left > 0 && start_next_command(c, err) < 0) {
        end_command_act(c);
        return -1;
    }
    if (c->left == 0) {
        end_command_act(c);
        *ret = p;
    }
    return 0;
}

static void run_status_command(struct service_command *c)
{
    const char *argv[WORDS_MAX + 1];
    struct spawn_result r = {.out = BUF_INIT};
    struct err err = ERR_INIT;
    char copy[512];
    struct spawn s = {.argv = argv, .deadline_ms = STATUS_MS, .out_max = STATUS_OUT, .pass_fd = -1};

    str_cut(copy, sizeof(copy), c->conf->status);
    (void)split_command(copy, argv, WORDS_MAX);
    if (spawn_run(&s, clock_system(), &r, &err) < 0) {
        c->status = TRI_UNKNOWN;
        str_cut(c->last, sizeof(c->last), err.text);
        return;
    }
    c->status = r.exit_code == 0 ? TRI_YES : TRI_NO;
    str_cut(c->last, sizeof(c->last), buf_str(&r.out));
    buf_free(&r.out);
}

static int command_state(void *self, struct service_state *ret, struct err *err)
{
    struct service_command *c = self;
    struct service_state s = {.active = TRI_UNKNOWN};
    pid_t pid = process_pid_file(c->conf->pid_file);
    int64_t now = clock_mono(clock_system());

    (void)err;
    s.main_start = process_start(pid);
    s.main_pid = s.main_start != 0 ? (uint32_t)pid : 0;
    if (c->status_ms == 0 || now - c->status_ms > STATUS_AGE_MS || c->status_pid != s.main_pid) {
        run_status_command(c);
        c->status_ms = now;
        c->status_pid = s.main_pid;
    }
    s.active = c->status;
    /* An old pid file may name a process that is not Nomad. */
    if (s.active == TRI_NO)
        s.main_pid = 0;
    s.ended = s.active == TRI_NO && c->left == 0;
    s.started_wall_ns = c->started_wall_ns;
    snprintf(s.text, sizeof(s.text), "status command says %s, %s",
             s.active == TRI_YES  ? "active"
             : s.active == TRI_NO ? "not active"
                                  : "nothing",
             s.main_start != 0 ? "its process is there" : "no process");
    *ret = s;
    return 0;
}

/* Runs the command directly, without the process that holds the lock: the command need not outlive
 * this process, and no act waits for it. */
static int command_at_boot(void *self, bool starts, struct err *err)
{
    const struct service_command *c = self;
    const char *name = starts ? "enable" : "disable";
    const char *command = starts ? c->conf->enable : c->conf->disable;
    const char *argv[WORDS_MAX + 1];
    struct spawn_result r = {.out = BUF_INIT};
    char copy[512];
    struct spawn s = {.argv = argv, .deadline_ms = SERVICE_BOOT_MS, .quiet = true, .pass_fd = -1};
    int rc;

    if (command[0] == '\0')
        return err_set(err, ERR_REFUSED, 0,
                       "Nomad is started by configured commands, and agent.conf has no command for "
                       "this: set [command] %s",
                       name);
    str_cut(copy, sizeof(copy), command);
    (void)split_command(copy, argv, WORDS_MAX);
    rc = spawn_run(&s, clock_system(), &r, err);
    buf_free(&r.out);
    if (rc < 0)
        return err_wrap(err, "the %s command", name);
    return r.exit_code == 0 ? 0
                            : err_set(err, ERR_STATE, 0, "the %s command ended with status %d",
                                      name, r.exit_code < 0 ? 128 + r.signal : r.exit_code);
}

/* Writes the words of the command in the format of /proc/PID/cmdline. */
static void put_command_words(const char *command, struct service_about *ret)
{
    char copy[512];
    const char *words[WORDS_MAX];

    str_cut(copy, sizeof(copy), command);
    size_t n = split_command(copy, words, WORDS_MAX);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(words[i]) + 1;
        memcpy(ret->words + ret->words_len, words[i], len);
        ret->words_len += len;
    }
}

static int command_about(void *self, struct service_about *ret, struct err *err)
{
    const struct service_command *c = self;
    struct service_state state = {.main_pid = 0};

    memset(ret, 0, sizeof(*ret));
    if (command_state(self, &state, err) < 0)
        return -1;
    if (state.main_pid == 0) /* a running process shows its real words */
        put_command_words(c->conf->nomad_command, ret);
    if (c->conf->enable[0] != '\0' && c->conf->disable[0] != '\0')
        str_cut(ret->boot.state, sizeof(ret->boot.state), "commands");
    return 0;
}

static enum tri command_active(void *self, const char *unit)
{
    (void)self;
    (void)unit;
    return TRI_NO;
}

static void command_evidence(void *self, char *dst, size_t n)
{
    const struct service_command *c = self;

    str_cut(dst, n, c->last);
}

static int command_fd(void *self)
{
    const struct service_command *c = self;

    return c->child > 0 ? c->pidfd : -1;
}

/* A command that runs goes on, and holds the lock. */
static void command_free(void *self)
{
    struct service_command *c = self;

    end_command_act(c);
    if (c->pidfd >= 0)
        close(c->pidfd);
    free(c);
}

int service_command_new(const struct agent_conf *conf, const char *program, const char *lock_path,
                        struct service *ret, struct err *err)
{
    struct service_command *c = xzalloc(1, sizeof(*c));

    c->conf = conf;
    c->lock = -1;
    c->pidfd = -1;
    c->status = TRI_UNKNOWN;
    if (str_copy(c->program, sizeof(c->program), program) < 0 ||
        str_copy(c->lock_path, sizeof(c->lock_path), lock_path) < 0) {
        free(c);
        return err_set(err, ERR_CONFIG, 0, "the path %s or %s is too long", program, lock_path);
    }
    *ret = (struct service){
        .self = c,
        .begin = command_begin,
        .poll = command_poll,
        .state = command_state,
        .at_boot = command_at_boot,
        .about = command_about,
        .active = command_active,
        .evidence = command_evidence,
        .fd = command_fd,
        .free = command_free,
    };
    return 0;
}
