#include "host_linux.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/xattr.h>
#include "account_names.h"
#include "binary_trial.h"
#include "clock.h"
#include "config_trial.h"
#include "dir_names.h"
#include "dir_writers.h"
#include "file.h"
#include "file_users.h"
#include "link_chain.h"
#include "host_ask.h"
#include "package_lock.h"
#include "dir_tree.h"
#include "process.h"
#include "sockets.h"
#include "str.h"
#include "tree_newest.h"
#include "unit_files.h"
#include "vendor_trial.h"

#define ADOPTED_MODE  0755 /* at most: the bits that a program needs */
#define FOR_EVERYBODY 0555

/* ---- files ---- */

static enum err_kind choose_err_kind(int sys)
{
    return sys == ENOSPC || sys == EDQUOT ? ERR_NOSPACE : sys == ENOENT ? ERR_NOTFOUND : ERR_IO;
}

static int fail_with_errno(struct err *err, const char *what, const char *path)
{
    int sys = errno;

    return err_set(err, choose_err_kind(sys), sys, "%s %s", what, path);
}

_Static_assert(HOST_OWN_PATH == AT_FDCWD, "the kernel must treat HOST_OWN_PATH as AT_FDCWD");

/* Like fail_with_errno, for a name in a directory. The text contains the directory's path. */
static int fail_with_path(struct err *err, const char *what, int dir, const char *name)
{
    int sys = errno;
    char link[32], path[256];
    ssize_t n;

    if (dir < 0 && dir != HOST_OWN_PATH)
        return err_set(err, ERR_NOTFOUND, 0, "%s %s: its directory could not be opened", what,
                       name);
    snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
    n = dir == HOST_OWN_PATH ? -1 : readlink(link, path, sizeof(path) - 1);
    path[MAX_OF(n, (ssize_t)0)] = '\0';
    return err_set(err, choose_err_kind(sys), sys, "%s %s%s%s", what, path, n > 0 ? "/" : "", name);
}

static void fill_host_stat(const struct stat *st, struct host_stat *ret)
{
    *ret = (struct host_stat){
        .there = true,
        .dev = st->st_dev,
        .ino = st->st_ino,
        .size = (uint64_t)st->st_size,
        .mode = st->st_mode & 07777,
        .uid = st->st_uid,
        .gid = st->st_gid,
        .links = (uint32_t)st->st_nlink,
        .mtime_ns = st->st_mtim.tv_sec * 1000000000LL + st->st_mtim.tv_nsec,
        .ctime_ns = st->st_ctim.tv_sec * 1000000000LL + st->st_ctim.tv_nsec,
    };
}

static int open_regular_file(int dir, const char *name, int flags, int *ret_h, struct err *err)
{
    struct stat st;

    autoclose int fd = openat(dir, name, O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    if (fd < 0 && errno == ELOOP)
        return err_set(err, ERR_FORMAT, 0, "open %s: it is a link, and links are not followed here",
                       name);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail_with_path(err, "open", dir, name);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s is not a regular file", name);
    *ret_h = take_fd(&fd);
    return 0;
}

static int port_open(void *ctx, int dir, const char *name, int *ret_h, struct err *err)
{
    (void)ctx;
    return open_regular_file(dir, name, O_RDONLY | O_NOFOLLOW, ret_h, err);
}

static int port_open_through(void *ctx, int dir, const char *name, int *ret_h, struct err *err)
{
    (void)ctx;
    return open_regular_file(dir, name, O_RDONLY, ret_h, err);
}

static int port_open_write(void *ctx, int dir, const char *name, int *ret_h, struct err *err)
{
    (void)ctx;
    return open_regular_file(dir, name, O_WRONLY | O_NOFOLLOW, ret_h, err);
}

static int port_create(void *ctx, int dir, const char *name, uint32_t mode, int *ret_h,
                       struct err *err)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

    (void)ctx;
    if (fd < 0)
        return fail_with_path(err, "create", dir, name);
    *ret_h = fd;
    return 0;
}

