/*
 * host.h - the host as caravan-swap's phases see it: ports, as a table of functions.
 *
 * host_linux.c is the real one; the tests have a model with volatile and durable
 * state apart, which can be crashed after every operation. So the phases reach
 * nothing of the machine but through here, and every operation is as small as the
 * kernel's own: what is durable when is visible in the phases.
 *
 * Files and directories are open handles (small numbers >= 0). A name is looked up in a
 * directory that is held open (open_dir), so that who may rename that directory, or put a
 * link in its place, leads root nowhere; in place of a directory HOST_OWN_PATH says that the
 * name is a path that needs no such care. open refuses symbolic links and what is no
 * regular file. create never opens what exists. Nothing is durable before sync (content) and
 * sync_dir (names); rename and link are atomic, and never follow what they find. Absence is
 * not an error for stat and unlink.
 *
 * Times: uptime is CLOCK_BOOTTIME in ms, wall is CLOCK_REALTIME in ns.
 * The asking ports go through caravan-fetch (fetch_call.h); none of them lasts
 * longer than its deadline. Fetching and the service never block: begin, poll.
 */
#ifndef HOST_H
#define HOST_H

#include "fetch_job.h"
#include "heartbeat.h"
#include "path_right.h"
#include "service.h"
#include "tcp_table.h"
#include "version.h"

/* The name is an absolute path: every directory on its way is root's own (or ours), or it is
 * only read, by a port that goes through links. */
#define HOST_OWN_PATH (-100)

struct host_stat {
    bool there;
    uint64_t dev, ino, size;
    uint32_t mode; /* permission bits */
    uint32_t uid, gid, links;
    int64_t mtime_ns, ctime_ns;
};

struct host_room {
    uint64_t dev;  /* equal devices share their room */
    uint64_t free; /* bytes */
    bool read_only, noexec;
};

/* How the execution of one name leads to a file. */
struct host_way {
    bool there;
    bool through; /* the other name is it, or is one of the links on its way */
    bool same;    /* both end at the same file */
};

/* Who else has a file open as its program. */
struct host_users {
    uint32_t n;   /* agents; helpers and commands that end by themselves do not count */
    uint32_t pid; /* of the first one */
};

struct host_package {
    enum tri owned;     /* unknown: its package manager could not be asked */
    enum tri kept;      /* held, or diverted: an upgrade leaves the file alone */
    char manager[8];    /* dpkg, rpm */
    char name[64];      /* "nomad 1.9.7-1" */
    char how[80];       /* kept: "held" */
    char why[TEXT_MAX]; /* unknown */
};

struct host_clock {
    enum tri synchronised;
    int64_t error_us; /* the kernel's own estimate of the most it can be wrong */
};

/* What the file system keeps beside a file's content. */
struct host_attributes {
    bool there;
    uint32_t mode, uid, gid;
    char label[128];     /* security.selinux; "" none */
    char capability[64]; /* security.capability in hexadecimal; "" none */
};

#define HOST_NAMES 256

/* What lies in a directory, but for directories, by name. */
struct host_names {
    bool dir;  /* false: it is none, but there */
    bool more; /* than these */
    uint32_t n;
    struct host_name {
        char name[128]; /* longer ones are among the `more` */
        bool program;   /* a file that may be executed, also through links */
    } list[HOST_NAMES];
};

enum fetch_state { FETCH_WORKING, FETCH_DONE, FETCH_FAILED };

struct fetch_news {
    enum fetch_state state;
    uint64_t done, total;
    char path[256];       /* FETCH_DONE: the unpacked binary, inside the job's dir */
    enum failure failure; /* FETCH_FAILED */
    char text[TEXT_MAX];
};

/* What runs as the service's main process. */
struct host_process {
    bool there;
    uint64_t dev, ino; /* of the file it executes */
};

#define LOOK_CONTENT 65536

/* A path, and what a process needs of it. */
struct host_wish {
    char path[256];
    uint32_t need; /* PATH_READ, PATH_WRITE, PATH_ENTER; every directory before it is entered */
    bool content;  /* of a regular file, its first LOOK_CONTENT bytes */
    bool sum;      /* of the regular files below a directory */
    bool kind;     /* what is there */
    bool pattern;  /* the path is one of a shell: is there anything that fits? The need is not asked
                    */
};

