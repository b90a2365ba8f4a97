/*
 * main_many_agents.c - thousands of agents in one process, which `caravan status` can ask.
 *
 *     many_agents LIST >known_hosts     LIST: a line "NODE-ID ADDRESS NAME DIGEST" for each agent
 *
 * Listens at ADDRESS:4650 of every line. Answers hello and status like the agent of a host at rest
 * whose Nomad runs the binary with this digest. All agents have the same key, which is made at the
 * start. Prints the lines for known_hosts, then the word "ready" to standard error. Runs until it
 * is killed. Needs a descriptor for each line.
 *
 * It uses the real code of the wire (envelope, codec, sp), and nothing else of an agent: it accepts
 * any signature, and carries out no order.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "clock.h"
#include "envelope.h"
#include "sp.h"
#include "str.h"

#define AGENTS_MAX 20000
#define THREADS    256 /* more than calls at the same time: each waits until its peer has closed */
#define PEER_MS    5000

struct one_agent {
    char id[UUID_MAX], name[NAME_MAX_LEN];
    struct digest runs;
    int fd;
};

struct many {
    struct one_agent *agents;
    uint32_t n;
    int epoll;
    struct keypair *key;
};

static int read_all(int fd, void *p, size_t n)
{
    return recv(fd, p, n, MSG_WAITALL) == (ssize_t)n ? 0 : -1;
}

static void fill(const struct one_agent *a, struct receipt *r)
{
    struct stamp stamp = {.dev = 1, .ino = 2, .main_pid = 3, .main_start = 4};

    if (r->head.kind == MSG_HELLO) {
        struct receipt_hello *h = &r->u.hello;
        h->wire_min = WIRE_MIN;
        h->wire_max = WIRE_MAX;
        str_cut(h->program, sizeof(h->program), "0.1.0");
        str_cut(h->host, sizeof(h->host), a->name);
        str_cut(h->os, sizeof(h->os), "linux");
        str_cut(h->arch, sizeof(h->arch), "amd64");
        str_cut(h->client_id, sizeof(h->client_id), a->id);
        h->disk = h->running = a->runs;
        h->stamp = stamp;
        h->trust_version = 1;
        h->view_revision = 1;
        return;
    }
    r->u.status.work.revision = 1;
    r->u.status.work.stamp = stamp;
}

static int answer(const struct many *m, const struct one_agent *a, const struct buf *frame,
                  struct buf *ret, struct err *err)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    auto_buf struct buf inner = BUF_INIT, out = BUF_INIT;
    enum frame_format format = FRAME_PLAIN;
    struct verified v;

    if (envelope_open(frame->data, frame->len, m->key, INNER_ORDER_MAX, &inner, &format, err) < 0 ||
        envelope_verify(inner.data, inner.len, &v, err) < 0)
        return -1;
    if (v.head.kind != MSG_HELLO && v.head.kind != MSG_STATUS)
        return err_set(err, ERR_USAGE, 0, "a %s order", message_kind_name(v.head.kind));
    r->head = v.head;
    r->head.is_receipt = true;
    r->head.receiver = v.head.sender;
    r->head.order = v.digest;
    r->head.time_ms = (uint64_t)clock_mono(clock_system());
    memset(r->head.session, 7, SESSION_LEN);
    fill(a, r);
    if (envelope_sign_receipt(r, m->key, &out, err) < 0)
        return -1;
    return envelope_seal(out.data, out.len, &v.head.sender, ret, err);
}

