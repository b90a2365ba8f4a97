#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include "cleanup.h"
#include "clock.h"
#include "knock.h"
#include "str.h"

AUTO_DEFINE(addrinfo, struct addrinfo, freeaddrinfo)
#define auto_addrinfo CLEANUP(cleanup_addrinfo)

static int wait_connected(int fd, int64_t until, struct err *err)
{
    int n;
    int sys = 0;
    socklen_t len = sizeof(sys);
    do {
        int64_t left = until - clock_mono(clock_system());
        struct pollfd p = {fd, POLLOUT, 0};
        n = poll(&p, 1, left > 0 ? (int)left : 0);
    } while (n < 0 && errno == EINTR);
    if (n == 0)
        return err_set(err, ERR_TIMEOUT, 0, "no answer in time");
    if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &sys, &len) < 0)
        return err_set(err, ERR_IO, errno, "wait for a connection");
    return sys == 0 ? 0 : err_set(err, ERR_NETWORK, sys, "connect");
}

int knock_at(const char *host, const char *port, int64_t deadline_ms, struct err *err)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
    };
    int64_t until = clock_mono(clock_system()) + MIN_OF(deadline_ms, KNOCK_DEADLINE_MAX_MS);
    auto_addrinfo struct addrinfo *a = NULL;
    uint64_t number;

    if (str_to_u64(port, 65535, &number) < 0 || number == 0)
        return err_set(err, ERR_USAGE, 0, "not a port: %.40s", port);
    int rv = getaddrinfo(host, port, &hints, &a);
    if (rv != 0)
        return err_set(err, ERR_USAGE, 0, "%.100s is not a numeric address: %s", host,
                       gai_strerror(rv));
    autoclose int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "make a socket");
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return err_set(err, ERR_NETWORK, errno, "connect to %s port %s", host, port);
    if (wait_connected(fd, until, err) < 0)
        return err_wrap(err, "%s port %s", host, port);
    return 0;
}
