/*
 * host_linux.h - the real ports of host.h: the kernel, caravan-fetch, the service.
 */
#ifndef HOST_LINUX_H
#define HOST_LINUX_H

#include "fetch_call.h"

struct host_linux {
    struct fetch_who who;
    struct service service;
    struct fetch_call *fetching;
    struct fetch_call *asking;
    int package_fd; /* the package managers' lock, held; 0: not held */
};

/* l->who and l->service are set by the caller; l must outlive the table. */
struct host host_linux(struct host_linux *l);
void host_linux_done(struct host_linux *l); /* ends conversations, frees the service */

#endif
