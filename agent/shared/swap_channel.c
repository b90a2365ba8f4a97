#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "clock.h"
#include "str.h"
#include "swap_channel.h"

/* Waits for one of `events` until the deadline. *ret_revents: the events that came. */
static int wait_for_swap(int fd, short events, int64_t until, short *ret_revents, struct err *err)
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
            return err_set(err, ERR_STATE, errno, "send the order to caravan-swap");
        if (wait_for_swap(fd, POLLOUT, until, &revents, err) < 0) {
            err->kind = ERR_STATE;
            return -1;
        }
    }
}

/* A SEQPACKET read of 0 bytes is an empty packet or the end of the connection. Only poll shows the
 * difference. */
static int receive_from_swap(int fd, struct buf *ret, int64_t until, struct err *err)
{
    autofree unsigned char *packet = xalloc(INNER_RECEIPT_MAX + 1);
    short revents = 0;

    if (wait_for_swap(fd, POLLIN, until, &revents, err) < 0)
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

/* Drops answers that came after their deadline, so that they do not look like the next answer. */
static void drop_late_answers(int fd)
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

struct swap_packet swap_packet_split(const void *packet, size_t n)
{
    size_t order = n < INNER_HEADER_LEN ? n : envelope_inner_len(packet);

    if (order > n)
        order = n;
    return (struct swap_packet){packet, order, (const unsigned char *)packet + order, n - order};
}

int swap_channel_call(int fd, const struct swap_packet *p, struct buf *ret_receipt, struct err *err)
{
    int64_t until = clock_mono(clock_system()) + SWAP_ANSWER_MS;
    struct digest order;
    auto_buf struct buf packet = BUF_INIT;
    auto_buf struct buf receipt = BUF_INIT;

    if (p->n > INNER_ORDER_MAX || p->n_lease > SWAP_LEASE_MAX)
        return err_set(err, ERR_LIMIT, 0,
                       "the order (%zu bytes) or its lease order (%zu bytes) is too large", p->n,
                       p->n_lease);
    crypto_digest(p->order, p->n, &order);
    (void)buf_add(&packet, p->order, p->n);
    if (p->n_lease > 0)
        (void)buf_add(&packet, p->lease, p->n_lease);
    drop_late_answers(fd);
    if (send_order(fd, packet.data, packet.len, until, err) < 0)
        return -1;
    do {
        if (receive_from_swap(fd, &receipt, until, err) < 0)
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
