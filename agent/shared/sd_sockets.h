/*
 * sd_sockets.h - the listening sockets that systemd passed to this program.
 *
 * `type` is the kind of socket that the program needs: SOCK_SEQPACKET for Unix sockets, SOCK_STREAM
 * for TCP over IPv4 or IPv6. A socket of another kind is an error.
 */
#ifndef SD_SOCKETS_H
#define SD_SOCKETS_H

#include "err.h"

/* *ret_n is 0 when systemd passed no socket. ERR_CONFIG: systemd passed more than max sockets, or a
 * socket of another kind. The sockets stay open until the program ends. */
MUST_CHECK int sd_sockets_take(int type, int *ret_fds, int max, int *ret_n, struct err *err);
/* For a program that cannot serve and is about to end: closes all connections that wait at these
 * sockets, so that systemd does not start the program again for them at once. */
void sd_sockets_hang_up(const int *fds, int n);

#endif