enum look_end {
    LOOK_UNKNOWN, /* not looked at */
    LOOK_FINE,    /* there, and the need is met */
    LOOK_UNSURE,  /* there; an access list or a server decides about the need */
    LOOK_MISSING,
    LOOK_DENIED,
    LOOK_READ_ONLY, /* its file system, where PATH_WRITE is needed */
    LOOK_FAILED,    /* error tells */
    LOOK_HANGS,     /* no answer within 2 s */
    LOOK_SKIPPED,   /* too many others hang */
};

struct host_look {
    enum look_end end;
    int error;          /* LOOK_FAILED: errno */
    bool dir;           /* what is there is a directory */
    bool cut;           /* there is more than the content, or the sum, tells */
    uint64_t bytes;     /* the sum */
    char where[256];    /* LOOK_MISSING, LOOK_DENIED: which part of the path, behind links */
    size_t len;         /* of the content */
    struct buf content; /* the caller frees it */
    bool link;          /* its last name is a symbolic link, wherever that leads */
    struct host_kind {  /* told where it was asked for */
        uint32_t mode;  /* st_mode */
        uint64_t size;
        bool empty; /* a directory */
        bool mount, read_only;
    } kind;
};

/* Who has a socket. */
struct host_owner {
    bool there;
    bool own; /* Nomad's main process, or one that descends from it */
    uint32_t pid;
    char name[24];
};

/* What gpgv judges: a binary keyring, a detached signature, and what was signed. */
struct host_signed {
    const struct buf *keyring, *signature, *text;
};

struct host {
    void *ctx;

    /* A directory: root, which may be reached through links, or ("" is root itself) what lies
     * below it; from root on no link is followed (ERR_FORMAT). ERR_NOTFOUND: nothing is there.
     * stat_of tells its device and inode. */
    MUST_CHECK int (*open_dir)(void *ctx, const char *root, const char *path, int *ret_h,
                               struct err *err);
    /* Every name in it, also of directories; `program` is not told. */
    MUST_CHECK int (*list)(void *ctx, int dir, struct host_names *ret, struct err *err);
    /* Who may put another file into it, besides root and ourselves, for people; "" nobody. A
     * group counts when it has members besides those. */
    MUST_CHECK int (*writers)(void *ctx, int dir, char *dst, size_t n, struct err *err);

    MUST_CHECK int (*open)(void *ctx, int dir, const char *name, int *ret_h, struct err *err);
    /* The same for the binary in place, which may be a link: what it leads to. */
    MUST_CHECK int (*open_through)(void *ctx, int dir, const char *name, int *ret_h,
                                   struct err *err);
    MUST_CHECK int (*create)(void *ctx, int dir, const char *name, uint32_t mode, int *ret_h,
                             struct err *err);
    /* What is there, to be written over from its begin; no symbolic link. */
    MUST_CHECK int (*open_write)(void *ctx, int dir, const char *name, int *ret_h, struct err *err);
    MUST_CHECK int (*read_at)(void *ctx, int h, uint64_t at, void *p, size_t n, size_t *ret_n,
                              struct err *err);
    MUST_CHECK int (*write)(void *ctx, int h, const void *p, size_t n, struct err *err);
    MUST_CHECK int (*cut)(void *ctx, int h, uint64_t size, struct err *err);
    /* Group, label and mode of the open file `like`, of the mode no more than 0755: setuid, setgid
     * and capabilities are never given to other bytes than those that have them. The owner stays
     * us: another one may write. Where `like` is another's everybody may read and execute. */
    MUST_CHECK int (*adopt)(void *ctx, int h, int like, struct err *err);
    MUST_CHECK int (*sync)(void *ctx, int h, struct err *err);
    MUST_CHECK int (*stat_of)(void *ctx, int h, struct host_stat *ret, struct err *err);
    void (*close)(void *ctx, int h);

