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
#define ACL_PLAIN 28    /* bytes of an access list that says no more than the mode */

struct walk {
    const struct path_user *user;
    struct host_look *ret;
    int fds[DEPTH]; /* the root, and each place on the way */
    size_t n;
    size_t ends[DEPTH]; /* of ret->where, with each of them */
    char rest[PATH_MAX];
    uint32_t links;
    bool unsure; /* an access list on the way */
};

static int end(struct walk *w, enum look_end how, int sys)
{
    w->ret->end = how;
    w->ret->error = sys;
    return -1;
}

static void name_of(int fd, char dst[static 32])
{
    snprintf(dst, 32, "/proc/self/fd/%d", fd);
}

/* Where a server, or another program, judges by rules of its own. */
static bool is_far(int fd)
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

static enum tri may(const struct walk *w, int fd, const struct stat *st, uint32_t need)
{
    char name[32];

    name_of(fd, name);
    const struct path_owner o = {
        .uid = st->st_uid,
        .gid = st->st_gid,
        .mode = st->st_mode,
        .dir = S_ISDIR(st->st_mode),
        .listed = getxattr(name, "system.posix_acl_access", NULL, 0) > ACL_PLAIN,
        .far = is_far(fd),
    };
    return path_may(w->user, &o, need);
}

/* false: the walk ends here. */
static bool is_allowed(struct walk *w, int fd, const struct stat *st, uint32_t need)
{
    enum tri allowed = may(w, fd, st, need);

    w->unsure = w->unsure || allowed == TRI_UNKNOWN;
    if (allowed == TRI_NO)
        end(w, LOOK_DENIED, 0);
    return allowed != TRI_NO;
}

static void leave(struct walk *w, size_t n)
{
    while (w->n > n)
        close(w->fds[--w->n]);
    w->ret->where[w->ends[n - 1]] = '\0';
}

static int follow(struct walk *w, int link)
{
    char to[PATH_MAX], rest[PATH_MAX];
    ssize_t n = readlinkat(link, "", to, sizeof(to) - 1);

    if (n < 0)
        return end(w, LOOK_FAILED, errno);
    to[n] = '\0';
    if (++w->links > LINKS_MAX || (size_t)n + 1 + strlen(w->rest) >= sizeof(rest))
        return end(w, LOOK_FAILED, ELOOP);
    memcpy(rest, w->rest, sizeof(rest));
    snprintf(w->rest, sizeof(w->rest), "%s/%s", to, rest);
    leave(w, to[0] == '/' ? 1 : w->n);
    return 0;
}

static void call_it(struct walk *w, const char *name)
{
    size_t at = w->ends[w->n - 1];

    snprintf(w->ret->where + at, sizeof(w->ret->where) - at, "/%s", name);
}

static int enter(struct walk *w, const char *name)
{
    struct stat st;
    int fd;

    if (fstat(w->fds[w->n - 1], &st) < 0)
        return end(w, LOOK_FAILED, errno);
    if (!S_ISDIR(st.st_mode))
        return end(w, LOOK_MISSING, ENOTDIR);
    if (!is_allowed(w, w->fds[w->n - 1], &st, PATH_ENTER))
        return -1;
    call_it(w, name);
    fd = openat(w->fds[w->n - 1], name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return end(w, errno == ENOENT || errno == ENOTDIR ? LOOK_MISSING : LOOK_FAILED, errno);
    if (fstat(fd, &st) < 0 || w->n == DEPTH) {
        close(fd);
        return end(w, LOOK_FAILED, ELOOP);
    }
    if (S_ISLNK(st.st_mode)) {
        w->ret->link = w->ret->link || w->rest[strspn(w->rest, "/")] == '\0';
        autoclose int link = fd;

        return follow(w, link);
    }
    w->fds[w->n] = fd;
    w->ends[w->n++] = strlen(w->ret->where);
    return 0;
}

/* The next name of the rest; "" at its end. */
static void next_name(struct walk *w, char name[static 256])
{
    size_t skip = strspn(w->rest, "/"), n = strcspn(w->rest + skip, "/");

    snprintf(name, 256, "%.*s", (int)n, w->rest + skip);
    memmove(w->rest, w->rest + skip + n, strlen(w->rest + skip + n) + 1);
}

static int go(struct walk *w)
{
    char name[256];

    for (next_name(w, name); name[0] != '\0'; next_name(w, name)) {
        if (str_eq(name, "."))
            continue;
        if (str_eq(name, ".."))
            leave(w, w->n > 1 ? w->n - 1 : 1);
        else if (enter(w, name) < 0)
            return -1;
    }
    return 0;
}

/* ---- what is there ---- */

static int read_content(const char *name, struct host_look *ret, unsigned char *content)
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

static int add_up(const char *name, struct host_look *ret)
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

static bool is_empty(const char *name)
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

static bool is_read_only(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && (fs.f_flags & ST_RDONLY) != 0;
}

static void tell(struct walk *w, const struct host_wish *wish, unsigned char *content)
{
    int fd = w->fds[w->n - 1], rc = 0;
    struct stat st;
    char name[32];

    if (fstat(fd, &st) < 0) {
        end(w, LOOK_FAILED, errno);
        return;
    }
    w->ret->dir = S_ISDIR(st.st_mode);
    if (!is_allowed(w, fd, &st, wish->need))
        return;
    if ((wish->need & PATH_WRITE) != 0 && is_read_only(fd)) {
        end(w, LOOK_READ_ONLY, 0);
        return;
    }
    name_of(fd, name);
    if (wish->content && S_ISREG(st.st_mode))
        rc = read_content(name, w->ret, content);
    if (wish->sum && S_ISDIR(st.st_mode))
        rc = add_up(name, w->ret);
    if (wish->kind)
        w->ret->kind = (struct host_kind){.mode = st.st_mode,
                                          .size = (uint64_t)st.st_size,
                                          .empty = S_ISDIR(st.st_mode) && is_empty(name),
                                          .mount = is_mount(fd),
                                          .read_only = is_read_only(fd)};
    if (rc < 0)
        end(w, LOOK_FAILED, errno);
    else
        end(w, w->unsure ? LOOK_UNSURE : LOOK_FINE, 0);
}

/* As systemd asks. */
static void match(struct walk *w, const char *pattern)
{
    char whole[512], root[32];
    glob_t found;
    int rc;

    name_of(w->fds[0], root);
    snprintf(whole, sizeof(whole), "%s/%s", root, pattern);
    rc = glob(whole, GLOB_NOSORT | GLOB_BRACE, NULL, &found);
    if (rc == 0)
        globfree(&found);
    end(w, rc == 0 ? LOOK_FINE : rc == GLOB_NOMATCH ? LOOK_MISSING : LOOK_FAILED, 0);
}

void path_look(int root, const struct path_user *user, const struct host_wish *wish,
               struct host_look *ret, unsigned char *content)
{
    autofree struct walk *w = xzalloc(1, sizeof(*w));

    *ret = (struct host_look){.end = LOOK_UNKNOWN};
    w->user = user;
    w->ret = ret;
    w->fds[0] = fcntl(root, F_DUPFD_CLOEXEC, 0);
    w->n = 1;
    str_cut(w->rest, sizeof(w->rest), wish->path);
    if (w->fds[0] < 0)
        end(w, LOOK_FAILED, errno);
    else if (wish->pattern)
        match(w, wish->path);
    else if (go(w) == 0)
        tell(w, wish, content);
    while (w->n > 0)
        cleanup_close(&w->fds[--w->n]);
}
