/*
 * link_error.h - turns a code of nng into a struct err.
 */
#ifndef LINK_ERROR_H
#define LINK_ERROR_H

#include "err.h"

/* Fills in "<fmt>: <text of nng>" and the kind for the code: ERR_TIMEOUT, ERR_NETWORK, ERR_BUSY
 * (address in use), ERR_USAGE (bad address), ERR_LIMIT (too large), ERR_STATE (cancelled), else
 * ERR_IO. Returns -1. */
int link_error(struct err *err, int code, const char *fmt, ...) PRINTF(3, 4);

#endif
