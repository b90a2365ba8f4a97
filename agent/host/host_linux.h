/*
 * host_linux.h - the real ports of host.h: the kernel, caravan-fetch, the service.
 *
 * Calling sequence: the caller sets `who` and `service`; host_linux returns the table;
 * host_linux_done ends everything that is open. A conversation with caravan-fetch begins with the
 * first question that needs one. It ends with fetch_end or ask_end, or with an error that broke
 * it. A port that needs more than a few kernel calls has a file of its own (dir_names, plain_tree,
 * file_way, file_users, unit_files, package_known, package_lock, binary_trial, config_trial,
 * look_call, sockets). One thread.
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
    int package_fd; /* the package managers' lock while this process holds it; 0: not held */
};

/* The caller has set l->who and l->service. l must outlive the table. */
struct host host_linux(struct host_linux *l);
void host_linux_done(struct host_linux *l); /* ends conversations, frees the service */

#endif
