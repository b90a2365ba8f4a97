/*
 * host_linux_below.h - the ports of host.h that walk below a directory without following
 * links, and make directories of our own.
 */
#ifndef HOST_LINUX_BELOW_H
#define HOST_LINUX_BELOW_H

#include "host.h"

void host_linux_below(struct host *h); /* sets those ports */

#endif
