/*
 * path_right.h - may a process read, write or enter the file or directory at a path? Pure.
 *
 * The answer follows from owner, group and mode, as in the kernel (path_resolution(7)). Two
 * capabilities of root go before them. If an access list or a remote file server decides, the
 * answer is TRI_UNKNOWN.
 */
#ifndef PATH_RIGHT_H
#define PATH_RIGHT_H

#include "message.h"

#define PATH_READ  4
#define PATH_WRITE 2
#define PATH_ENTER 1

#define PATH_GROUPS 64

/* The user, groups and rights with which a process runs. */
struct path_user {
    uint32_t uid, gid;
    uint32_t n_groups;
    bool more_groups;           /* the process has more groups than fit into the list */
    bool reads_all, writes_all; /* CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE */
    uint32_t groups[PATH_GROUPS];
};

struct path_owner {
    uint32_t uid, gid, mode;
    bool dir;
    bool listed; /* an access list says more than the mode */
    bool far;    /* the server of the file system decides too */
};

/* need: any of PATH_READ, PATH_WRITE, PATH_ENTER, or-ed; 0: the answer is TRI_YES. */
enum tri path_may_access(const struct path_user *u, const struct path_owner *o, uint32_t need);

/* Parses the text of /proc/PID/status: the second numbers of Uid and Gid (the effective ids),
 * Groups and CapEff. -1: one of these lines is missing or wrong. */
MUST_CHECK int path_user_parse(const char *text, struct path_user *ret);

#endif
