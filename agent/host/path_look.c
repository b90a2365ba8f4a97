#include "path_look.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <glob.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include "str.h"

#define DEPTH     64
#define LINKS_MAX 40
#define SUM_MAX   20000 /* files */
#define ACL_PLAIN 28    /* bytes of an access list that only repeats the mode */

struct walk {
    const struct path_user *user;
    struct host_look *ret;
    int fds[DEPTH]; /* the root, and each directory or file on the way */
    size_t n;
    size_t ends[DEPTH]; /* the length of ret->where at each of them */
    char rest[PATH_MAX];
    uint32_t links; /* links followed so far */
    bool unsure;    /* an access list or a file server decides about some part of the path */
};

static int end_walk(struct walk *w, enum look_end how, int sys)
{
    w->ret->end = how;
    w->ret->error = sys;
    return -1;
}

static void write_fd_path(int fd, char dst[static 32])
{
    snprintf(dst, 32, "/proc/self/fd/%d", fd);
}

/* Does a file server, or another program, decide about rights on this file system by its own rules?
 * NFS, SMB, SMB2, FUSE, Ceph, 9P. */
static bool is_on_remote_fs(int fd)
{
    static const uint64_t kinds[] = {0x6969,     0xff534d42, 0xfe534d42,
                                     0x65735546, 0x00c36400, 0x01021997};
    struct statfs fs;
    bool far = false;

    if (fstatfs(fd, &fs) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        far = far || (uint64_t)(uint32_t)fs.f_type == kinds[i];
    return far;
}

static enum tri may_on_way(const struct walk *w, int fd, const struct stat *st, uint32_t need)
{
    char name[32];

    write_fd_path(fd, name);
    const struct path_owner o = {
        .uid = st->st_uid,
        .gid = st->st_gid,
        .mode = st->st_mode,
        .dir = S_ISDIR(st->st_mode),
        .listed = getxattr(name, "system.posix_acl_access", NULL, 0) > ACL_PLAIN,
        .far = is_on_remote_fs(fd),
    };
    return path_may_access(w->user, &o, need);
}

/* false: the process has no right, and the walk ends here. */
static bool is_allowed(struct walk *w, int fd, const struct stat *st, uint32_t need)
{
    enum tri allowed = may_on_way(w, fd, st, need);

    w->unsure = w->unsure || allowed == TRI_UNKNOWN;
    if (allowed == TRI_NO)
        end_walk(w, LOOK_DENIED, 0);
    return allowed != TRI_NO;
}

static void go_back_to(struct walk *w, size_t n)
{
    while (w->n > n)
        close(w->fds[--w->n]);
    w->ret->where[w->ends[n - 1]] = '\0';
}

static int follow_link_on_way(struct walk *w, int link)
{
    char to[PATH_MAX], rest[PATH_MAX];
    ssize_t n = readlinkat(link, "", to, sizeof(to) - 1);

    if (n < 0)
        return end_walk(w, LOOK_FAILED, errno);
    to[n] = '\0';
    if (++w->links > LINKS_MAX || (size_t)n + 1 + strlen(w->rest) >= sizeof(rest))
        return end_walk(w, LOOK_FAILED, ELOOP);
    memcpy(rest, w->rest, sizeof(rest));
    snprintf(w->rest, sizeof(w->rest), "%s/%s", to, rest);
    go_back_to(w, to[0] == '/' ? 1 : w->n);
    return 0;
}

static void append_name(struct walk *w, const char *name)
{
    size_t at = w->ends[w->n - 1];

    snprintf(w->ret->where + at, sizeof(w->ret->where) - at, "/%s", name);
}

static int enter_name(struct walk *w, const char *name)
{
    struct stat st;
    int fd;

    if (fstat(w->fds[w->n - 1], &st) < 0)
        return end_walk(w, LOOK_FAILED, errno);
    if (!S_ISDIR(st.st_mode))
        return end_walk(w, LOOK_MISSING, ENOTDIR);
    if (!is_allowed(w, w->fds[w->n - 1], &st, PATH_ENTER))
        return -1;
    append_name(w, name);
    fd = openat(w->fds[w->n - 1], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return end_walk(w, errno == ENOENT || errno == ENOTDIR ? LOOK_MISSING : LOOK_FAILED, errno);
    if (fstat(fd, &st) < 0 || w->n == DEPTH) {
        close(fd);
        return end_walk(w, LOOK_FAILED, ELOOP);
    }
    if (S_ISLNK(st.st_mode)) {
        w->ret->link = w->ret->link || w->rest[strspn(w->rest, "/")] == '\0';
        autoclose int link = fd;

        return follow_link_on_way(w, link);
    }
    w->fds[w->n] = fd;
    w->ends[w->n++] = strlen(w->ret->where);
    return 0;
}

/* Takes the next name of the rest of the path; "": the path has ended. */
static void take_next_name(struct walk *w, char name[static 256])
{
    size_t skip = strspn(w->rest, "/"), n = strcspn(w->rest + skip, "/");

    snprintf(name, 256, "%.*s", (int)n, w->rest + skip);
    memmove(w->rest, w->rest + skip + n, strlen(w->rest + skip + n) + 1);
}

static int walk_path(struct walk *w)
{
    char name[256];

    for (take_next_name(w, name); name[0] != '\0'; take_next_name(w, name)) {
        if (str_eq(name, "."))
            continue;
        if (str_eq(name, ".."))
            go_back_to(w, w->n > 1 ? w->n - 1 : 1);
        else if (enter_name(w, name) < 0)
            return -1;
    }
    return 0;
}

/* ---- what is there ---- */

static int read_file_content(const char *name, struct host_look *ret, unsigned char *content)
{
    autoclose int fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = 0;

    while (fd >= 0 && ret->len < LOOK_CONTENT &&
           (n = read(fd, content + ret->len, LOOK_CONTENT - ret->len)) > 0)
        ret->len += (size_t)n;
    if (fd < 0 || n < 0)
        return -1;
    ret->cut = ret->len == LOOK_CONTENT;
    return 0;
}

static int add_up_sizes(const char *name, struct host_look *ret)
{
    char root[40];
    char *const roots[] = {root, NULL};
    const FTSENT *e;
    uint32_t n = 0;
    FTS *tree;

    snprintf(root, sizeof(root), "%s/.", name);
    tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    if (tree == NULL)
        return -1;
    errno = 0;
    while ((e = fts_read(tree)) != NULL && n++ < SUM_MAX) {
        if (e->fts_info == FTS_F)
            ret->bytes += (uint64_t)e->fts_statp->st_size;
        ret->cut = ret->cut || e->fts_info == FTS_DNR || e->fts_info == FTS_ERR;
    }
    ret->cut = ret->cut || e != NULL;
    fts_close(tree);
    return 0;
}

static bool is_empty_dir(const char *name)
{
    const struct dirent *e;

    autodir DIR *d = opendir(name);
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (!str_eq(e->d_name, ".") && !str_eq(e->d_name, ".."))
            return false;
    }
    return d != NULL;
}

static bool is_mount(int fd)
{
    struct statx x;

    return statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &x) == 0 &&
           (x.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static bool is_on_read_only_fs(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_RDONLY) != 0;
}

static void fill_look(struct walk *w, const struct path_question *question, unsigned char *content)
{
    int fd = w->fds[w->n - 1], rc = 0;
    struct stat st;
    char name[32];

    if (fstat(fd, &st) < 0) {
        end_walk(w, LOOK_FAILED, errno);
        return;
    }
    w->ret->dir = S_ISDIR(st.st_mode);
    if (!is_allowed(w, fd, &st, question->need))
        return;
    if ((question->need & PATH_WRITE) != 0 && is_on_read_only_fs(fd)) {
        end_walk(w, LOOK_READ_ONLY, 0);
        return;
    }
    write_fd_path(fd, name);
    if (question->content && S_ISREG(st.st_mode))
        rc = read_file_content(name, w->ret, content);
    if (question->sum && S_ISDIR(st.st_mode))
        rc = add_up_sizes(name, w->ret);
    if (question->kind)
        w->ret->kind = (struct host_kind){.mode = st.st_mode,
                                          .size = (uint64_t)st.st_size,
                                          .empty = S_ISDIR(st.st_mode) && is_empty_dir(name),
                                          .mount = is_mount(fd),
                                          .read_only = is_on_read_only_fs(fd)};
    if (rc < 0)
        end_walk(w, LOOK_FAILED, errno);
    else
        end_walk(w, w->unsure ? LOOK_UNSURE : LOOK_FINE, 0);
}

/* With the same flags as systemd. */
static void match_pattern(struct walk *w, const char *pattern)
{
    char whole[512], root[32];
    glob_t found;
    int rc;

    write_fd_path(w->fds[0], root);
    snprintf(whole, sizeof(whole), "%s/%s", root, pattern);
    rc = glob(whole, GLOB_NOSORT | GLOB_BRACE, NULL, &found);
    if (rc == 0)
        globfree(&found);
    end_walk(w, rc == 0 ? LOOK_FINE : rc == GLOB_NOMATCH ? LOOK_MISSING : LOOK_FAILED, 0);
}

void path_look(int root, const struct path_user *user, const struct path_question *question,
               struct host_look *ret, unsigned char *content)
{
    autofree struct walk *w = xzalloc(1, sizeof(*w));

    *ret = (struct host_look){.end = LOOK_UNKNOWN};
    w->user = user;
    w->ret = ret;
    w->fds[0] = fcntl(root, F_DUPFD_CLOEXEC, 0);
    w->n = 1;
    str_cut(w->rest, sizeof(w->rest), question->path);
    if (w->fds[0] < 0)
        end_walk(w, LOOK_FAILED, errno);
    else if (question->pattern)
        match_pattern(w, question->path);
    else if (walk_path(w) == 0)
        fill_look(w, question, content);
    while (w->n > 0)
        cleanup_close(&w->fds[--w->n]);
}
