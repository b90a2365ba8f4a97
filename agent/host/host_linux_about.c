#include "host_linux_about.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/xattr.h>
#include "file.h"
#include "package_owner.h"
#include "str.h"

#define LINKS_MAX     40 /* as the kernel */
#define UNIT_FILE_MAX (64 * 1024)
#define LOCK_FILE     "/var/lib/dpkg/lock-frontend"

static void cleanup_dir(DIR **d)
{
    if (*d != NULL)
        closedir(*d);
}

/* ---- names and links ---- */

/* The directory without links, the last name as it is. */
static int plain_name(const char *path, char dst[static PATH_MAX])
{
    char dir[PATH_MAX], real[PATH_MAX];
    const char *base = strrchr(path, '/');

    if (base == NULL || base[1] == '\0' ||
        snprintf(dir, sizeof(dir), "%.*s", (int)(base - path), path) >= (int)sizeof(dir))
        return -1;
    if (realpath(dir[0] != '\0' ? dir : "/", real) == NULL)
        return -1;
    return snprintf(dst, PATH_MAX, "%s%s", str_eq(real, "/") ? "" : real, base) >= PATH_MAX ? -1
                                                                                            : 0;
}

/* One link further; 0: the end. */
static int follow(char path[static PATH_MAX])
{
    char to[PATH_MAX], joined[2 * PATH_MAX];
    ssize_t n = readlink(path, to, sizeof(to) - 1);

    if (n <= 0)
        return 0;
    to[n] = '\0';
    if (to[0] == '/')
        return plain_name(to, path) < 0 ? 0 : 1;
    snprintf(joined, sizeof(joined), "%.*s/%s", (int)(strrchr(path, '/') - path), path, to);
    return strlen(joined) >= PATH_MAX || plain_name(joined, path) < 0 ? 0 : 1;
}

