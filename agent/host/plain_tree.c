#include "plain_tree.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "str.h"

static int fail(struct err *err, const char *what, const char *root, const char *path)
{
    int sys = errno;
    enum err_kind kind = sys == ENOENT                    ? ERR_NOTFOUND
                         : sys == ENOSPC || sys == EDQUOT ? ERR_NOSPACE
                                                          : ERR_IO;

    /* What the kernel says of a link it may not follow depends on what was wanted of it. */
    if (sys == ELOOP || sys == ENOTDIR)
        return err_set(err, ERR_FORMAT, 0, "%s %s/%s: a link or no directory is on the way", what,
                       root, path);
    return err_set(err, kind, sys, "%s %s%s%s", what, root, path[0] != '\0' ? "/" : "", path);
}

/* Step by step: each is opened in the one before. -1 with errno. */
static int open_step(const char *root, const char *path, int flags)
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

int plain_tree_open(const char *root, const char *path, int *ret_fd, struct err *err)
{
    struct stat st;

    autoclose int fd = open_step(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &st) < 0)
        return fail(err, "open", root, path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s/%s is not a regular file", root, path);
    *ret_fd = take_fd(&fd);
    return 0;
}

static void add_name(const char *name, struct host_names *ret)
{
    if (str_eq(name, ".") || str_eq(name, ".."))
        return;
    if (ret->n == HOST_NAMES || strlen(name) >= sizeof(ret->list[0].name)) {
        ret->more = true;
        return;
    }
    str_cut(ret->list[ret->n++].name, sizeof(ret->list[0].name), name);
}

int plain_tree_list(const char *root, const char *path, struct host_names *ret, struct err *err)
{
    const struct dirent *e;

    autoclose int fd = open_step(root, path, O_RDONLY | O_DIRECTORY);
    autodir DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL)
        return fail(err, "read", root, path);
    (void)take_fd(&fd); /* the directory's, now */
    memset(ret, 0, sizeof(*ret));
    ret->dir = true;
    errno = 0;
    while ((e = readdir(d)) != NULL)
        add_name(e->d_name, ret);
    return errno != 0 ? fail(err, "read", root, path) : 0;
}

int plain_tree_make_dir(const char *path, uint32_t mode, struct err *err)
{
    return mkdir(path, mode) < 0 ? fail(err, "make the directory", path, "") : 0;
}

int plain_tree_remove_dir(const char *path, struct err *err)
{
    return rmdir(path) < 0 && errno != ENOENT ? fail(err, "remove", path, "") : 0;
}