static int port_read_at(void *ctx, int h, uint64_t at, void *p, size_t n, size_t *ret_n,
                        struct err *err)
{
    ssize_t got;

    (void)ctx;
    do
        got = pread(h, p, n, (off_t)at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return fail_with_errno(err, "read", "a file");
    *ret_n = (size_t)got;
    return 0;
}

static int port_write(void *ctx, int h, const void *p, size_t n, struct err *err)
{
    (void)ctx;
    return file_write_all(h, p, n, err);
}

static int port_cut(void *ctx, int h, uint64_t size, struct err *err)
{
    (void)ctx;
    return ftruncate(h, (off_t)size) < 0 ? fail_with_errno(err, "cut", "a file") : 0;
}

/* The label depends on the role of the path, not on the bytes. A file system without labels, or a
 * process that may not set them, is no error. */
static void copy_label(int from, int to)
{
    char value[1024];
    ssize_t n = fgetxattr(from, "security.selinux", value, sizeof(value));

    if (n > 0)
        (void)!fsetxattr(to, "security.selinux", value, (size_t)n, 0);
}

/* The owner does not change to the old file's owner. That user could otherwise write into the file
 * between the hash and the start, also through a descriptor that was opened before. But a user who
 * could execute the old file can also execute the new one. */
static int port_adopt(void *ctx, int h, int like, struct err *err)
{
    struct stat st, now;
    mode_t others = 0;

    (void)ctx;
    if (fstat(like, &st) < 0 || fstat(h, &now) < 0)
        return fail_with_errno(err, "look at", "the binary in place");
    if (st.st_uid != now.st_uid)
        others = FOR_EVERYBODY;
    if (st.st_gid != now.st_gid && fchown(h, (uid_t)-1, st.st_gid) < 0)
        return fail_with_errno(err, "take over the group of", "the binary in place");
    if (fchmod(h, (st.st_mode & ADOPTED_MODE) | others) < 0)
        return fail_with_errno(err, "take over the mode of", "the binary in place");
    copy_label(like, h);
    return 0;
}

static int port_sync(void *ctx, int h, struct err *err)
{
    (void)ctx;
    return fsync(h) < 0 ? fail_with_errno(err, "sync", "a file") : 0;
}

static int port_stat_of(void *ctx, int h, struct host_stat *ret, struct err *err)
{
    struct stat st;

    (void)ctx;
    if (fstat(h, &st) < 0)
        return fail_with_errno(err, "look at", "a file");
    fill_host_stat(&st, ret);
    return 0;
}

static void port_close(void *ctx, int h)
{
    (void)ctx;
    close(h);
}

static int port_stat(void *ctx, int dir, const char *name, struct host_stat *ret, struct err *err)
{
    struct stat st;

    (void)ctx;
    *ret = (struct host_stat){.there = false};
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        fill_host_stat(&st, ret);
    else if (errno != ENOENT)
        return fail_with_path(err, "look at", dir, name);
    return 0;
}

static int port_stat_through(void *ctx, int dir, const char *name, struct host_stat *ret,
                             struct err *err)
{
    struct stat st;

