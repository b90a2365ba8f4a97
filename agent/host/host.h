/*
 * host.h - the host as caravan-swap's phases see it: ports, as a table of functions.
 *
 * host_linux.c is the real implementation. The tests have a model host with separate volatile and
 * durable state, which can be crashed after every operation. The phases reach the machine only
 * through these ports. Each operation is as small as the kernel's own, so the phases show what is
 * durable, and when.
 *
 * A file or directory is an open handle (a small number >= 0). A name is looked up in a directory
 * that is held open (open_dir). So a user who may rename that directory, or replace it by a link,
 * cannot lead root to another place. HOST_OWN_PATH in place of a directory means that the name is
 * a path that needs no such care. open refuses symbolic links and everything that is not a regular
 * file. create never opens an existing file. Content is durable only after sync, names only after
 * sync_dir. rename and link are atomic, and never follow links. For stat and unlink, absence is
 * not an error.
 *
 * Times: uptime is CLOCK_BOOTTIME in ms, wall is CLOCK_REALTIME in ns. The asking ports go through
 * caravan-fetch (fetch_call.h) and return before their deadline. Fetching and the service never
 * block: the caller begins an operation, and then polls.
 */
#ifndef HOST_H
#define HOST_H

#include "fetch_job.h"
#include "heartbeat.h"
#include "path_right.h"
#include "service.h"
#include "tcp_table.h"
#include "version.h"

/* The name is an absolute path. Every directory on the path belongs to root (or to this process's
 * user), or the port only reads, and follows links. */
#define HOST_OWN_PATH (-100)

struct host_stat {
    bool there;
    uint64_t dev, ino, size;
    uint32_t mode; /* permission bits */
    uint32_t uid, gid, links;
    int64_t mtime_ns, ctime_ns;
};

struct host_room {
    uint64_t dev;  /* directories with the same dev share the free bytes */
    uint64_t free; /* bytes */
    bool read_only, noexec;
};

/* How a name leads to the file that is executed (link_chain.h). */
struct host_link_chain {
    bool there; /* the name exists */
    bool
        through; /* the other name is this name, or one of the links that this name leads through */
    bool same;   /* both names lead to the same file */
};

/* The Nomad agents that execute a file. */
struct host_users {
    uint32_t n;   /* without helpers, and without commands that end by themselves */
    uint32_t pid; /* of the first one */
};

struct host_package {
    enum tri owned;     /* a package owns the file; unknown: the package manager gave no answer */
    enum tri kept;      /* held, locked or diverted: a package upgrade does not touch the file */
    char manager[8];    /* dpkg, rpm */
    char name[64];      /* "nomad 1.9.7-1" */
    char how[80];       /* if kept: "held" */
    char why[TEXT_MAX]; /* if owned is unknown: the reason */
};

struct host_clock {
    enum tri synchronised;
    int64_t error_us; /* the kernel's own estimate of the greatest error */
};

/* What the file system stores with a file besides its content. */
struct host_attributes {
    bool there;
    uint32_t mode, uid, gid;
    char label[128];     /* security.selinux; "": none */
    char capability[64]; /* security.capability in hexadecimal; "": none */
};

#define HOST_NAMES 256