/* Serves one order on a connection, because the coordinator sends one. */
static int serve(const struct many *m, const struct one_agent *a, int fd, struct err *err)
{
    unsigned char greeting[SP_HELLO_LEN], head[SP_HEAD_LEN];
    auto_buf struct buf frame = BUF_INIT, said = BUF_INIT, out = BUF_INIT;
    uint32_t id;
    size_t n;

    if (read_all(fd, greeting, sizeof(greeting)) < 0 || read_all(fd, head, sizeof(head)) < 0 ||
        !sp_is_hello(greeting, SP_REQ) || !sp_read_head(head, FRAME_ORDER_MAX, &id, &n))
        return err_set(err, ERR_FORMAT, 0, "no request");
    frame.data = xalloc(n + 1);
    frame.cap = n + 1;
    frame.len = n;
    if (read_all(fd, frame.data, n) < 0)
        return err_set(err, ERR_FORMAT, 0, "half a request");
    if (answer(m, a, &frame, &said, err) < 0)
        return -1;
    sp_hello(greeting, SP_REP);
    sp_head(head, id, said.len);
    (void)buf_add(&out, greeting, sizeof(greeting));
    (void)buf_add(&out, head, sizeof(head));
    (void)buf_add(&out, said.data, said.len);
    if (send(fd, out.data, out.len, MSG_NOSIGNAL) != (ssize_t)out.len)
        return err_set(err, ERR_IO, errno, "answer");
    /* Wait until the other side has closed: the side that closes first keeps the port in TIME-WAIT.
     */
    return recv(fd, head, 1, 0) < 0 ? err_set(err, ERR_IO, errno, "wait for its end") : 0;
}

static void *work(void *arg)
{
    const struct many *m = arg;
    struct epoll_event e;

    for (;;) {
        if (epoll_wait(m->epoll, &e, 1, -1) != 1)
            continue;
        const struct one_agent *a = &m->agents[e.data.u32];
        autoclose int fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC);
        struct timeval limit = {PEER_MS / 1000, 0};
        struct err err = ERR_INIT;
        if (fd < 0)
            continue; /* another thread has accepted the connection */
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
        if (serve(m, a, fd, &err) < 0)
            fprintf(stderr, "many_agents: %s: %s\n", a->name, err.text);
    }
    return NULL;
}

static int listen_at(struct many *m, const char *address, struct err *err)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(AGENT_PORT)};
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = m->n};
    struct one_agent *a = &m->agents[m->n];
    int one = 1;

    if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
        return err_set(err, ERR_USAGE, 0, "%s is not an address", address);
    a->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (a->fd < 0)
        return err_set(err, ERR_IO, errno, "open a socket");
    setsockopt(a->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(a->fd, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(a->fd, 8) < 0 ||
        epoll_ctl(m->epoll, EPOLL_CTL_ADD, a->fd, &e) < 0)
        return err_set(err, ERR_IO, errno, "listen on %s", address);
    m->n++;
    return 0;
}

static int read_list(struct many *m, FILE *f, struct err *err)
{
    char address[40], runs[65], hex[65];

    pubkey_hex(hex, keypair_public(m->key));
    while (m->n < AGENTS_MAX) {
        struct one_agent *a = &m->agents[m->n];
        int got = fscanf(f, "%39s %39s %63s %64s", a->id, address, a->name, runs);
        if (got == EOF)
            return 0;
        if (got != 4 || digest_from_hex(runs, &a->runs) < 0)
            return err_set(err, ERR_FORMAT, 0, "line %u does not name an agent", m->n + 1);
        printf("%s %s %s\n", a->id, hex, a->name);
        if (listen_at(m, address, err) < 0)
            return -1;
    }
    return err_set(err, ERR_LIMIT, 0, "more than %d agents", AGENTS_MAX);
}

static int run(struct many *m, const char *path, struct err *err)
{
    struct rlimit files;
    FILE *f = fopen(path, "r");
    pthread_t others[THREADS];

    if (f == NULL)
        return err_set(err, ERR_IO, errno, "open %s", path);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)!setrlimit(RLIMIT_NOFILE, &files);
    }
    m->epoll = epoll_create1(EPOLL_CLOEXEC);
    int rv = read_list(m, f, err);
    fclose(f);
    if (rv < 0 || fclose(stdout) != 0)
        return -1;
    for (int i = 1; i < THREADS; i++)
        if (pthread_create(&others[i], NULL, work, m) != 0)
            return err_set(err, ERR_STATE, 0, "start a thread");
    fprintf(stderr, "ready\n");
    work(m);
    return 0;
}

int main(int argc, char **argv)
{
    struct err err = ERR_INIT;
    struct many m = {.agents = xzalloc(AGENTS_MAX, sizeof(struct one_agent))};

    if (argc != 2) {
        fprintf(stderr, "usage: many_agents LIST\n");
        return 2;
    }
    if (crypto_init(&err) == 0) {
        m.key = keypair_generate();
        if (run(&m, argv[1], &err) == 0)
            return 0;
    }
    fprintf(stderr, "many_agents: %s\n", err.text);
    return 1;
}
