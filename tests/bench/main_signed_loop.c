/*
 * main_signed_loop.c - signed messages over nng and nothing else, to compare asking many agents
 * with.
 *
 *     signed_loop serve ADDRESS COUNT PORT    COUNT listeners from ADDRESS upwards; prints "ready"
 *     signed_loop ask ADDRESS COUNT PORT      asks each once, 64 at a time; prints ms and MB
 *
 * Each side is one process, with one REQ socket for each agent and one REP socket for each
 * listener. A request has 300 bytes and an Ed25519 signature, and so has the answer; both
 * signatures are verified. There are no seals and no identities, and no file is read or written.
 */
#include <arpa/inet.h>
#include <nng/nng.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BODY    300
#define OPEN    64
#define MESSAGE (BODY + crypto_sign_BYTES)
#define WAIT_MS 60000

struct keys {
    unsigned char pub[crypto_sign_PUBLICKEYBYTES], sec[crypto_sign_SECRETKEYBYTES];
};

enum stage { STAGE_SENDS, STAGE_HEARS };

struct end {
    nng_socket socket;
    nng_aio *aio;
    enum stage stage;
    struct loop *loop;
};

struct loop {
    struct keys keys; /* one key pair for all; signing takes the same time */
    uint32_t first;
    unsigned count;
    const char *port;
    atomic_uint next, answered;
};

static void check(int rv, const char *what)
{
    if (rv == 0)
        return;
    fprintf(stderr, "signed_loop: %s: %s\n", what, nng_strerror(rv));
    exit(1);
}

static nng_msg *signed_message(const struct keys *k)
{
    nng_msg *m;
    check(nng_msg_alloc(&m, MESSAGE), "message");
    unsigned char *p = nng_msg_body(m);
    memset(p, 'x', BODY);
    crypto_sign_detached(p + BODY, NULL, p, BODY, k->sec);
    return m;
}

static bool genuine(const struct keys *k, nng_msg *m)
{
    const unsigned char *p = nng_msg_body(m);
    return nng_msg_len(m) == MESSAGE && crypto_sign_verify_detached(p + BODY, p, BODY, k->pub) == 0;
}

/* inet_ntoa is safe here: in glibc every thread has a buffer of its own. */
static void url_of(char dst[64], uint32_t first, unsigned i, const char *port)
{
    struct in_addr a = {htonl(first + i)};
    snprintf(dst, 64, "tcp://%s:%s", inet_ntoa(a), port);
}

/* ---- the listening side ---- */

static void on_served(void *arg)
{
    struct end *e = arg;

    check(nng_aio_result(e->aio), "serve");
    if (e->stage == STAGE_SENDS) {
        e->stage = STAGE_HEARS;
        nng_recv_aio(e->socket, e->aio);
        return;
    }
    nng_msg *m = nng_aio_get_msg(e->aio);
    if (!genuine(&e->loop->keys, m))
        check(NNG_ECRYPTO, "a request");
    nng_msg_free(m);
    nng_aio_set_msg(e->aio, signed_message(&e->loop->keys));
    e->stage = STAGE_SENDS;
    nng_send_aio(e->socket, e->aio);
}

static void serve(struct loop *l)
{
    struct end *ends = calloc(l->count, sizeof(*ends));
    char url[64];

    for (unsigned i = 0; ends != NULL && i < l->count; i++) {
        struct end *e = &ends[i];
        url_of(url, l->first, i, l->port);
        e->loop = l;
        e->stage = STAGE_HEARS;
        check(nng_rep0_open(&e->socket), "open");
        check(nng_listen(e->socket, url, NULL, 0), url);
        check(nng_aio_alloc(&e->aio, on_served, e), "aio");
        nng_recv_aio(e->socket, e->aio);
    }
    fprintf(stderr, "ready\n");
    for (;;)
        pause();
}

/* ---- the asking side ---- */

static bool ask_one(const struct loop *l, const char *url)
{
    nng_socket socket;
    nng_msg *m = signed_message(&l->keys);

    check(nng_req0_open(&socket), "open");
    check(nng_socket_set_ms(socket, NNG_OPT_SENDTIMEO, WAIT_MS), "set a deadline");
    check(nng_socket_set_ms(socket, NNG_OPT_RECVTIMEO, WAIT_MS), "set a deadline");
    int rv = nng_dial(socket, url, NULL, 0);
    if (rv == 0)
        rv = nng_sendmsg(socket, m, 0);
    if (rv != 0)
        nng_msg_free(m);
    else
        rv = nng_recvmsg(socket, &m, 0);
    bool good = rv == 0 && genuine(&l->keys, m);
    if (rv == 0)
        nng_msg_free(m);
    nng_close(socket);
    return good;
}

static void *ask_some(void *arg)
{
    struct loop *l = arg;
    char url[64];
    unsigned i;

    while ((i = atomic_fetch_add(&l->next, 1)) < l->count) {
        url_of(url, l->first, i, l->port);
        if (ask_one(l, url))
            atomic_fetch_add(&l->answered, 1);
    }
    return NULL;
}

static void ask(struct loop *l)
{
    pthread_t threads[OPEN];
    struct timespec a, b;
    struct rusage used;

    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < OPEN; i++)
        check(pthread_create(&threads[i], NULL, ask_some, l), "start a thread");
    for (int i = 0; i < OPEN; i++)
        pthread_join(threads[i], NULL);
    clock_gettime(CLOCK_MONOTONIC, &b);
    getrusage(RUSAGE_SELF, &used);
    printf("%ld %ld %u\n", (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000,
           used.ru_maxrss / 1024, atomic_load(&l->answered));
}

int main(int argc, char **argv)
{
    static const unsigned char seed[crypto_sign_SEEDBYTES] = {1};
    struct loop l = {.count = 0};
    struct rlimit files;
    struct in_addr first;

    if (argc != 5 || inet_pton(AF_INET, argv[2], &first) != 1 || sodium_init() < 0) {
        fprintf(stderr, "usage: signed_loop serve|ask ADDRESS COUNT PORT\n");
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)!setrlimit(RLIMIT_NOFILE, &files);
    }
    crypto_sign_seed_keypair(l.keys.pub, l.keys.sec, seed);
    l.first = ntohl(first.s_addr);
    l.count = (unsigned)strtoul(argv[3], NULL, 10);
    l.port = argv[4];
    if (strcmp(argv[1], "serve") == 0)
        serve(&l);
    ask(&l);
    return l.answered < l.count;
}