/* The names in a directory. The port says which names, and in which order. */
struct host_names {
    bool dir;  /* false: the path exists, but is not a directory */
    bool more; /* the directory contains more names than the list */
    uint32_t n;
    struct host_name {
        char name[128]; /* a longer name is left out, and sets `more` */
        bool program;   /* an executable file, also behind links */
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

/* A running process. */
struct host_process {
    bool there;
    uint64_t dev, ino; /* of the file that the process executes */
};

#define LOOK_CONTENT 65536

/* A question about a path: what does a process need there? */
struct path_question {
    char path[256];
    uint32_t
        need;     /* PATH_READ, PATH_WRITE, PATH_ENTER; all directories before it need PATH_ENTER */
    bool content; /* also return the first LOOK_CONTENT bytes of a regular file */
    bool sum;     /* also add up the sizes of the regular files below a directory */
    bool kind;    /* also return what is there */
    bool pattern; /* path is a shell pattern: does any file match? `need` is ignored */
};

enum look_end {
    LOOK_UNKNOWN, /* not looked at */
    LOOK_FINE,    /* there; the process has the rights */
    LOOK_UNSURE,  /* there; an access list or a file server decides about the rights */
    LOOK_MISSING,
    LOOK_DENIED,
    LOOK_READ_ONLY, /* PATH_WRITE is needed, but the file system is read-only */
    LOOK_FAILED,    /* an error; see `error` */
    LOOK_HANGS,     /* no answer within 2 s */
    LOOK_SKIPPED,   /* too many other paths hang */
};

struct host_look {
    enum look_end end;
    int error;          /* LOOK_FAILED: errno */
    bool dir;           /* the path is a directory */
    bool cut;           /* the content or the sum is not complete */
    uint64_t bytes;     /* the sum */
    char where[256];    /* LOOK_MISSING, LOOK_DENIED: the part of the path, with links resolved */
    size_t len;         /* of the content */
    struct buf content; /* the caller frees it */
    bool link;          /* the last name of the path is a symbolic link, even a broken one */
    struct host_kind {  /* filled in if the wish asked for `kind` */
        uint32_t mode;  /* st_mode */
        uint64_t size;
        bool empty; /* a directory without names */
        bool mount, read_only;
    } kind;
};

/* The process that owns a socket. */
struct host_owner {
    bool there;
    bool own; /* the process is Nomad's main process, or descends from it */
    uint32_t pid;
    char name[24];
};

/* The input of gpgv: a binary keyring, a detached signature, and the signed text. */
struct host_signed {
    const struct buf *keyring, *signature, *text;
};

struct host {
    void *ctx;

    /* Opens the directory `path` below `root` ("": root itself). Links on the way to root are
     * followed. From root on no link is followed (ERR_FORMAT). ERR_NOTFOUND: nothing is there.
     * stat_of gives the device and inode of the handle. */
    MUST_CHECK int (*open_dir)(void *ctx, const char *root, const char *path, int *ret_h,
                               struct err *err);
    /* All names in the directory, also those of directories, unsorted; `program` is not set. */
    MUST_CHECK int (*list)(void *ctx, int dir, struct host_names *ret, struct err *err);
    /* Who may put another file into the directory, besides root and this process's user? A text for
     * people; "": nobody. A group counts when it has other members than these two. */
    MUST_CHECK int (*writers)(void *ctx, int dir, char *dst, size_t n, struct err *err);

    MUST_CHECK int (*open)(void *ctx, int dir, const char *name, int *ret_h, struct err *err);
    /* Like `open`, but follows links: for the binary in place, which may be a link. */
    MUST_CHECK int (*open_through)(void *ctx, int dir, const char *name, int *ret_h,
                                   struct err *err);
    MUST_CHECK int (*create)(void *ctx, int dir, const char *name, uint32_t mode, int *ret_h,
                             struct err *err);
    /* Opens an existing file for writing over it from its beginning. Refuses symbolic links. */
    MUST_CHECK int (*open_write)(void *ctx, int dir, const char *name, int *ret_h, struct err *err);
    MUST_CHECK int (*read_at)(void *ctx, int h, uint64_t at, void *p, size_t n, size_t *ret_n,
                              struct err *err);
    MUST_CHECK int (*write)(void *ctx, int h, const void *p, size_t n, struct err *err);
    MUST_CHECK int (*cut)(void *ctx, int h, uint64_t size, struct err *err);
    /* Gives the file the group, label and mode of the open file `like`, but at most mode 0755:
     * other bytes never inherit setuid, setgid or capabilities. The owner stays this process's
     * user, because another owner could write into the file. If `like` has another owner, everybody
     * may read and execute the file. */
    MUST_CHECK int (*adopt)(void *ctx, int h, int like, struct err *err);
    MUST_CHECK int (*sync)(void *ctx, int h, struct err *err);
    MUST_CHECK int (*stat_of)(void *ctx, int h, struct host_stat *ret, struct err *err);
    void (*close)(void *ctx, int h);

