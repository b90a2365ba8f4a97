#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include "sd_sockets.h"

static bool is_socket_of_type(int type, int fd)
{
    if (type == SOCK_SEQPACKET)
        return sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, NULL, 0) > 0;
    return sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, 1, 0) > 0;
}

int sd_sockets_take(int type, int *ret_fds, int max, int *ret_n, struct err *err)
{
    int n = sd_listen_fds(1);

    if (n < 0)
        return err_set(err, ERR_IO, -n, "take the sockets that systemd passed");
    if (n > max)
        return err_set(err, ERR_CONFIG, 0,
                       "systemd passed %d sockets; this program takes at most %d", n, max);
    for (int i = 0; i < n; i++) {
        ret_fds[i] = SD_LISTEN_FDS_START + i;
        if (!is_socket_of_type(type, ret_fds[i]))
            return err_set(err, ERR_CONFIG, 0, "socket %d that systemd passed is not %s", i,
                           type == SOCK_SEQPACKET ? "ListenSequentialPacket="
                                                  : "ListenStream= with an address and a port");
    }
    *ret_n = n;
    return 0;
}

void sd_sockets_hang_up(const int *fds, int n)
{
    for (int i = 0; i < n; i++) {
        struct pollfd p = {fds[i], POLLIN, 0};
        int waiting = -1;

        /* The socket may be a blocking one: accept only when a connection is waiting. */
        while (poll(&p, 1, 0) > 0 && (waiting = accept4(fds[i], NULL, NULL, SOCK_CLOEXEC)) >= 0)
            close(waiting);
    }
}