void host_linux_way(const char *name, const char *target, struct host_way *ret)
{
    char at[PATH_MAX], to[PATH_MAX];
    struct stat a, b;

    *ret = (struct host_way){.there = stat(name, &a) == 0};
    if (plain_name(name, at) < 0 || plain_name(target, to) < 0)
        return;
    for (int i = 0; i < LINKS_MAX && !ret->through; i++) {
        ret->through = str_eq(at, to);
        if (follow(at) == 0)
            break;
    }
    ret->through = ret->through || str_eq(at, to);
    ret->same = ret->there && stat(target, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static int port_way(void *ctx, const char *name, const char *target, struct host_way *ret,
                    struct err *err)
{
    (void)ctx;
    (void)err;
    host_linux_way(name, target, ret);
    return 0;
}

/* ---- processes ---- */

/* Always terminated; 0 when nothing could be read. */
static size_t read_of(int proc, const char *pid, const char *name, char *dst, size_t n)
{
    char path[64];

    snprintf(path, sizeof(path), "%.20s/%s", pid, name);
    autoclose int fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, dst, n - 1) : -1;
    dst[MAX_OF(got, 0)] = '\0';
    return (size_t)MAX_OF(got, 0);
}

/* Nomad starts helpers from its own binary (logmon, executor, ...), and people run commands:
 * only another agent would go on with a file that is not there any more. */
static bool is_agent(int proc, const char *pid)
{
    char line[256];
    size_t n = read_of(proc, pid, "cmdline", line, sizeof(line));
    const char *second = line + strlen(line) + 1;

    return second < line + n && str_eq(second, "agent");
}

/* Until it executes something else, a child of an agent looks like its parent. proc(5): the fourth
 * field; the second is a name in brackets, which may hold brackets. */
static bool is_child(int proc, const char *pid, uint32_t parent)
{
    char line[512];
    unsigned of = 0;

    if (parent == 0 || read_of(proc, pid, "stat", line, sizeof(line)) == 0)
        return false;
    const char *rest = strrchr(line, ')');
    return rest != NULL && sscanf(rest, ") %*c %u", &of) == 1 && of == parent;
}

int host_linux_users(const char *proc, uint64_t dev, uint64_t ino, uint32_t except,
                     struct host_users *ret, struct err *err)
{
    struct host_users u = {.n = 0};
    const struct dirent *e;

    CLEANUP(cleanup_dir) DIR *d = opendir(proc);
    if (d == NULL)
        return err_set(err, ERR_IO, errno, "read %s", proc);
    while ((e = readdir(d)) != NULL) {
        char path[64];
        struct stat st;
        uint64_t pid = 0;

        if (str_to_u64(e->d_name, UINT32_MAX, &pid) < 0 || pid == except)
            continue;
        snprintf(path, sizeof(path), "%.20s/exe", e->d_name);
        if (fstatat(dirfd(d), path, &st, 0) < 0 || st.st_dev != dev || st.st_ino != ino ||
            !is_agent(dirfd(d), e->d_name) || is_child(dirfd(d), e->d_name, except))
            continue;
        if (u.n++ == 0)
            u.pid = (uint32_t)pid;
    }
    *ret = u;
    return 0;
}

static int port_users(void *ctx, uint64_t dev, uint64_t ino, uint32_t except,
                      struct host_users *ret, struct err *err)
{
    (void)ctx;
    return host_linux_users("/proc", dev, ino, except, ret, err);
}

/* ---- units ---- */

bool unit_text_starts(const char *text, const char *program)
{
    static const char key[] = "ExecStart";
    size_t n = strlen(program);

    for (const char *s = text; s != NULL; s = strchr(s, '\n')) {
        s += strspn(s, " \t\r\n");
        if (!str_starts(s, key))
            continue;
        s += strlen(key);
        s += strspn(s, " \t");
        if (*s++ != '=')
            continue;
        s += strspn(s, " \t@-:+!\"");
        if (strncmp(s, program, n) == 0 && strchr(" \t\r\n\"", s[n]) != NULL)
            return true;
    }
    return false;
}

static bool file_starts(const char *path, const char *program)
{
    auto_buf struct buf text = BUF_INIT;
    struct err ignored = ERR_INIT;

    return file_read(path, UNIT_FILE_MAX, FILE_FOLLOW, &text, &ignored) == 0 &&
           unit_text_starts(buf_str(&text), program);
}

static bool same_file(const char *a, const char *b)
{
    struct stat x, y;

    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* A unit of the same name in two places is one unit: the upper one hides the other. */
static bool is_own(const char *path, const char *fragment)
{
    const char *name = strrchr(path, '/'), *own = strrchr(fragment, '/');

    return same_file(path, fragment) || (own != NULL && str_eq(name, own));
}

static bool look_in(const char *dir, const char *program, const char *fragment, char *dst, size_t n)
{
    const struct dirent *e;

    CLEANUP(cleanup_dir) DIR *d = opendir(dir);
    while (d != NULL && (e = readdir(d)) != NULL) {
        char path[512];

        if (!str_ends(e->d_name, ".service") ||
            snprintf(path, sizeof(path), "%s/%s", dir, e->d_name) >= (int)sizeof(path) ||
            is_own(path, fragment) || !file_starts(path, program))
            continue;
        str_cut(dst, n, e->d_name);
        return true;
    }
    return false;
}

void host_linux_unit_naming(const char *const *dirs, const char *program, const char *fragment,
                            char *dst, size_t n)
{
    dst[0] = '\0';
    for (size_t i = 0; dirs[i] != NULL; i++) {
        if (look_in(dirs[i], program, fragment, dst, n))
            return;
    }
}

static int port_unit_naming(void *ctx, const char *program, const char *fragment, char *dst,
                            size_t n, struct err *err)
{
    static const char *const dirs[] = {"/etc/systemd/system",           "/run/systemd/system",
                                       "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                       "/lib/systemd/system",           NULL};

    (void)ctx;
    (void)err;
    host_linux_unit_naming(dirs, program, fragment, dst, n);
    return 0;
}

/* ---- directories ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct host_name *)a)->name, ((const struct host_name *)b)->name);
}

int host_linux_names(const char *path, struct host_names *ret, struct err *err)
{
    const struct dirent *e;
    struct stat st;
    int sys;

    *ret = (struct host_names){.dir = true};
    CLEANUP(cleanup_dir) DIR *d = opendir(path);
    if (d == NULL && errno == ENOTDIR) {
        ret->dir = false;
        return 0;
    }
    sys = errno;
    if (d == NULL)
        return err_set(err, sys == ENOENT ? ERR_NOTFOUND : ERR_IO, sys, "look into %s", path);
    while ((e = readdir(d)) != NULL) {
        struct host_name *name = &ret->list[MIN_OF(ret->n, HOST_NAMES - 1U)];

        if (fstatat(dirfd(d), e->d_name, &st, 0) < 0)
            st.st_mode = 0; /* a link to nothing */
        if (S_ISDIR(st.st_mode))
            continue;
        ret->more = ret->more || ret->n == HOST_NAMES || strlen(e->d_name) >= sizeof(name->name);
        if (ret->more)
            continue;
        str_cut(name->name, sizeof(name->name), e->d_name);
        name->program = S_ISREG(st.st_mode) && (st.st_mode & 0111) != 0;
        ret->n++;
    }
    qsort(ret->list, ret->n, sizeof(ret->list[0]), by_name);
    return 0;
}

static int port_names(void *ctx, const char *path, struct host_names *ret, struct err *err)
{
    (void)ctx;
    return host_linux_names(path, ret, err);
}

/* ---- packages ---- */

static void port_package(void *ctx, const char *path, struct host_package *ret)
{
    struct package_where where;

    (void)ctx;
    package_where_usual(&where);
    package_owner(&where, path, ret);
}

/* apt and dpkg hold it as long as they work; the kernel drops it when we end. */
static enum tri port_package_lock(void *ctx)
{
    struct host_linux *l = ctx;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (l->package_fd > 0)
        return TRI_YES;
    autoclose int fd = open(LOCK_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return TRI_UNKNOWN;
    if (fcntl(fd, F_SETLK, &lock) < 0)
        return errno == EAGAIN || errno == EACCES ? TRI_NO : TRI_UNKNOWN;
    l->package_fd = take_fd(&fd);
    return TRI_YES;
}

static void port_package_unlock(void *ctx)
{
    struct host_linux *l = ctx;

    if (l->package_fd > 0)
        close(l->package_fd);
    l->package_fd = 0;
}

/* ---- clock and attributes ---- */

static int port_clock(void *ctx, struct host_clock *ret, struct err *err)
{
    struct timex t = {.modes = 0};
    int state = adjtimex(&t);

    (void)ctx;
    if (state < 0)
        return err_set(err, ERR_IO, errno, "ask the kernel about its clock");
    *ret = (struct host_clock){
        .synchronised = state == TIME_ERROR || (t.status & STA_UNSYNC) != 0 ? TRI_NO : TRI_YES,
        .error_us = t.maxerror,
    };
    return 0;
}

static void read_attribute(const char *path, const char *name, bool hex, char *dst, size_t size)
{
    unsigned char value[128];
    ssize_t n = getxattr(path, name, value, sizeof(value) - 1);

    dst[0] = '\0';
    if (n <= 0)
        return;
    value[n] = '\0';
    if (hex)
        str_hex(dst, value, MIN_OF((size_t)n, size / 2 - 1));
    else
        str_cut(dst, size, (const char *)value);
}

static int port_attributes(void *ctx, const char *path, struct host_attributes *ret,
                           struct err *err)
{
    struct stat st;

    (void)ctx;
    *ret = (struct host_attributes){.there = false};
    if (stat(path, &st) < 0)
        return errno == ENOENT ? 0 : err_set(err, ERR_IO, errno, "look at %s", path);
    *ret = (struct host_attributes){
        .there = true, .mode = st.st_mode & 07777, .uid = st.st_uid, .gid = st.st_gid};
    read_attribute(path, "security.selinux", false, ret->label, sizeof(ret->label));
    read_attribute(path, "security.capability", true, ret->capability, sizeof(ret->capability));
    return 0;
}

void host_linux_about(struct host *h)
{
    h->way = port_way;
    h->users = port_users;
    h->unit_naming = port_unit_naming;
    h->names = port_names;
    h->package = port_package;
    h->package_lock = port_package_lock;
    h->package_unlock = port_package_unlock;
    h->clock = port_clock;
    h->attributes = port_attributes;
}