    (void)ctx;
    *ret = (struct host_stat){.there = false};
    if (fstatat(dir, name, &st, 0) == 0)
        fill_host_stat(&st, ret);
    else if (errno != ENOENT)
        return fail_with_path(err, "look at", dir, name);
    return 0;
}

static int port_link_of(void *ctx, int dir, const char *name, char *dst, size_t n, struct err *err)
{
    ssize_t len = readlinkat(dir, name, dst, n - 1);

    (void)ctx;
    if (len < 0 && errno != EINVAL && errno != ENOENT)
        return fail_with_path(err, "look at", dir, name);
    dst[len < 0 ? 0 : len] = '\0';
    return 0;
}

static int port_rename(void *ctx, int dir, const char *from, const char *to, struct err *err)
{
    char what[300];

    (void)ctx;
    if (renameat(dir, from, dir, to) == 0)
        return 0;
    snprintf(what, sizeof(what), "rename %s to", from);
    return fail_with_path(err, what, dir, to);
}

/* linkat with flags 0 does not follow a symbolic link: the new name is a second name of the link.
 */
static int port_link(void *ctx, int dir, const char *from, const char *to, struct err *err)
{
    (void)ctx;
    return linkat(dir, from, dir, to, 0) < 0 ? fail_with_path(err, "make the link", dir, to) : 0;
}

static int port_unlink(void *ctx, int dir, const char *name, struct err *err)
{
    (void)ctx;
    return unlinkat(dir, name, 0) < 0 && errno != ENOENT ? fail_with_path(err, "remove", dir, name)
                                                         : 0;
}

static int port_sync_dir(void *ctx, int dir, const char *name, struct err *err)
{
    (void)ctx;
    autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_with_path(err, "open directory", dir, name);
    return fsync(fd) < 0 ? fail_with_path(err, "fsync directory", dir, name) : 0;
}

static int port_room(void *ctx, int dir, const char *name, struct host_room *ret, struct err *err)
{
    struct statvfs fs;
    struct stat st;

    (void)ctx;
    autoclose int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstatvfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
        return fail_with_path(err, "look at", dir, name);
    *ret = (struct host_room){
        .dev = st.st_dev,
        .free = (geteuid() == 0 ? fs.f_bfree : fs.f_bavail) * fs.f_frsize,
        .read_only = (fs.f_flag & ST_RDONLY) != 0,
        .noexec = (fs.f_flag & ST_NOEXEC) != 0,
    };
    return 0;
}

static int port_newest(void *ctx, const char *dir, int64_t *ret_ns, struct err *err)
{
    (void)ctx;
    return tree_newest(dir, ret_ns, err);
}

/* ---- directories ---- */

static int port_names(void *ctx, const char *path, struct host_names *ret, struct err *err)
{
    (void)ctx;
    return dir_names(path, ret, err);
}

static int port_open_dir(void *ctx, const char *root, const char *path, int *ret_h, struct err *err)
{
    (void)ctx;
    return dir_tree_open(root, path, ret_h, err);
}

static int port_list(void *ctx, int dir, struct host_names *ret, struct err *err)
{
    (void)ctx;
    return dir_tree_list(dir, ret, err);
}

static int port_writers(void *ctx, int dir, char *dst, size_t n, struct err *err)
{
    (void)ctx;
    return dir_writers(dir, dst, n, err);
}

static int port_make_dir(void *ctx, const char *path, uint32_t mode, struct err *err)
{
    (void)ctx;
    return dir_tree_make_dir(path, mode, err);
}

static int port_remove_dir(void *ctx, const char *path, struct err *err)
{
    (void)ctx;
    return dir_tree_remove_dir(path, err);
}

/* ---- who else uses a file, and how it is reached ---- */

static int port_way(void *ctx, const char *name, const char *target, struct host_link_chain *ret,
                    struct err *err)
{
    (void)ctx;
    (void)err;
    link_chain(name, target, ret);
    return 0;
}

static int port_users(void *ctx, uint64_t dev, uint64_t ino, uint32_t except,
                      struct host_users *ret, struct err *err)
{
    (void)ctx;
    return file_users("/proc", dev, ino, except, ret, err);
}

static enum tri port_unit_naming(void *ctx, const char *program, const char *fragment, char *dst,
                                 size_t n)
{
    (void)ctx;
    return unit_files_naming(NULL, program, fragment, dst, n);
}

static enum tri port_account(void *ctx, bool group, const char *name)
{
    (void)ctx;
    return account_exists(group, name);
}

static void port_package(void *ctx, const char *path, struct host_package *ret)
{
    struct host_linux *l = ctx;
    struct package_where where;

    package_where_usual(&where);
    package_known_owner(&l->package, &where, path, ret);
}

static enum tri port_package_lock(void *ctx)
{
    struct host_linux *l = ctx;

