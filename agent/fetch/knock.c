#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include "cleanup.h"
#include "clock.h"
#include "knock.h"
#include "knock_answer.h"
#include "str.h"

AUTO_DEFINE(addrinfo, struct addrinfo, freeaddrinfo)
#define auto_addrinfo CLEANUP(cleanup_addrinfo)

struct asked {
    int fd; /* -1: nothing more is to be heard */
    bool connected;
    enum knock_question question;
    enum knock said;
    struct sockaddr_storage to;
    socklen_t to_len;
    unsigned char got[KNOCK_ANSWER_MAX];
    size_t n;
};

static void hang_up(struct asked *a, enum knock said)
{
    a->said = said;
    close(a->fd);
    a->fd = -1;
}

static int resolve(const struct knock_peer *p, struct asked *a)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
    };
    auto_addrinfo struct addrinfo *found = NULL;
    uint64_t number;

    if (str_to_u64(p->port, 65535, &number) < 0 || number == 0 ||
        getaddrinfo(p->host, p->port, &hints, &found) != 0 || found->ai_addrlen > sizeof(a->to))
        return -1;
    memcpy(&a->to, found->ai_addr, found->ai_addrlen);
    a->to_len = found->ai_addrlen;
    return 0;
}

static void begin(struct asked *a, enum knock_question q)
{
    a->question = q;
    a->connected = false;
    a->n = 0;
    a->said = KNOCK_UNKNOWN;
    a->fd = socket(a->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0 || connect(a->fd, (const struct sockaddr *)&a->to, a->to_len) == 0 ||
        errno == EINPROGRESS)
        return;
    hang_up(a, KNOCK_NOBODY);
}

/* What was asked has no answer here: the other question, then none. */
static void next(struct asked *a)
{
    hang_up(a, KNOCK_CLOSES);
    if (a->question + 1 < KNOCK_QUESTIONS)
        begin(a, a->question + 1);
}

/* Of a connection that is told to be ready. */
static bool is_made(int fd)
{
    int sys = 0;
    socklen_t len = sizeof(sys);

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) == 0 && sys == 0;
}

/* The kernel has room for a question of these sizes in a new connection, or it has closed. */
static void ask(struct asked *a)
{
    size_t n;
    const unsigned char *p = knock_question(a->question, &n);

    if (!is_made(a->fd)) {
        hang_up(a, KNOCK_NOBODY);
        return;
    }
    a->connected = true;
    if (send(a->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        next(a);
}

static void hear(struct asked *a)
{
    ssize_t n = recv(a->fd, a->got + a->n, sizeof(a->got) - a->n, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        next(a);
        return;
    }
    a->n += (size_t)n;
    enum knock_heard heard = knock_answer(a->question, a->got, a->n);
    if (heard == KNOCK_HEARD_NOMAD)
        hang_up(a, KNOCK_SERVES);
    else if (heard == KNOCK_HEARD_OTHER)
        next(a);
}

static void wait_some(struct asked *list, uint32_t n, int64_t left)
{
    struct pollfd fds[FETCH_KNOCKS_MAX];

    for (uint32_t i = 0; i < n; i++)
        fds[i] = (struct pollfd){list[i].fd, list[i].connected ? POLLIN : POLLOUT, 0};
    if (poll(fds, n, (int)left) <= 0)
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].fd < 0 || fds[i].revents == 0)
            continue;
        if (list[i].connected)
            hear(&list[i]);
        else
            ask(&list[i]);
    }
}

static bool any_open(const struct asked *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i].fd >= 0)
            return true;
    return false;
}

void knock_all(const struct knock_peer *peers, uint32_t n, int64_t deadline_ms, enum knock *ret)
{
    int64_t until = clock_mono(clock_system()) + MIN_OF(deadline_ms, KNOCK_DEADLINE_MAX_MS);
    struct asked list[FETCH_KNOCKS_MAX];
    int64_t left;

    for (uint32_t i = 0; i < n; i++) {
        list[i] = (struct asked){.fd = -1, .said = KNOCK_UNKNOWN};
        if (resolve(&peers[i], &list[i]) == 0)
            begin(&list[i], KNOCK_TLS);
    }
    while (any_open(list, n) && (left = until - clock_mono(clock_system())) > 0)
        wait_some(list, n, left);
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].fd >= 0)
            hang_up(&list[i], list[i].connected ? KNOCK_MUTE : KNOCK_NOBODY);
        ret[i] = list[i].said;
    }
}

enum knock knock_reach(const struct knock_peer *peer, int64_t deadline_ms)
{
    int64_t until = clock_mono(clock_system()) + MIN_OF(deadline_ms, KNOCK_DEADLINE_MAX_MS);
    struct asked a = {.fd = -1};
    int n = 0;

    if (resolve(peer, &a) < 0)
        return KNOCK_UNKNOWN;
    begin(&a, KNOCK_TLS);
    for (int64_t left; a.fd >= 0 && n <= 0 && (left = until - clock_mono(clock_system())) > 0;) {
        struct pollfd p = {a.fd, POLLOUT, 0};

        n = poll(&p, 1, (int)left);
    }
    if (a.fd >= 0)
        hang_up(&a, n <= 0 ? KNOCK_MUTE : is_made(a.fd) ? KNOCK_SERVES : KNOCK_NOBODY);
    return a.said;
}
