#include <poll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include "sd_sockets.h"

int sd_sockets_take(int *ret_fds, int max, int *ret_n, struct err *err)
{
    int n = sd_listen_fds(1);

    if (n < 0)
        return err_set(err, ERR_IO, -n, "take over systemd's sockets");
    if (n > max)
        return err_set(err, ERR_CONFIG, 0, "systemd handed over %d sockets, at most %d are known",
                       n, max);
    for (int i = 0; i < n; i++) {
        ret_fds[i] = SD_LISTEN_FDS_START + i;
        if (sd_is_socket_unix(ret_fds[i], SOCK_SEQPACKET, 1, NULL, 0) <= 0)
            return err_set(err, ERR_CONFIG, 0,
                           "systemd's socket %d is not ListenSequentialPacket=", i);
    }
    *ret_n = n;
    return 0;
}

void sd_sockets_hang_up(void)
{
    int n = sd_listen_fds(0);

    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        struct pollfd p = {fd, POLLIN, 0};
        int waiting = -1;

        if (sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, NULL, 0) <= 0)
            continue;
        /* The sockets block: only who is known to wait is fetched. */
        while (poll(&p, 1, 0) > 0 && (waiting = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
            close(waiting);
    }
}