    MUST_CHECK int (*stat)(void *ctx, int dir, const char *name, struct host_stat *ret,
                           struct err *err);
    MUST_CHECK int (*stat_through)(void *ctx, int dir, const char *name, struct host_stat *ret,
                                   struct err *err);
    /* Where a symbolic link points; "" when it is none. */
    MUST_CHECK int (*link_of)(void *ctx, int dir, const char *name, char *dst, size_t n,
                              struct err *err);
    MUST_CHECK int (*rename)(void *ctx, int dir, const char *from, const char *to, struct err *err);
    MUST_CHECK int (*link)(void *ctx, int dir, const char *from, const char *to, struct err *err);
    MUST_CHECK int (*unlink)(void *ctx, int dir, const char *name, struct err *err);
    /* name: of a directory; ".": dir itself. */
    MUST_CHECK int (*sync_dir)(void *ctx, int dir, const char *name, struct err *err);
    MUST_CHECK int (*room)(void *ctx, int dir, const char *name, struct host_room *ret,
                           struct err *err);
    /* Newest mtime or ctime of dir and of everything below it; 0 when dir is absent. */
    MUST_CHECK int (*newest)(void *ctx, const char *dir, int64_t *ret_ns, struct err *err);

    /* ERR_NOTFOUND: nothing is there. */
    MUST_CHECK int (*names)(void *ctx, const char *path, struct host_names *ret, struct err *err);

    /* Paths as with HOST_OWN_PATH. */
    MUST_CHECK int (*make_dir)(void *ctx, const char *path, uint32_t mode, struct err *err);
    MUST_CHECK int (*remove_dir)(void *ctx, const char *path, struct err *err); /* empty */

    int64_t (*uptime)(void *ctx);
    int64_t (*wall)(void *ctx);

    /* Runs the open file's `version` without rights and compares; *ret_failure tells what is
     * wrong with the binary, FAILURE_NONE that it runs here. -1: it cannot be tried here. */
    MUST_CHECK int (*try_binary)(void *ctx, int binary, const char *version,
                                 enum failure *ret_failure, char ret_text[static TEXT_MAX],
                                 struct err *err);
    /* Runs the open file's `version` in the same way: TRI_YES and the version ("1.9.7") when it
     * prints what Nomad does, TRI_NO: another program; TRI_UNKNOWN: it cannot be tried. Else the
     * text says why. */
    enum tri (*version_of)(void *ctx, int binary, char ret_version[static VERSION_TEXT],
                           char ret_text[static TEXT_MAX]);
    /* Would the new binary accept Nomad's configuration? TRI_YES: it rejects it. The text
     * says what it said, or why that cannot be told. old: the open one in place, -1 none. */
    enum tri (*try_config)(void *ctx, int binary, int old, const char *version,
                           char ret_text[static TEXT_MAX]);

    /* gpgv's status lines of this, behind a wall, as a user of their own (vendor_trial.h). -1: it
     * could not be asked; the text says why. */
    MUST_CHECK int (*verify)(void *ctx, const struct host_signed *what, struct buf *ret_status,
                             struct err *err);
    /* The binary of this size and digest out of the open zip, unpacked likewise. Read in pieces of
     * at most n bytes: *ret_n 0: none came within a moment. ERR_REFUSED: the zip is not as it
     * should be. unzip_end at any time. */
    MUST_CHECK int (*unzip_begin)(void *ctx, int zip, uint64_t size, const struct digest *digest,
                                  struct err *err);
    MUST_CHECK int (*unzip_read)(void *ctx, void *p, size_t n, size_t *ret_n, struct err *err);
    void (*unzip_end)(void *ctx);

