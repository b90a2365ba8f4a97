#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "clock.h"
#include "str.h"
#include "swap_channel.h"

/* Waits for events until the deadline. ret_revents tells which came. */
static int wait_for(int fd, short events, int64_t until, short *ret_revents, struct err *err)
{
    for (;;) {
        int64_t left = until - clock_mono(clock_system());
        struct pollfd p = {fd, events, 0};
        int n = poll(&p, 1, left > 0 ? (int)left : 0);
        if (n > 0) {
            *ret_revents = p.revents;
            return 0;
        }
        if (n == 0)
            return err_set(err, ERR_TIMEOUT, 0, "caravan-swap did not answer within %d s",
                           SWAP_ANSWER_MS / 1000);
        if (errno != EINTR)
            return err_set(err, ERR_IO, errno, "wait for caravan-swap");
    }
}

static int send_order(int fd, const void *inner, size_t n, int64_t until, struct err *err)
{
    for (;;) {
        ssize_t sent = send(fd, inner, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        short revents;
        if (sent == (ssize_t)n)
            return 0;
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno != EAGAIN)
            return err_set(err, ERR_STATE, errno, "hand the order to caravan-swap");
        if (wait_for(fd, POLLOUT, until, &revents, err) < 0) {
            err->kind = ERR_STATE;
            return -1;
        }
    }
}

/* A SEQPACKET read of 0 is an empty packet or the end; only poll tells them apart. */
static int receive(int fd, struct buf *ret, int64_t until, struct err *err)
{
    autofree unsigned char *packet = xalloc(INNER_RECEIPT_MAX + 1);
    short revents = 0;

    if (wait_for(fd, POLLIN, until, &revents, err) < 0)
        return -1;
    ssize_t got = recv(fd, packet, INNER_RECEIPT_MAX + 1, MSG_DONTWAIT);
    if (got < 0)
        return err_set(err, ERR_NETWORK, errno, "receive from caravan-swap");
    if (got == 0 && (revents & (POLLHUP | POLLRDHUP)) != 0)
        return err_set(err, ERR_NETWORK, 0, "caravan-swap closed the connection");
    if (got > (ssize_t)INNER_RECEIPT_MAX)
        return err_set(err, ERR_LIMIT, 0, "caravan-swap's receipt exceeds %d bytes",
                       (int)INNER_RECEIPT_MAX);
    buf_clear(ret);
    return buf_add(ret, packet, (size_t)got);
}

/* An answer that came after its deadline must not pass for the next one. */
static void drop_late(int fd)
{
    char c;
    while (recv(fd, &c, sizeof(c), MSG_DONTWAIT) > 0)
        ;
}

static bool is_answer_to(const struct buf *receipt, const struct digest *order)
{
    struct verified v;
    struct err why = ERR_INIT;
    return envelope_verify(receipt->data, receipt->len, &v, &why) == 0 && v.head.is_receipt &&
           digest_eq(&v.head.order, order);
}

int swap_channel_call(int fd, const void *inner, size_t n, struct buf *ret_receipt, struct err *err)
{
    int64_t until = clock_mono(clock_system()) + SWAP_ANSWER_MS;
    struct digest order;
    auto_buf struct buf receipt = BUF_INIT;

    if (n > INNER_ORDER_MAX)
        return err_set(err, ERR_LIMIT, 0, "an order of %zu bytes", n);
    crypto_digest(inner, n, &order);
    drop_late(fd);
    if (send_order(fd, inner, n, until, err) < 0)
        return -1;
    do {
        if (receive(fd, &receipt, until, err) < 0)
            return -1;
    } while (receipt.len > 0 && !is_answer_to(&receipt, &order));
    buf_clear(ret_receipt);
    return buf_add(ret_receipt, receipt.data, receipt.len);
}

int swap_channel_connect(const char *path, int *ret_fd, struct err *err)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    if (str_copy(a.sun_path, sizeof(a.sun_path), path) < 0)
        return err_set(err, ERR_CONFIG, 0, "%s is too long for a socket's path", path);
    autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "make a socket");
    while (connect(fd, (const struct sockaddr *)&a, sizeof(a)) < 0)
        if (errno != EINTR)
            return err_set(err, ERR_NETWORK, errno, "connect to caravan-swap at %s", path);
    *ret_fd = take_fd(&fd);
    return 0;
}
