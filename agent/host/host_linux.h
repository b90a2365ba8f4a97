/*
 * host_linux.h - the real ports of host.h: the kernel, caravan-fetch, the service.
 *
 * Calling sequence: `who` and `service` are set, host_linux gives the table, host_linux_done
 * ends what is open. Conversations with caravan-fetch begin at the first question that needs
 * one and end with fetch_end, ask_end, or an error that broke them. What takes more than a few
 * kernel calls is a noun of its own (dir_names, plain_tree, file_way, file_users, unit_files,
 * package_known, package_lock, binary_trial, config_trial, look_call, sockets). One thread.
 */
#ifndef HOST_LINUX_H
#define HOST_LINUX_H

#include "fetch_call.h"
#include "look_call.h"
#include "package_known.h"

struct host_linux {
    struct fetch_who who;
    struct service service;
    struct fetch_call *fetching;
    struct fetch_call *asking;
    struct fetch_call *unzipping;
    struct look_left looks;
    struct package_known package;
    int package_fd; /* the package managers' lock, held; 0: not held */
};

/* l->who and l->service are set by the caller; l must outlive the table. */
struct host host_linux(struct host_linux *l);
void host_linux_done(struct host_linux *l); /* ends conversations, frees the service */

#endif
