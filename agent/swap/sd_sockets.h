/*
 * sd_sockets.h - the listening sockets that systemd started us with.
 */
#ifndef SD_SOCKETS_H
#define SD_SOCKETS_H

#include "err.h"

/* *ret_n is 0 when systemd did not start us by a socket. Only SEQPACKET Unix sockets
 * are taken, at most max; anything else is ERR_CONFIG. */
MUST_CHECK int sd_sockets_take(int *ret_fds, int max, int *ret_n, struct err *err);
/* For who cannot serve: hangs up on whoever waits at these sockets, so that systemd does
 * not start us again for them at once. */
void sd_sockets_hang_up(void);

#endif
