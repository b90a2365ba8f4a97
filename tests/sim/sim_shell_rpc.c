/* The RPC port. It answers only the peer check of Caravan's agents: the first byte and one
 * question, as Nomad does (agent/fetch/peer_answer.h). The stand-ins themselves use UDP.
 *
 * The port is bound from the start, and accepts connections when the state is restored, as in
 * Nomad. */
#include "sim_shell.h"
#include <sys/epoll.h>
#include <sys/socket.h>

#define BYTE_YAMUX 3
#define BYTE_TLS   4
#define FRAME      12
#define RECORD     22 /* a TLS record of the handshake */
#define AT_ONCE    8

/* A ServerHello of TLS 1.2 without a real key: no peer continues the handshake. */
static const unsigned char server_hello[] = {
    RECORD, 3,   3,   0,   42,  2,   0,   0,   38,  3,   3,   's', 't',  'a',  'n', 'd',
    '-',    'i', 'n', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',  ' ',  ' ', ' ',
    ' ',    ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', 0,   0xc0, 0x2f, 0};

static bool rpc_serves(const struct sim_shell *s)
{
    return s->node.faults.rpc_mute == 0 && sim_node_api(&s->node);
}

int sim_rpc_open(struct sim_shell *s, struct err *err)
{
    struct epoll_event e = {.events = EPOLLIN};

    s->rpc_waits = epoll_create1(EPOLL_CLOEXEC);
    if (s->rpc_waits < 0 || epoll_ctl(s->rpc_waits, EPOLL_CTL_ADD, s->rpc, &e) < 0)
        return err_set(err, ERR_IO, errno, "wait for connections");
    return 0;
}

int sim_rpc_fd(const struct sim_shell *s)
{
    return rpc_serves(s) ? s->rpc_waits : -1;
}

static struct sim_rpc_conn *find_conn(struct sim_shell *s, bool used)
{
    for (size_t i = 0; i < ARRAY_LEN(s->rpc_conns); i++)
        if ((s->rpc_conns[i].fd > 0) == used)
            return &s->rpc_conns[i];
    return NULL;
}

static void hang_up(struct sim_rpc_conn *c)
{
    close(c->fd);
    *c = (struct sim_rpc_conn){.fd = 0};
}

static void accept_conn(struct sim_shell *s)
{
    struct sim_rpc_conn *c;
    int fd;

    while ((fd = accept4(s->rpc, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if ((c = find_conn(s, false)) == NULL)
            hang_up(c = find_conn(s, true));
        *c = (struct sim_rpc_conn){.fd = fd};
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
        if (epoll_ctl(s->rpc_waits, EPOLL_CTL_ADD, fd, &e) < 0)
            hang_up(c);
    }
}

/* False: the connection is finished, with or without an answer. */
static bool answer_question(const struct sim_shell *s, const struct sim_rpc_conn *c)
{
    static const unsigned char ack[] = {0, 2, 0, 2};
    unsigned char frame[FRAME];

    if (c->got[0] != (s->conf.node.tls_rpc ? BYTE_TLS : BYTE_YAMUX))
        return false;
    if (c->got[0] == BYTE_TLS && c->n > 1) {
        if (c->got[1] == RECORD)
            (void)!send(c->fd, server_hello, sizeof(server_hello), MSG_NOSIGNAL);
        return false;
    }
    if (c->n < 1 + FRAME)
        return true;
    memcpy(frame, c->got + 1, FRAME);
    bool ping = frame[0] == 0 && frame[1] == 2 && frame[2] == 0 && frame[3] == 1;
    memcpy(frame, ack, sizeof(ack));
    return ping && send(c->fd, frame, FRAME, MSG_NOSIGNAL) == FRAME;
}

/* Reads the first byte alone: the kernel keeps the following bytes, as in Nomad. */
static void read_rpc_question(const struct sim_shell *s, struct sim_rpc_conn *c)
{
    size_t room = c->n == 0 ? 1 : 1 + FRAME - c->n;
    ssize_t n = room > 0 ? recv(c->fd, c->got + c->n, room, 0) : 0;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    c->n += n > 0 ? (size_t)n : 0;
    if (n <= 0 || !answer_question(s, c))
        hang_up(c);
}

void sim_rpc_work(struct sim_shell *s)
{
    struct epoll_event found[AT_ONCE];
    int n = epoll_wait(s->rpc_waits, found, AT_ONCE, 0);

    for (int i = 0; i < n; i++) {
        struct sim_rpc_conn *c = found[i].data.ptr;

        if (c == NULL)
            accept_conn(s);
        else if (c->fd > 0)
            read_rpc_question(s, c);
    }
}

void sim_rpc_close(struct sim_shell *s)
{
    for (size_t i = 0; i < ARRAY_LEN(s->rpc_conns); i++)
        if (s->rpc_conns[i].fd > 0)
            hang_up(&s->rpc_conns[i]);
    if (s->rpc_waits > 0)
        close(s->rpc_waits);
}
