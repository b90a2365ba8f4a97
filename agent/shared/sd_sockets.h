/*
 * sd_sockets.h - the listening sockets that systemd started us with.
 *
 * type says which kind a program is for: SOCK_SEQPACKET, Unix sockets; SOCK_STREAM, TCP of either
 * family. Any other is not taken.
 */
#ifndef SD_SOCKETS_H
#define SD_SOCKETS_H

#include "err.h"

/* *ret_n is 0 when systemd did not start us by a socket. At most max sockets, all of the type;
 * anything else is ERR_CONFIG. */
MUST_CHECK int sd_sockets_take(int type, int *ret_fds, int max, int *ret_n, struct err *err);
/* For who cannot serve: hangs up on whoever waits at the sockets taken, so that systemd does
 * not start us again for them at once. */
void sd_sockets_hang_up(const int *fds, int n);

#endif
