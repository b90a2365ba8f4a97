#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "fake_swap.h"
#include "str.h"

struct fake_swap {
    pthread_t thread;
    pthread_mutex_t lock;
    int listen_fd, stop[2];
    const struct keypair *key;
    enum fake_swap_does does;
    unsigned count, connections;
    struct buf last, lease;
};

static void sign_receipt(struct fake_swap *f, const struct verified *v, struct buf *ret)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct err err = ERR_INIT;

    r->head = v->head;
    r->head.is_receipt = true;
    r->head.receiver = v->head.sender;
    r->head.order = v->digest;
    str_cut(r->u.done.text, sizeof(r->u.done.text), "by the fake");
    r->u.done.last_sequence = v->head.sequence;
    if (envelope_sign_receipt(r, f->key, ret, &err) < 0)
        abort();
}

/* False: the thread closes the connection. */
static bool serve_one(struct fake_swap *f, int fd)
{
    unsigned char bytes[SWAP_PACKET_MAX + 1];
    auto_buf struct buf receipt = BUF_INIT;
    struct verified v;
    struct err err = ERR_INIT;

    ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
    if (n <= 0)
        return false;
    const struct swap_packet packet = swap_packet_split(bytes, (size_t)n);
    if (envelope_verify(packet.order, packet.n, &v, &err) < 0)
        return false;
    pthread_mutex_lock(&f->lock);
    enum fake_swap_does does = f->does;
    f->count++;
    buf_clear(&f->last);
    buf_add(&f->last, packet.order, packet.n);
    buf_clear(&f->lease);
    if (packet.n_lease > 0)
        buf_add(&f->lease, packet.lease, packet.n_lease);
    pthread_mutex_unlock(&f->lock);
    if (does == FAKE_HANG_UP)
        return false;
    if (does == FAKE_STALE_FIRST) {
        struct verified other = v;
        other.digest.bytes[0] ^= 1;
        sign_receipt(f, &other, &receipt);
        if (send(fd, receipt.data, receipt.len, MSG_NOSIGNAL) < 0)
            return false;
        buf_clear(&receipt);
    }
    if (does != FAKE_SILENT && (does != FAKE_OF_BEFORE || packet.n_lease == 0))
        sign_receipt(f, &v, &receipt);
    return send(fd, receipt.len > 0 ? (const void *)receipt.data : "", receipt.len, MSG_NOSIGNAL) >=
           0;
}

static void *serve(void *arg)
{
    struct fake_swap *f = arg;
    autoclose int fd = -1;

    for (;;) {
        struct pollfd p[] = {{f->stop[0], POLLIN, 0}, {f->listen_fd, POLLIN, 0}, {fd, POLLIN, 0}};
        if (poll(p, ARRAY_LEN(p), -1) < 0 || p[0].revents != 0)
            return NULL;
        if (p[2].revents != 0 && !serve_one(f, fd)) {
            close(fd);
            fd = -1;
        }
        if (p[1].revents != 0) {
            if (fd >= 0)
                close(fd);
            fd = accept4(f->listen_fd, NULL, NULL, SOCK_CLOEXEC);
            pthread_mutex_lock(&f->lock);
            f->connections++;
            pthread_mutex_unlock(&f->lock);
        }
    }
}

struct fake_swap *fake_swap_start(const char *path, const struct keypair *key)
{
    struct fake_swap *f = xzalloc(1, sizeof(*f));
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    f->key = key;
    pthread_mutex_init(&f->lock, NULL);
    unlink(path);
    f->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (str_copy(a.sun_path, sizeof(a.sun_path), path) < 0 || f->listen_fd < 0 ||
        bind(f->listen_fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(f->listen_fd, 8) < 0 ||
        pipe(f->stop) < 0 || pthread_create(&f->thread, NULL, serve, f) != 0)
        abort();
    return f;
}

void fake_swap_stop(struct fake_swap *f)
{
    if (f == NULL)
        return;
    if (write(f->stop[1], "x", 1) != 1)
        abort();
    pthread_join(f->thread, NULL);
    close(f->stop[0]);
    close(f->stop[1]);
    close(f->listen_fd);
    buf_free(&f->last);
    buf_free(&f->lease);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void fake_swap_does(struct fake_swap *f, enum fake_swap_does what)
{
    pthread_mutex_lock(&f->lock);
    f->does = what;
    pthread_mutex_unlock(&f->lock);
}

unsigned fake_swap_count(struct fake_swap *f)
{
    pthread_mutex_lock(&f->lock);
    unsigned n = f->count;
    pthread_mutex_unlock(&f->lock);
    return n;
}

unsigned fake_swap_connections(struct fake_swap *f)
{
    pthread_mutex_lock(&f->lock);
    unsigned n = f->connections;
    pthread_mutex_unlock(&f->lock);
    return n;
}

static void copy_out(struct fake_swap *f, const struct buf *from, struct buf *ret)
{
    pthread_mutex_lock(&f->lock);
    buf_clear(ret);
    if (from->len > 0)
        buf_add(ret, from->data, from->len);
    pthread_mutex_unlock(&f->lock);
}

void fake_swap_last(struct fake_swap *f, struct buf *ret)
{
    copy_out(f, &f->last, ret);
}

void fake_swap_lease(struct fake_swap *f, struct buf *ret)
{
    copy_out(f, &f->lease, ret);
}
