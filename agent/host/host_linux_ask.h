/*
 * host_linux_ask.h - the half of the real ports that asks: processes, caravan-fetch.
 */
#ifndef HOST_LINUX_ASK_H
#define HOST_LINUX_ASK_H

#include "host_linux.h"

void host_linux_ask(struct host *h); /* fills in try_binary, process, fetch_*, ask, knock */

#endif
