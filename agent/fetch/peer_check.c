#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include "cleanup.h"
#include "clock.h"
#include "peer_check.h"
#include "peer_answer.h"
#include "str.h"

AUTO_DEFINE(addrinfo, struct addrinfo, freeaddrinfo)
#define auto_addrinfo CLEANUP(cleanup_addrinfo)

struct asked {
    int fd; /* -1: finished */
    bool connected;
    enum peer_question question;
    enum peer_check said;
    struct sockaddr_storage to;
    socklen_t to_len;
    unsigned char got[PEER_ANSWER_MAX];
    size_t n;
};

static void end_knock(struct asked *a, enum peer_check said)
{
    a->said = said;
    close(a->fd);
    a->fd = -1;
}

static int read_numeric_address(const struct checked_peer *p, struct asked *a)
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

static void begin_knock(struct asked *a, enum peer_question q)
{
    a->question = q;
    a->connected = false;
    a->n = 0;
    a->said = PEER_UNKNOWN;
    a->fd = socket(a->to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0 || connect(a->fd, (const struct sockaddr *)&a->to, a->to_len) == 0 ||
        errno == EINPROGRESS)
        return;
    end_knock(a, PEER_NOBODY);
}

/* Ends a question without an answer, and begins the next question, if there is one. */
static void begin_next_question(struct asked *a)
{
    end_knock(a, PEER_CLOSES);
    if (a->question + 1 < PEER_QUESTIONS)
        begin_knock(a, a->question + 1);
}

/* poll has reported the socket as ready: is it connected? */
static bool is_connected(int fd)
{
    int sys = 0;
    socklen_t len = sizeof(sys);

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) == 0 && sys == 0;
}

/* A new connection has room for a question of this size; a short send means that it is closed. */
static void send_knock_question(struct asked *a)
{
    size_t n;
    const unsigned char *p = peer_question_bytes(a->question, &n);

    if (!is_connected(a->fd)) {
        end_knock(a, PEER_NOBODY);
        return;
    }
    a->connected = true;
    if (send(a->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        begin_next_question(a);
}

static void read_knock_answer(struct asked *a)
{
    ssize_t n = recv(a->fd, a->got + a->n, sizeof(a->got) - a->n, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        begin_next_question(a);
        return;
    }
    a->n += (size_t)n;
    enum peer_answer heard = peer_answer_judge(a->question, a->got, a->n);
    if (heard == PEER_ANSWER_NOMAD)
        end_knock(a, PEER_SERVES);
    else if (heard == PEER_ANSWER_OTHER)
        begin_next_question(a);
}

static void wait_for_knocks(struct asked *list, uint32_t n, int64_t left)
{
    struct pollfd fds[FETCH_PEERS_MAX];

    for (uint32_t i = 0; i < n; i++)
        fds[i] = (struct pollfd){list[i].fd, list[i].connected ? POLLIN : POLLOUT, 0};
    if (poll(fds, n, (int)left) <= 0)
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].fd < 0 || fds[i].revents == 0)
            continue;
        if (list[i].connected)
            read_knock_answer(&list[i]);
        else
            send_knock_question(&list[i]);
    }
}

static bool is_any_knock_open(const struct asked *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (list[i].fd >= 0)
            return true;
    return false;
}

void peer_check_all(const struct checked_peer *peers, uint32_t n, int64_t deadline_ms,
                    enum peer_check *ret)
{
    int64_t until = clock_mono(clock_system()) + MIN_OF(deadline_ms, PEER_CHECK_DEADLINE_MAX_MS);
    struct asked list[FETCH_PEERS_MAX];
    int64_t left;

    for (uint32_t i = 0; i < n; i++) {
        list[i] = (struct asked){.fd = -1, .said = PEER_UNKNOWN};
        if (read_numeric_address(&peers[i], &list[i]) == 0)
            begin_knock(&list[i], PEER_QUESTION_TLS);
    }
    while (is_any_knock_open(list, n) && (left = until - clock_mono(clock_system())) > 0)
        wait_for_knocks(list, n, left);
    for (uint32_t i = 0; i < n; i++) {
        if (list[i].fd >= 0)
            end_knock(&list[i], list[i].connected ? PEER_MUTE : PEER_NOBODY);
        ret[i] = list[i].said;
    }
}

enum peer_check peer_check_reach(const struct checked_peer *peer, int64_t deadline_ms)
{
    int64_t until = clock_mono(clock_system()) + MIN_OF(deadline_ms, PEER_CHECK_DEADLINE_MAX_MS);
    struct asked a = {.fd = -1};
    int n = 0;

    if (read_numeric_address(peer, &a) < 0)
        return PEER_UNKNOWN;
    begin_knock(&a, PEER_QUESTION_TLS);
    for (int64_t left; a.fd >= 0 && n <= 0 && (left = until - clock_mono(clock_system())) > 0;) {
        struct pollfd p = {a.fd, POLLOUT, 0};

        n = poll(&p, 1, (int)left);
    }
    if (a.fd >= 0)
        end_knock(&a, n <= 0 ? PEER_MUTE : is_connected(a.fd) ? PEER_SERVES : PEER_NOBODY);
    return a.said;
}