    return package_lock_take(&l->package_fd);
}

static void port_package_unlock(void *ctx)
{
    struct host_linux *l = ctx;

    package_lock_drop(&l->package_fd);
}

/* ---- clocks and attributes ---- */

static int64_t port_uptime(void *ctx)
{
    (void)ctx;
    return clock_mono(clock_system());
}

static int64_t port_wall(void *ctx)
{
    struct timespec t;

    (void)ctx;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int port_clock(void *ctx, struct host_clock *ret, struct err *err)
{
    struct timex t = {.modes = 0};
    int state = adjtimex(&t);

    (void)ctx;
    if (state < 0)
        return err_set(err, ERR_IO, errno, "read the state of the kernel's clock");
    *ret = (struct host_clock){
        .synchronised = state == TIME_ERROR || (t.status & STA_UNSYNC) != 0 ? TRI_NO : TRI_YES,
        .error_us = t.maxerror,
    };
    return 0;
}

static void read_attribute(int fd, const char *name, bool hex, char *dst, size_t size)
{
    unsigned char value[128];
    ssize_t n = fgetxattr(fd, name, value, sizeof(value) - 1);

    dst[0] = '\0';
    if (n <= 0)
        return;
    value[n] = '\0';
    if (hex)
        str_hex(dst, value, MIN_OF((size_t)n, size / 2 - 1));
    else
        str_cut(dst, size, (const char *)value);
}

static int port_attributes(void *ctx, int dir, const char *name, struct host_attributes *ret,
                           struct err *err)
{
    struct stat st;

    (void)ctx;
    *ret = (struct host_attributes){.there = false};
    autoclose int fd = openat(dir, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        return errno == ENOENT ? 0 : fail_with_path(err, "look at", dir, name);
    *ret = (struct host_attributes){
        .there = true, .mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid};
    read_attribute(fd, "security.selinux", false, ret->label, sizeof(ret->label));
    read_attribute(fd, "security.capability", true, ret->capability, sizeof(ret->capability));
    return 0;
}

/* ---- trials ---- */

static int port_try(void *ctx, int binary, const char *version, enum failure *ret_failure,
                    char ret_text[static TEXT_MAX], struct err *err)
{
    const struct host_linux *l = ctx;

    return binary_trial(&l->who, binary, version, ret_failure, ret_text, err);
}

static enum tri port_version_of(void *ctx, int binary, char ret_version[static VERSION_TEXT],
                                char ret_text[static TEXT_MAX])
{
    const struct host_linux *l = ctx;

    return binary_trial_version(&l->who, binary, ret_version, ret_text);
}

static enum tri port_try_config(void *ctx, int binary, int old, const char *version,
                                char ret_text[static TEXT_MAX])
{
    const struct host_linux *l = ctx;

    return config_trial_of_service(&l->service, &l->who, binary, old, version, ret_text);
}

static int port_verify(void *ctx, const struct host_signed *what, struct buf *ret_status,
                       struct err *err)
{
    const struct host_linux *l = ctx;

    return vendor_trial(&l->who, what, ret_status, err);
}

static int port_unzip_begin(void *ctx, int zip, uint64_t size, const struct digest *digest,
                            struct err *err)
{
    struct host_linux *l = ctx;

    return vendor_trial_unzip(&l->who, zip, size, digest, &l->unzipping, err);
}

static int port_unzip_read(void *ctx, void *p, size_t n, size_t *ret_n, struct err *err)
{
    const struct host_linux *l = ctx;

    return fetch_call_piece(l->unzipping, p, n, ret_n, err);
}

static void port_unzip_end(void *ctx)
{
    struct host_linux *l = ctx;

    fetch_call_end(take_ptr(&l->unzipping));
}

/* ---- what is asked: processes, and through caravan-fetch the network ---- */

static int port_process(void *ctx, uint32_t pid, struct host_process *ret, struct err *err)
{
    (void)ctx;
    return process_executes((pid_t)pid, ret, err);
}

static int port_runs_as(void *ctx, uint32_t pid, const char *name, struct path_user *ret,
                        struct err *err)
{
    (void)ctx;
    return pid != 0 ? process_user((pid_t)pid, ret, err) : process_user_named(name, ret, err);
}

static int port_look_at(void *ctx, uint32_t pid, const struct path_user *user,
                        const struct path_question *questions, uint32_t n, struct host_look *ret,
                        struct err *err)
{
    struct host_linux *l = ctx;

    return look_call("/proc/self/exe", &l->looks, pid, user, questions, n, ret, err);
}

static int port_listeners(void *ctx, uint32_t pid, struct tcp_table *ret, struct err *err)
{
    (void)ctx;
    return sockets_listening("/proc", pid, ret, err);
}

static void port_socket_owner(void *ctx, uint64_t inode, uint32_t main_pid, struct host_owner *ret)
{
    (void)ctx;
    sockets_owner("/proc", inode, main_pid, ret);
}

static int port_fetch_begin(void *ctx, const struct fetch_get *job, struct err *err)
{
    struct host_linux *l = ctx;

    fetch_call_end(take_ptr(&l->fetching));
    if (fetch_call_begin(&l->who, FETCH_GETS, &l->fetching, err) < 0)
        return -1;
    return fetch_call_get(l->fetching, job, err);
}

static int port_fetch_poll(void *ctx, struct fetch_news *ret, struct err *err)
{
    struct host_linux *l = ctx;

    if (l->fetching == NULL)
        return err_set(err, ERR_STATE, 0, "nothing is being fetched");
    return fetch_call_poll(l->fetching, ret, err);
}

static void port_fetch_end(void *ctx)
{
    struct host_linux *l = ctx;

    fetch_call_end(take_ptr(&l->fetching));
}

/* ---- the table ---- */

static const struct host ports = {
    .open = port_open,
    .open_through = port_open_through,
    .open_write = port_open_write,
    .create = port_create,
    .read_at = port_read_at,
    .write = port_write,
    .cut = port_cut,
    .adopt = port_adopt,
    .sync = port_sync,
    .stat_of = port_stat_of,
    .close = port_close,
    .stat = port_stat,
    .stat_through = port_stat_through,
    .link_of = port_link_of,
    .rename = port_rename,
    .link = port_link,
    .unlink = port_unlink,
    .sync_dir = port_sync_dir,
    .room = port_room,
    .newest = port_newest,
    .names = port_names,
    .open_dir = port_open_dir,
    .list = port_list,
    .writers = port_writers,
    .make_dir = port_make_dir,
    .remove_dir = port_remove_dir,
    .uptime = port_uptime,
    .wall = port_wall,
    .way = port_way,
    .users = port_users,
    .unit_naming = port_unit_naming,
    .account = port_account,
    .package = port_package,
    .package_lock = port_package_lock,
    .package_unlock = port_package_unlock,
    .clock = port_clock,
    .attributes = port_attributes,
    .try_binary = port_try,
    .version_of = port_version_of,
    .try_config = port_try_config,
    .verify = port_verify,
    .unzip_begin = port_unzip_begin,
    .unzip_read = port_unzip_read,
    .unzip_end = port_unzip_end,
    .process = port_process,
    .runs_as = port_runs_as,
    .look_at = port_look_at,
    .listeners = port_listeners,
    .socket_owner = port_socket_owner,
    .fetch_begin = port_fetch_begin,
    .fetch_poll = port_fetch_poll,
    .fetch_end = port_fetch_end,
    .ask = host_ask,
    .ask_as = host_ask_as,
    .heartbeat = host_heartbeat,
    .check_peers = host_check_peers,
    .metadata = host_metadata,
    .ask_end = host_ask_end,
};

struct host host_linux(struct host_linux *l)
{
    struct host h = ports;

    h.ctx = l;
    h.service = &l->service;
    return h;
}

void host_linux_done(struct host_linux *l)
{
    fetch_call_end(take_ptr(&l->fetching));
    host_ask_end(l);
    fetch_call_end(take_ptr(&l->unzipping));
    package_lock_drop(&l->package_fd);
    if (l->service.free != NULL)
        l->service.free(l->service.self);
    l->service = (struct service){0};
}
