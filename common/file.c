#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include "file.h"
#include "str.h"

#define TMP_PREFIX ".tmp-"

static int open_retry(const char *path, int flags, mode_t mode)
{
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Fills *err for a system call that failed on a path. */
static int set_io_err(struct err *err, int sys, const char *what, const char *path)
{
    enum err_kind kind = sys == ENOENT                    ? ERR_NOTFOUND
                         : sys == ENOSPC || sys == EDQUOT ? ERR_NOSPACE
                                                          : ERR_IO;
    return err_set(err, kind, sys, "%s %s", what, path);
}

static int check_file_owner(const struct stat *st, const char *path, struct err *err)
{
    if (st->st_uid != 0 && st->st_uid != geteuid())
        return err_set(err, ERR_CONFIG, 0,
                       "%s belongs to user %u; it must belong to root or to you", path,
                       (unsigned)st->st_uid);
    if ((st->st_mode & S_IWOTH) != 0)
        return err_set(err, ERR_CONFIG, 0, "%s may be changed by anybody: run chmod o-w on it",
                       path);
    return 0;
}

static int check_regular(int fd, const char *path, size_t max, unsigned flags, struct err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return set_io_err(err, errno, "stat", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_FORMAT, 0, "%s is not a regular file", path);
    mode_t forbidden = flags & FILE_PRIVATE ? 077 : flags & FILE_OF_GROUP ? 027 : 0;
    if ((st.st_mode & forbidden) != 0)
        return err_set(err, ERR_CONFIG, 0,
                       "%s may be read by others (mode %03o): run chmod %s on it, and assume that "
                       "others know its content",
                       path, (unsigned)st.st_mode & 0777, flags & FILE_PRIVATE ? "600" : "640");
    if ((flags & FILE_TRUSTED) != 0 && check_file_owner(&st, path, err) < 0)
        return -1;
    if ((uint64_t)st.st_size > max)
        return err_set(err, ERR_LIMIT, 0, "%s is larger than the %zu bytes accepted here", path,
                       max);
    return 0;
}

static int read_pieces(int fd, const char *path, size_t max, unsigned char *piece, size_t room,
                       struct buf *b, struct err *err)
{
    for (;;) {
        ssize_t n = read(fd, piece, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return set_io_err(err, errno, "read", path);
        if (n == 0)
            return 0;
        /* The file may grow while it is read, and the size of a file in /proc is 0. */
        if (b->len + (size_t)n > max)
            return err_set(err, ERR_LIMIT, 0, "%s is larger than the %zu bytes accepted here", path,
                           max);
        buf_add(b, piece, (size_t)n);
    }
}

/* Wipes its own copies of the content when the file is secret. */
static int read_rest(int fd, const char *path, size_t max, unsigned flags, struct buf *ret,
                     struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    unsigned char piece[16 * 1024];
    int rc = read_pieces(fd, path, max, piece, sizeof(piece), &b, err);
    if (rc == 0 && buf_add(ret, buf_str(&b), b.len) < 0)
        rc = err_set(err, ERR_LIMIT, 0, "%s does not fit into the room for it", path);
    if (flags & (FILE_PRIVATE | FILE_OF_GROUP)) {
        explicit_bzero(piece, sizeof(piece));
        if (b.data != NULL)
            explicit_bzero(b.data, b.cap);
    }
    return rc;
}

int file_read(const char *path, size_t max, unsigned flags, struct buf *ret, struct err *err)
{
    /* O_NONBLOCK: if somebody put a pipe there, open must not wait for a writer. */
    int follow = flags & FILE_FOLLOW ? 0 : O_NOFOLLOW;
    autoclose int fd = open_retry(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | follow, 0);
    if (fd < 0 && errno == ELOOP && follow != 0)
        return err_set(err, ERR_FORMAT, 0, "%s is a symbolic link: refused", path);
    if (fd < 0)
        return set_io_err(err, errno, "open", path);
    if (check_regular(fd, path, max, flags, err) < 0)
        return -1;
    return read_rest(fd, path, max, flags, ret, err);
}

int file_read_if(const char *path, size_t max, unsigned flags, struct buf *ret, bool *ret_there,
                 struct err *err)
{
    struct err why = ERR_INIT;
    bool there = file_read(path, max, flags, ret, &why) == 0;
    if (!there && why.kind != ERR_NOTFOUND) {
        *err = why;
        return -1;
    }
    *ret_there = there;
    return 0;
}

int file_write_all(int fd, const void *p, size_t n, struct err *err)
{
    const unsigned char *at = p;
    while (n > 0) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return err_set(err, errno == ENOSPC || errno == EDQUOT ? ERR_NOSPACE : ERR_IO, errno,
                           "write");
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

int file_dir_of(const char *path, char *dst, size_t n, struct err *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (len >= n)
        return err_set(err, ERR_LIMIT, 0, "the path %.60s... is too long", path);
    memcpy(dst, slash == NULL ? "." : path, len);
    dst[len] = '\0';
    return 0;
}

int file_sync_dir(const char *dir, struct err *err)
{
    autoclose int fd = open_retry(dir, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return set_io_err(err, errno, "open directory", dir);
    if (fsync(fd) < 0)
        return set_io_err(err, errno, "fsync directory", dir);
    return 0;
}

/* Writes the whole content to a new file at tmp and syncs it. */
static int write_new_file(const char *tmp, const void *p, size_t n, mode_t mode, struct err *err)
{
    autoclose int fd = open_retry(tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (fd < 0)
        return set_io_err(err, errno, "create", tmp);
    if (file_write_all(fd, p, n, err) < 0)
        return err_wrap(err, "%s", tmp);
    /* fchmod, because the umask changes the mode that open sets. */
    if (fchmod(fd, mode) < 0)
        return set_io_err(err, errno, "chmod", tmp);
    if (fsync(fd) < 0)
        return set_io_err(err, errno, "fsync", tmp);
    return 0;
}

/* Writes the content to a temporary file in the directory of path. Then `place` (rename or link)
 * puts the file in place. Last, the directory is synced. */
static int place_file(const char *path, const void *p, size_t n, mode_t mode,
                      int (*place)(const char *tmp, const char *path), struct err *err)
{
    char dir[4096];
    autofree char *tmp = NULL;
    if (file_dir_of(path, dir, sizeof(dir), err) < 0)
        return -1;
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    if (asprintf(&tmp, "%s/" TMP_PREFIX "%ld-%ld%09ld", dir, (long)getpid(), (long)now.tv_sec,
                 now.tv_nsec) < 0)
        die_oom();
    if (write_new_file(tmp, p, n, mode, err) < 0) {
        if (err->sys != EEXIST)
            unlink(tmp);
        return -1;
    }
    if (place(tmp, path) < 0) {
        int sys = errno;
        unlink(tmp);
        if (sys == EEXIST)
            return err_set(err, ERR_BUSY, 0, "%s exists already", path);
        return set_io_err(err, sys, "put in place", path);
    }
    return file_sync_dir(dir, err);
}

int file_replace(const char *path, const void *p, size_t n, mode_t mode, struct err *err)
{
    return place_file(path, p, n, mode, rename, err);
}

/* link(2) refuses an existing name; rename(2) would overwrite the file. */
static int place_new_file(const char *tmp, const char *path)
{
    if (link(tmp, path) < 0)
        return -1;
    unlink(tmp);
    return 0;
}

int file_create(const char *path, const void *p, size_t n, mode_t mode, struct err *err)
{
    return place_file(path, p, n, mode, place_new_file, err);
}

int file_remove(const char *path, struct err *err)
{
    char dir[4096];
    if (file_dir_of(path, dir, sizeof(dir), err) < 0)
        return -1;
    if (unlink(path) < 0) {
        if (errno == ENOENT)
            return 0;
        return set_io_err(err, errno, "remove", path);
    }
    return file_sync_dir(dir, err);
}

int file_sweep(const char *dir, struct err *err)
{
    autodir DIR *d = opendir(dir);
    if (d == NULL)
        return set_io_err(err, errno, "open directory", dir);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (!str_starts(e->d_name, TMP_PREFIX))
            continue;
        if (unlinkat(dirfd(d), e->d_name, 0) < 0 && errno != ENOENT)
            return err_set(err, ERR_IO, errno, "remove %s/%s", dir, e->d_name);
    }
    return 0;
}

void names_free(struct names *n)
{
    for (size_t i = 0; i < n->n; i++)
        free(n->items[i]);
    free(n->items);
    *n = (struct names)NAMES_INIT;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int file_names(const char *dir, const char *suffix, size_t max, unsigned flags, struct names *ret,
               struct err *err)
{
    auto_names struct names names = NAMES_INIT;
    struct stat st;
    autodir DIR *d = opendir(dir);
    if (d == NULL || fstat(dirfd(d), &st) < 0)
        return set_io_err(err, errno, "open directory", dir);
    if ((flags & FILE_TRUSTED) != 0 && check_file_owner(&st, dir, err) < 0)
        return -1;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (e->d_name[0] == '.' || !str_ends(e->d_name, suffix))
            continue;
        if (names.n == max)
            return err_set(err, ERR_LIMIT, 0, "%s contains more than %zu files", dir, max);
        names.items = xrealloc(names.items, (names.n + 1) * sizeof(*names.items));
        names.items[names.n++] = xstrdup(e->d_name);
    }
    if (names.n > 0)
        qsort(names.items, names.n, sizeof(*names.items), by_bytes);
    *ret = names;
    names = (struct names)NAMES_INIT;
    return 0;
}

/* Makes one directory. Syncs the parent, so that the new directory is still there after a crash. */
static int make_one_dir(const char *dir, mode_t mode, struct err *err)
{
    struct stat st;
    char parent[4096];
    if (mkdir(dir, mode) == 0) {
        if (chmod(dir, mode) < 0)
            return set_io_err(err, errno, "chmod", dir);
        return file_dir_of(dir, parent, sizeof(parent), err) < 0 ? -1 : file_sync_dir(parent, err);
    }
    int sys = errno;
    /* In a read-only or automounted parent, mkdir of an existing directory fails with other errors
     * than EEXIST. */
    if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return set_io_err(err, sys == EEXIST ? ENOTDIR : sys, "make directory", dir);
}

int file_make_dirs(const char *dir, mode_t mode, struct err *err)
{
    char path[4096];
    if (dir[0] == '\0' || str_copy(path, sizeof(path), dir) < 0)
        return err_set(err, ERR_LIMIT, 0, "the path %.60s is empty or too long", dir);
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        path[--n] = '\0';
    for (size_t i = 1; i < n; i++) {
        if (path[i] != '/')
            continue;
        path[i] = '\0';
        if (make_one_dir(path, mode, err) < 0)
            return -1;
        path[i] = '/';
    }
    return make_one_dir(path, mode, err);
}

static int refuse_busy_lock(int fd, const char *path, struct err *err)
{
    char pid[16] = "";
    ssize_t n = pread(fd, pid, sizeof(pid) - 1, 0);
    size_t digits = n > 0 ? strspn(pid, "0123456789") : 0;
    if (digits == 0)
        return err_set(err, ERR_BUSY, 0, "%s is locked by another process", path);
    return err_set(err, ERR_BUSY, 0, "%s is locked by process %.*s", path, (int)digits, pid);
}

int file_lock(const char *path, int *ret_fd, struct err *err)
{
    autoclose int fd = open_retry(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
    if (fd < 0)
        return set_io_err(err, errno, "open", path);
    int rv;
    do
        rv = flock(fd, LOCK_EX | LOCK_NB);
    while (rv < 0 && errno == EINTR);
    if (rv < 0 && errno == EWOULDBLOCK)
        return refuse_busy_lock(fd, path, err);
    if (rv < 0)
        return set_io_err(err, errno, "lock", path);
    char text[32];
    int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    /* Overwrite the old text, then cut the file. If the file were cut first on a full disk, its
     * block would be free and another process could take it. */
    if (pwrite(fd, text, (size_t)n, 0) < 0 || ftruncate(fd, n) < 0)
        return set_io_err(err, errno, "write", path);
    *ret_fd = take_fd(&fd);
    return 0;
}
