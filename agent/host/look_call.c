#include "look_call.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "spawn.h"
#include "str.h"

/* Both ends are the same program, so the packets are plain structs. */
struct head {
    uint32_t pid, n; /* n wishes follow in the packet */
    struct path_user user;
};

struct call {
    const char *program;
    struct look_left *left;
    struct head head;
    const struct path_question *questions;
    uint32_t n;
    struct host_look *ret;
    struct host_look look; /* as received */
    unsigned char content[LOOK_CONTENT];
};

/* ---- children left behind ---- */

static void reap_left_children(struct look_left *left, int64_t now)
{
    for (size_t i = 0; i < LOOK_LEFT_MAX; i++) {
        if (left->list[i].pid > 0 && waitpid(left->list[i].pid, NULL, WNOHANG) != 0)
            left->list[i].pid = 0;
        if (left->list[i].pid == 0 && now - left->list[i].at_ms >= LOOK_AGAIN_MS)
            left->list[i].at_ms = 0;
    }
}

/* The index of a free find_free_place; -1: there is none. */
static int find_free_place(const struct look_left *left)
{
    for (int i = 0; i < LOOK_LEFT_MAX; i++) {
        if (left->list[i].at_ms == 0)
            return i;
    }
    return -1;
}

static bool has_hung(const struct look_left *left, const char *path)
{
    for (size_t i = 0; i < LOOK_LEFT_MAX; i++) {
        if (left->list[i].at_ms != 0 && str_eq(left->list[i].path, path))
            return true;
    }
    return false;
}

static void leave_child(struct call *c, pid_t pid, const char *path)
{
    int at = find_free_place(c->left);

    kill(-pid, SIGKILL);
    c->left->list[at].pid = pid;
    c->left->list[at].at_ms = clock_mono(clock_system());
    str_cut(c->left->list[at].path, sizeof(c->left->list[at].path), path);
}

/* ---- the asking side ---- */

/* Sends all wishes from `from` on that have no result yet, in one packet. */
static int send_wishes(struct call *c, int fd, uint32_t from, struct err *err)
{
    struct path_question questions[LOOK_QUESTIONS];
    struct iovec parts[2] = {{&c->head, sizeof(c->head)}, {questions, 0}};
    const struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};

    c->head.n = 0;
    for (uint32_t i = from; i < c->n; i++) {
        if (c->ret[i].end == LOOK_UNKNOWN)
            questions[c->head.n++] = c->questions[i];
    }
    parts[1].iov_len = c->head.n * sizeof(questions[0]);
    if (sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return err_set(err, ERR_IO, errno, "send paths to the child that looks at them");
    return 0;
}