    MUST_CHECK int (*stat)(void *ctx, int dir, const char *name, struct host_stat *ret,
                           struct err *err);
    MUST_CHECK int (*stat_through)(void *ctx, int dir, const char *name, struct host_stat *ret,
                                   struct err *err);
    /* The target of a symbolic link; "": the name is not a symbolic link, or does not exist. */
    MUST_CHECK int (*link_of)(void *ctx, int dir, const char *name, char *dst, size_t n,
                              struct err *err);
    MUST_CHECK int (*rename)(void *ctx, int dir, const char *from, const char *to, struct err *err);
    MUST_CHECK int (*link)(void *ctx, int dir, const char *from, const char *to, struct err *err);
    MUST_CHECK int (*unlink)(void *ctx, int dir, const char *name, struct err *err);
    /* name: a directory in dir; ".": dir itself. */
    MUST_CHECK int (*sync_dir)(void *ctx, int dir, const char *name, struct err *err);
    MUST_CHECK int (*room)(void *ctx, int dir, const char *name, struct host_room *ret,
                           struct err *err);
    /* The newest mtime or ctime of dir and of everything below it; 0: dir does not exist. */
    MUST_CHECK int (*newest)(void *ctx, const char *dir, int64_t *ret_ns, struct err *err);

    /* The names of the files in a directory, without directories, sorted by name. ERR_NOTFOUND:
     * the directory does not exist. */
    MUST_CHECK int (*names)(void *ctx, const char *path, struct host_names *ret, struct err *err);

    /* path: as with HOST_OWN_PATH. remove_dir removes an empty directory. */
    MUST_CHECK int (*make_dir)(void *ctx, const char *path, uint32_t mode, struct err *err);
    MUST_CHECK int (*remove_dir)(void *ctx, const char *path, struct err *err);

    int64_t (*uptime)(void *ctx);
    int64_t (*wall)(void *ctx);

    /* Runs `version` of the open binary without rights, and compares the result with `version`.
     * *ret_failure: what is wrong with the binary; FAILURE_NONE: it runs on this host. -1: this
     * host cannot try the binary. */
    MUST_CHECK int (*try_binary)(void *ctx, int binary, const char *version,
                                 enum failure *ret_failure, char ret_text[static TEXT_MAX],
                                 struct err *err);
    /* Runs `version` of the open binary in the same way. TRI_YES: it printed a version as Nomad
     * does; ret_version is that version ("1.9.7"). TRI_NO: it is another program. TRI_UNKNOWN: this
     * host cannot try it. For TRI_NO and TRI_UNKNOWN the text says why. */
    enum tri (*version_of)(void *ctx, int binary, char ret_version[static VERSION_TEXT],
                           char ret_text[static TEXT_MAX]);
    /* Does the new binary reject Nomad's configuration? TRI_YES: it does. The text contains the
     * binary's message, or the reason for TRI_UNKNOWN. old: the open binary in place; -1: none. */
    enum tri (*try_config)(void *ctx, int binary, int old, const char *version,
                           char ret_text[static TEXT_MAX]);

    /* gpgv's status lines for this signature. gpgv runs behind a wall, as a user of its own
     * (vendor_trial.h). -1: gpgv could not be run; the text says why. */
    MUST_CHECK int (*verify)(void *ctx, const struct host_signed *what, struct buf *ret_status,
                             struct err *err);
    /* Unpacks the binary with this size and digest from the open zip, behind the same wall.
     * unzip_read returns pieces of at most n bytes; *ret_n 0: no bytes came within 100 ms.
     * ERR_REFUSED: the zip or its member is wrong. The caller may call unzip_end at any time. */
    MUST_CHECK int (*unzip_begin)(void *ctx, int zip, uint64_t size, const struct digest *digest,
                                  struct err *err);
    MUST_CHECK int (*unzip_read)(void *ctx, void *p, size_t n, size_t *ret_n, struct err *err);
    void (*unzip_end)(void *ctx);

    /* Does executing `name` execute the file that the name `target` leads to (link_chain.h)? */
    MUST_CHECK int (*way)(void *ctx, const char *name, const char *target,
                          struct host_link_chain *ret, struct err *err);
    /* The Nomad agents that execute the file dev, ino, without the process `except` and its
     * children. */
    MUST_CHECK int (*users)(void *ctx, uint64_t dev, uint64_t ino, uint32_t except,
                            struct host_users *ret, struct err *err);
    /* Does a unit other than `fragment` start this program as an agent (unit_files.h)? dst: the
     * name of that unit. */
    enum tri (*unit_naming)(void *ctx, const char *program, const char *fragment, char *dst,
                            size_t n);
    /* Does a user, or a group, with this name exist (account_names.h)? */
    enum tri (*account)(void *ctx, bool group, const char *name);
    void (*package)(void *ctx, const char *path, struct host_package *ret);
    /* Takes the package managers' own lock, so that they do not work meanwhile. TRI_NO: one of them
     * is working now. TRI_UNKNOWN: there is no such lock, or this process may not take it. */
    enum tri (*package_lock)(void *ctx);
    void (*package_unlock)(void *ctx);
    MUST_CHECK int (*clock)(void *ctx, struct host_clock *ret, struct err *err);
    /* Follows links. */
    MUST_CHECK int (*attributes)(void *ctx, int dir, const char *name, struct host_attributes *ret,
                                 struct err *err);