    /* Does executing `name` execute what the name `target` stands for? */
    MUST_CHECK int (*way)(void *ctx, const char *name, const char *target, struct host_way *ret,
                          struct err *err);
    /* Nomad agents that execute the file dev, ino, but for the process `except` and its children.
     */
    MUST_CHECK int (*users)(void *ctx, uint64_t dev, uint64_t ino, uint32_t except,
                            struct host_users *ret, struct err *err);
    /* Would a unit, not `fragment`, start this program as an agent (unit_files.h)? dst: which. */
    enum tri (*unit_naming)(void *ctx, const char *program, const char *fragment, char *dst,
                            size_t n);
    /* Is there a user, or a group, of this name (account_names.h)? */
    enum tri (*account)(void *ctx, bool group, const char *name);
    void (*package)(void *ctx, const char *path, struct host_package *ret);
    /* The package managers' own lock, held against them. TRI_NO: one of them works just
     * now. TRI_UNKNOWN: there is none, or we may not. */
    enum tri (*package_lock)(void *ctx);
    void (*package_unlock)(void *ctx);
    MUST_CHECK int (*clock)(void *ctx, struct host_clock *ret, struct err *err);
    /* Through links. */
    MUST_CHECK int (*attributes)(void *ctx, int dir, const char *name, struct host_attributes *ret,
                                 struct err *err);

    MUST_CHECK int (*process)(void *ctx, uint32_t pid, struct host_process *ret, struct err *err);

    /* As whom process pid runs; 0: as whom the user of this name ("" root) would. */
    MUST_CHECK int (*runs_as)(void *ctx, uint32_t pid, const char *name, struct path_user *ret,
                              struct err *err);
    /* Paths as process pid (0: process 1) sees them, looked at without waiting for what hangs
     * (look_call.h). */
    MUST_CHECK int (*look_at)(void *ctx, uint32_t pid, const struct path_user *user,
                              const struct host_wish *wishes, uint32_t n, struct host_look *ret,
                              struct err *err);
    /* What listens in the network of process pid (0: of process 1). */
    MUST_CHECK int (*listeners)(void *ctx, uint32_t pid, struct tcp_table *ret, struct err *err);
    void (*socket_owner)(void *ctx, uint64_t inode, uint32_t main_pid, struct host_owner *ret);

    MUST_CHECK int (*fetch_begin)(void *ctx, const struct fetch_get *job, struct err *err);
    MUST_CHECK int (*fetch_poll)(void *ctx, struct fetch_news *ret, struct err *err);
    void (*fetch_end)(void *ctx); /* ends it if it still runs */

    /* GET of the local Nomad API. -1: no HTTP answer within the deadline. The first
     * question starts the session, ask_end ends it. */
    MUST_CHECK int (*ask)(void *ctx, const char *path, int64_t deadline_ms, int *ret_status,
                          struct buf *ret_body, struct err *err);
    /* The same with an ACL token, which goes nowhere else. */
    MUST_CHECK int (*ask_as)(void *ctx, const char *token, const char *path, int64_t deadline_ms,
                             int *ret_status, struct buf *ret_body, struct err *err);
    /* The heartbeat of this client as the local Nomad tells it to this ACL token, which goes
     * nowhere else. at_ms is left 0. -1: it is not known; the text says why. */
    MUST_CHECK int (*heartbeat)(void *ctx, const char *token, int64_t deadline_ms,
                                struct heartbeat *ret, struct err *err);
    /* Do Nomad servers serve at these n RPC addresses? All are asked at once. */
    MUST_CHECK int (*knock)(void *ctx, const char (*addresses)[FETCH_PEER_MAX], uint32_t n,
                            int64_t deadline_ms, enum knock *ret, struct err *err);
    /* Does a cloud answer its instances here? Their words in fetch_job.h. */
    MUST_CHECK int (*metadata)(void *ctx, int64_t deadline_ms, enum knock *ret, struct err *err);
    void (*ask_end)(void *ctx);

    struct service *service;
};

/* Replaces path durably: dir/.new-NAME, write, sync, rename and, when names must be
 * durable too, sync_dir. The content never tears; without `names` a crash may bring
 * back what was there before. */
MUST_CHECK int host_replace(const struct host *h, const char *dir, const char *name,
                            const struct buf *content, bool names, struct err *err);
/* Whole content of a small file; absent is not an error: *ret_there tells. */
MUST_CHECK int host_read(const struct host *h, const char *path, size_t max, struct buf *ret,
                         bool *ret_there, struct err *err);
/* The same behind links; what is absent is ERR_NOTFOUND. */
MUST_CHECK int host_read_through(const struct host *h, const char *path, size_t max,
                                 struct buf *ret, struct err *err);
bool host_stat_same_file(const struct host_stat *a, const struct host_stat *b);

#endif
