#include "sim_shell.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include "str.h"

#define PEER_CHECK_MS 200

/* A message between processes of one machine: a number for the format, then the bytes of the
 * struct. */
struct frame {
    uint32_t wire;
    struct sim_message m;
};

static struct sockaddr_in socket_address(uint32_t ip, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    a.sin_addr.s_addr = htonl(ip);
    return a;
}

static int open_socket(int type, uint32_t ip, uint16_t port, int *ret, struct err *err)
{
    autoclose int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = socket_address(ip, port);
    char text[SIM_ADDR_TEXT];
    int on = 1, room = 1 << 20;
    sim_addr_text(text, ip, port);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "socket");
    if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0)
        return err_set(err, ERR_IO, errno, "socket option");
    if (type == SOCK_DGRAM && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)) < 0)
        return err_set(err, ERR_IO, errno, "socket option");
    if (bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0)
        return err_set(err, ERR_IO, errno, "listen %s %s", type == SOCK_STREAM ? "tcp" : "udp",
                       text);
    if (type == SOCK_STREAM && listen(fd, 128) < 0)
        return err_set(err, ERR_IO, errno, "listen tcp %s", text);
    *ret = take_fd(&fd);
    return 0;
}

int sim_net_open(struct sim_shell *s, struct err *err)
{
    const struct sim_config *c = &s->conf.node;
    if (open_socket(SOCK_DGRAM, c->ip, c->serf_port, &s->udp, err) < 0)
        return -1;
    if (c->server)
        return open_socket(SOCK_STREAM, c->ip, c->rpc_port, &s->rpc, err);
    return 0;
}

static void take_frame(struct sim_shell *s, const unsigned char *p, size_t n)
{
    const size_t head = offsetof(struct frame, m) + offsetof(struct sim_message, u);
    struct frame f;
    if (n < head || n > sizeof(f))
        return;
    memcpy(&f, p, n);
    bool cut = f.m.kind == SIM_MSG_APPEND && n < head + offsetof(struct sim_append, record);
    if (f.m.kind < SIM_MSG_COUNT && !cut && n == offsetof(struct frame, m) + sim_message_size(&f.m))
        sim_node_receive(&s->node, &f.m, sim_shell_now(s));
}

void sim_net_receive(struct sim_shell *s)
{
    static const uint32_t wire = SIM_WIRE;
    unsigned char p[65536];
    for (;;) {
        ssize_t n = recv(s->udp, p, sizeof(p), 0);
        if (n < 0)
            return;
        if ((size_t)n >= sizeof(wire) && memcmp(p, &wire, sizeof(wire)) == 0)
            take_frame(s, p, (size_t)n);
        else
            sim_proxy_receive(s, p, (size_t)n);
    }
}

void sim_net_datagram(struct sim_shell *s, struct sim_addr to, const void *p, size_t n)
{
    struct sockaddr_in a = socket_address(to.ip, to.port);
    /* A lost datagram is a lost message: the sender repeats it, or the caller gives up. */
    (void)!sendto(s->udp, p, n, 0, (struct sockaddr *)&a, sizeof(a));
}

void sim_net_send(struct sim_shell *s)
{
    int n;
    struct frame f = {.wire = SIM_WIRE};
    const struct sim_message *sent = sim_node_sent(&s->node, &n);
    for (int i = 0; i < n; i++) {
        size_t size = sim_message_size(&sent[i]);
        memcpy(&f.m, &sent[i], size);
        sim_net_datagram(s, sent[i].to, &f, offsetof(struct frame, m) + size);
    }
}

bool sim_net_accepts(void *ctx, uint32_t ip, uint16_t port)
{
    (void)ctx;
    autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = socket_address(ip, port);
    int error = 0;
    socklen_t len = sizeof(error);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
        return true;
    if (errno != EINPROGRESS)
        return errno != ECONNREFUSED;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    if (poll(&p, 1, PEER_CHECK_MS) <= 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return true;
    return error != ECONNREFUSED;
}