    MUST_CHECK int (*process)(void *ctx, uint32_t pid, struct host_process *ret, struct err *err);

    /* The user, groups and rights of process pid. pid 0: of a process of the user `name` ("":
     * root). */
    MUST_CHECK int (*runs_as)(void *ctx, uint32_t pid, const char *name, struct path_user *ret,
                              struct err *err);
    /* Looks at paths as process pid (0: process 1) sees them. Does not wait for a path that hangs
     * (look_call.h). */
    MUST_CHECK int (*look_at)(void *ctx, uint32_t pid, const struct path_user *user,
                              const struct path_question *questions, uint32_t n,
                              struct host_look *ret, struct err *err);
    /* The listening sockets in the network of process pid (0: of process 1). */
    MUST_CHECK int (*listeners)(void *ctx, uint32_t pid, struct tcp_table *ret, struct err *err);
    void (*socket_owner)(void *ctx, uint64_t inode, uint32_t main_pid, struct host_owner *ret);

    MUST_CHECK int (*fetch_begin)(void *ctx, const struct fetch_get *job, struct err *err);
    MUST_CHECK int (*fetch_poll)(void *ctx, struct fetch_news *ret, struct err *err);
    void (*fetch_end)(void *ctx); /* ends the fetch if it still runs */

    /* GET of the local Nomad API. -1: no HTTP answer within the deadline. The first question begins
     * a conversation with caravan-fetch, ask_end ends the conversation. */
    MUST_CHECK int (*ask)(void *ctx, const char *path, int64_t deadline_ms, int *ret_status,
                          struct buf *ret_body, struct err *err);
    /* Like `ask`, with an ACL token. The token is sent only to the local Nomad. */
    MUST_CHECK int (*ask_as)(void *ctx, const char *token, const char *path, int64_t deadline_ms,
                             int *ret_status, struct buf *ret_body, struct err *err);
    /* The heartbeat of this client, as the local Nomad reports it to this ACL token. The token is
     * sent only to the local Nomad. at_ms stays 0. -1: the heartbeat is unknown; the text says
     * why. */
    MUST_CHECK int (*heartbeat)(void *ctx, const char *token, int64_t deadline_ms,
                                struct heartbeat *ret, struct err *err);
    /* Do Nomad servers serve at these n RPC addresses? All addresses are asked at the same time. */
    MUST_CHECK int (*check_peers)(void *ctx, const char (*addresses)[FETCH_PEER_MAX], uint32_t n,
                                  int64_t deadline_ms, enum peer_check *ret, struct err *err);
    /* Does a cloud answer its instances here? fetch_job.h explains the answers. */
    MUST_CHECK int (*metadata)(void *ctx, int64_t deadline_ms, enum peer_check *ret,
                               struct err *err);
    void (*ask_end)(void *ctx);

    struct service *service;
};

/* Replaces dir/name durably: writes dir/.new-NAME, syncs, renames and, if `names` is true, syncs
 * the directory. After a crash the file has either its old or its new content. If `names` is false,
 * a crash may bring the old content back. */
MUST_CHECK int host_replace(const struct host *h, const char *dir, const char *name,
                            const struct buf *content, bool names, struct err *err);
/* Reads a small file whole. If the file does not exist, *ret_there is false, which is no error. */
MUST_CHECK int host_read(const struct host *h, const char *path, size_t max, struct buf *ret,
                         bool *ret_there, struct err *err);
/* Like host_read, but follows links. ERR_NOTFOUND: the file does not exist. */
MUST_CHECK int host_read_through(const struct host *h, const char *path, size_t max,
                                 struct buf *ret, struct err *err);
bool host_stat_same_file(const struct host_stat *a, const struct host_stat *b);

#endif
