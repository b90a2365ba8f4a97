#include "dir_tree.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "str.h"

static int fail_in_tree(struct err *err, const char *what, const char *root, const char *path)
{
    int sys = errno;
    enum err_kind kind = sys == ENOENT                    ? ERR_NOTFOUND
                         : sys == ENOSPC || sys == EDQUOT ? ERR_NOSPACE
                                                          : ERR_IO;

    /* For a link that it may not follow, the kernel gives ELOOP or ENOTDIR, depending on the flags.
     */
    if (sys == ELOOP || sys == ENOTDIR)
        return err_set(err, ERR_FORMAT, 0,
                       "%s %s/%s: a part of this path is a link, or not a directory", what, root,
                       path);
    return err_set(err, kind, sys, "%s %s%s%s", what, root, path[0] != '\0' ? "/" : "", path);
}

/* Opens each name in the directory before it. -1: errno is set. */
static int open_without_links(const char *root, const char *path, int flags)
{
    autoclose int at = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

    while (at >= 0 && path[0] != '\0') {
        size_t n = strcspn(path, "/");
        bool last = path[n] == '\0';
        char name[256];
        int next;

        if (snprintf(name, sizeof(name), "%.*s", (int)n, path) >= (int)sizeof(name)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        next = openat(at, name, O_NOFOLLOW | O_CLOEXEC | (last ? flags : O_PATH | O_DIRECTORY));
        if (last || next < 0)
            return next;
        close(at);
        at = next;
        path += n + 1;
    }
    return at < 0 ? -1 : openat(at, ".", flags | O_CLOEXEC);
}

int dir_tree_open(const char *root, const char *path, int *ret_fd, struct err *err)
{
    int fd = open_without_links(root, path, O_RDONLY | O_DIRECTORY);

    if (fd < 0)
        return fail_in_tree(err, "open", root, path);
    *ret_fd = fd;
    return 0;
}

static void add_tree_name(const char *name, struct host_names *ret)
{
    if (str_eq(name, ".") || str_eq(name, ".."))
        return;
    if (ret->n == HOST_NAMES || strlen(name) >= sizeof(ret->list[0].name)) {
        ret->more = true;
        return;
    }
    str_cut(ret->list[ret->n++].name, sizeof(ret->list[0].name), name);
}

int dir_tree_list(int dir, struct host_names *ret, struct err *err)
{
    const struct dirent *e;

    /* A new descriptor: the read position belongs to the descriptor, and the caller's must not
     * move. */
    autoclose int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL)
        return err_set(err, ERR_IO, errno, "read a directory");
    (void)take_fd(&fd); /* d owns the descriptor now */
    memset(ret, 0, sizeof(*ret));
    ret->dir = true;
    errno = 0;
    while ((e = readdir(d)) != NULL)
        add_tree_name(e->d_name, ret);
    return errno != 0 ? err_set(err, ERR_IO, errno, "read a directory") : 0;
}

int dir_tree_make_dir(const char *path, uint32_t mode, struct err *err)
{
    return mkdir(path, mode) < 0 ? fail_in_tree(err, "make the directory", path, "") : 0;
}

int dir_tree_remove_dir(const char *path, struct err *err)
{
    return rmdir(path) < 0 && errno != ENOENT ? fail_in_tree(err, "remove", path, "") : 0;
}
