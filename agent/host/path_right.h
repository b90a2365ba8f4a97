/*
 * path_right.h - may a process read, write or enter what lies at a path? Pure.
 *
 * By owner, group and mode, as the kernel judges (path_resolution(7)); root's two capabilities go
 * before them. What an access list or a server far away decides is not known: TRI_UNKNOWN.
 */
#ifndef PATH_RIGHT_H
#define PATH_RIGHT_H

#include "message.h"

#define PATH_READ  4
#define PATH_WRITE 2
#define PATH_ENTER 1

#define PATH_GROUPS 64

/* As whom a process runs. */
struct path_user {
    uint32_t uid, gid;
    uint32_t n_groups;
    bool more_groups;           /* than fit: another may be among them */
    bool reads_all, writes_all; /* CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE */
    uint32_t groups[PATH_GROUPS];
};

struct path_owner {
    uint32_t uid, gid, mode;
    bool dir;
    bool listed; /* it has an access list that says more than the mode */
    bool far;    /* on a file system whose server judges too */
};

/* need: PATH_READ, PATH_WRITE, PATH_ENTER together; 0: may always. */
enum tri path_may(const struct path_user *u, const struct path_owner *o, uint32_t need);

/* The text of /proc/PID/status: Uid, Gid and Groups, the second of each (effective), and CapEff.
 * -1: one of them is missing. */
MUST_CHECK int path_user_parse(const char *text, struct path_user *ret);

#endif
