/*
 * link_error.h - nng's positive codes become one err.
 */
#ifndef LINK_ERROR_H
#define LINK_ERROR_H

#include "err.h"

/* "<fmt>: <nng's words>", with the kind the code stands for: ERR_TIMEOUT, ERR_NETWORK,
 * ERR_BUSY (address in use), ERR_USAGE (bad address), ERR_LIMIT (too large), ERR_IO. */
int link_error(struct err *err, int code, const char *fmt, ...) PRINTF(3, 4);

#endif