/* 1: *ret is the send_look; 0: no answer in time; -1: the child has ended. */
static int receive_look(struct call *c, int fd, struct host_look *ret)
{
    struct iovec parts[2] = {{&c->look, sizeof(c->look)}, {c->content, sizeof(c->content)}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t until = clock_mono(clock_system()) + LOOK_MS, left = LOOK_MS;
    int ready = poll(&p, 1, LOOK_MS);
    ssize_t n;

    while (ready < 0 && errno == EINTR && (left = until - clock_mono(clock_system())) > 0)
        ready = poll(&p, 1, (int)left);
    if (ready <= 0)
        return 0;
    n = recvmsg(fd, &m, MSG_DONTWAIT);
    if (n < (ssize_t)sizeof(c->look) || (size_t)n - sizeof(c->look) != c->look.len)
        return -1;
    *ret = c->look;
    ret->where[sizeof(ret->where) - 1] = '\0';
    ret->content = (struct buf)BUF_INIT;
    if (c->look.len > 0)
        (void)buf_add(&ret->content, c->content, c->look.len);
    return 1;
}

static void end_looker(pid_t pid)
{
    kill(-pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static int start_looker(const struct call *c, int *ret_fd, pid_t *ret_pid, struct err *err)
{
    const char *const argv[] = {c->program, "look", NULL};
    struct spawn s = {.argv = argv, .pass_fd = -1};
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
        return err_set(err, ERR_IO, errno, "make a pair of sockets");
    autoclose int ours = ends[0];
    autoclose int theirs = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
    close(ends[1]);
    s.talk_fd = theirs;
    if (spawn_start(&s, ret_pid, err) < 0)
        return -1;
    *ret_fd = take_fd(&ours);
    return 0;
}

/* Starts one child and asks it. *at: the first path without an send_look, before and after the
 * call. */
static int ask_one_child(struct call *c, uint32_t *at, struct err *err)
{
    pid_t pid = 0;
    int fd = -1, rc = 1;

    if (start_looker(c, &fd, &pid, err) < 0)
        return -1;
    autoclose int talk = fd;
    if (send_wishes(c, talk, *at, err) < 0) {
        end_looker(pid);
        return -1;
    }
    for (; *at < c->n && rc > 0; *at += rc > 0) {
        if (c->ret[*at].end == LOOK_UNKNOWN)
            rc = receive_look(c, talk, &c->ret[*at]);
    }
    if (rc == 0) {
        c->ret[*at].end = LOOK_HANGS;
        leave_child(c, pid, c->questions[(*at)++].path);
        return 0;
    }
    end_looker(pid);
    return rc > 0 ? 0 : err_set(err, ERR_IO, 0, "the child that looks at paths has ended");
}

int look_call(const char *program, struct look_left *left, uint32_t pid,
              const struct path_user *user, const struct path_question *questions, uint32_t n,
              struct host_look *ret, struct err *err)
{
    autofree struct call *c = xzalloc(1, sizeof(*c));

    if (n > LOOK_QUESTIONS)
        return err_set(err, ERR_LIMIT, 0, "cannot look at more than %d paths at once",
                       LOOK_QUESTIONS);
    c->program = program;
    c->left = left;
    c->head.pid = pid;
    c->head.user = *user;
    c->questions = questions;
    c->n = n;
    c->ret = ret;
    reap_left_children(left, clock_mono(clock_system()));
    for (uint32_t i = 0; i < n; i++)
        ret[i] =
            (struct host_look){.end = has_hung(left, questions[i].path) ? LOOK_HANGS : LOOK_UNKNOWN,
                               .content = BUF_INIT};
    for (uint32_t at = 0; at < n;) {
        if (find_free_place(left) < 0) {
            ret[at].end = ret[at].end == LOOK_UNKNOWN ? LOOK_SKIPPED : ret[at].end;
            at++;
        } else if (ask_one_child(c, &at, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- the child ---- */

static int open_root_of_process(uint32_t pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%u/root", pid != 0 ? pid : 1);
    return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static bool send_look(int fd, const struct host_look *look, unsigned char *content)
{
    struct iovec parts[2] = {{(void *)(uintptr_t)look, sizeof(*look)}, {content, look->len}};
    const struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};

    return sendmsg(fd, &m, MSG_NOSIGNAL) >= 0;
}

static int receive_wishes(struct head *head, struct path_question *questions)
{
    struct iovec parts[2] = {{head, sizeof(*head)},
                             {questions, LOOK_QUESTIONS * sizeof(*questions)}};
    struct msghdr m = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t n = recvmsg(STDIN_FILENO, &m, 0);

    return n >= (ssize_t)sizeof(*head) && head->n <= LOOK_QUESTIONS &&
                   head->user.n_groups <= PATH_GROUPS &&
                   (size_t)n == sizeof(*head) + head->n * sizeof(*questions)
               ? 0
               : -1;
}

int look_call_main(look_fn *look)
{
    autofree unsigned char *content = xzalloc(LOOK_CONTENT, 1);
    struct path_question questions[LOOK_QUESTIONS];
    struct host_look told;
    struct head head;
    int rc = 0;

    if (receive_wishes(&head, questions) < 0)
        return 2;
    autoclose int root = open_root_of_process(head.pid);
    int sys = errno;
    for (uint32_t i = 0; rc == 0 && i < head.n; i++) {
        questions[i].path[sizeof(questions[i].path) - 1] = '\0';
        told = (struct host_look){.end = LOOK_FAILED, .error = sys};
        if (root >= 0)
            look(root, &head.user, &questions[i], &told, content);
        rc = send_look(STDIN_FILENO, &told, content) ? 0 : 1;
    }
    return rc;
}
