#include "vendor_place.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include "file.h"
#include "str.h"
#include "vendor_names.h"

#define BLOCK (256 * 1024)

/* Sets base to <from>/<folder><version>/. folder: "nomad/" or ""; version "": no folder for it. */
static int set_base(struct vendor_place *p, const char *from, const char *folder,
                    const char *version, struct err *err)
{
    size_t n = strlen(from);
    while (n > 1 && from[n - 1] == '/')
        n--;
    int len = snprintf(p->base, sizeof(p->base), "%.*s/%s%s%s", (int)n, from, folder, version,
                       version[0] != '\0' ? "/" : "");
    return len > 0 && (size_t)len < sizeof(p->base)
               ? 0
               : err_set(err, ERR_USAGE, 0, "--from is longer than %zu bytes", sizeof(p->base));
}

static int open_place_dir(const char *from, const char *version, struct vendor_place *p,
                          struct err *err)
{
    const struct {
        const char *folder, *version;
    } layouts[] = {{"", ""}, {"nomad/", version}, {"", version}};
    char name[VENDOR_NAME_MAX], path[sizeof(p->base) + VENDOR_NAME_MAX];
    autofree char *absolute = realpath(from, NULL);
    if (absolute == NULL)
        return err_set(err, ERR_USAGE, errno, "--from %s", from);
    vendor_sums_name(name, version);
    p->is_dir = true;
    for (size_t i = 0; i < ARRAY_LEN(layouts); i++) {
        if (set_base(p, absolute, layouts[i].folder, layouts[i].version, err) < 0)
            return -1;
        snprintf(path, sizeof(path), "%s%s", p->base, name);
        if (access(path, F_OK) == 0)
            return 0;
    }
    return err_set(err, ERR_NOTFOUND, 0,
                   "there is no %s in %s, nor in the directories nomad/%s and %s below it", name,
                   absolute, version, version);
}

int vendor_place_open(const char *from, const char *version, const struct download *how,
                      struct vendor_place *ret, struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    ret->how = *how;
    if (str_starts(from, "https://") || str_starts(from, "http://"))
        return set_base(ret, from, "nomad/", version, err);
    if (strstr(from, "://") != NULL)
        return err_set(err, ERR_USAGE, 0,
                       "--from %s: give a directory, or a URL that begins with https:// or http://",
                       from);
    return open_place_dir(from, version, ret, err);
}

static int check_stopped(const struct download *d, struct err *err)
{
    struct pollfd p = {d->stop_fd, POLLIN, 0};
    return d->stop_fd >= 0 && poll(&p, 1, 0) > 0 ? err_set(err, ERR_STATE, 0, "interrupted") : 0;
}

static int open_place_file(const struct vendor_place *p, const char *name, int *ret_fd,
                           uint64_t *ret_size, struct err *err)
{
    char path[sizeof(p->base) + VENDOR_NAME_MAX];
    struct stat st;
    snprintf(path, sizeof(path), "%s%s", p->base, name);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, errno, "open %s", path);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return err_set(err, ERR_USAGE, 0, "%s is no regular file", path);
    if ((uint64_t)st.st_size > p->how.max)
        return err_set(err, ERR_LIMIT, 0, "%s is larger than %llu bytes", path,
                       (unsigned long long)p->how.max);
    *ret_size = (uint64_t)st.st_size;
    *ret_fd = take_fd(&fd);
    return 0;
}

/* Copies at most `size` bytes, also when the file grows meanwhile. */
static int copy_bytes(const struct download *d, int in, int out, uint64_t size, uint64_t *done,
                      struct err *err)
{
    autofree unsigned char *block = xalloc(BLOCK);
    ssize_t n = 1;
    while (*done < size && n > 0) {
        if (check_stopped(d, err) < 0)
            return -1;
        n = read(in, block, (size_t)MIN_OF((uint64_t)BLOCK, size - *done));
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n < 0)
            return err_set(err, ERR_IO, errno, "read");
        else if (file_write_all(out, block, (size_t)n, err) < 0)
            return -1;
        else
            *done += (uint64_t)n;
        if (d->progress != NULL)
            d->progress(d->ctx, *done, size);
    }
    return 0;
}

/* A directory is fast enough to begin again: an existing part is dropped. */
static int copy_file(const struct vendor_place *p, const char *name, int fd, uint64_t *from,
                     struct err *err)
{
    uint64_t size = 0;
    autoclose int in = -1;
    *from = 0;
    if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_set(err, ERR_IO, errno, "empty the part");
    if (open_place_file(p, name, &in, &size, err) < 0)
        return -1;
    if (download_room(fd, size, err) < 0 || copy_bytes(&p->how, in, fd, size, from, err) < 0)
        return err_wrap(err, "%s%s", p->base, name);
    return 0;
}

int vendor_place_file(const struct vendor_place *p, const char *name, int fd, uint64_t *from,
                      struct err *err)
{
    char url[sizeof(p->base) + VENDOR_NAME_MAX];
    struct download d = p->how;
    if (p->is_dir)
        return copy_file(p, name, fd, from, err);
    snprintf(url, sizeof(url), "%s%s", p->base, name);
    d.url = url;
    return download(&d, fd, from, err);
}

int vendor_place_text(const struct vendor_place *p, const char *name, size_t max, const char *work,
                      struct buf *ret, struct err *err)
{
    struct vendor_place small = *p;
    uint64_t from = 0;
    small.how.max = max;
    small.how.progress = NULL;
    unlink(work);
    autoclose int fd = open(work, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(err, ERR_IO, errno, "create %s", work);
    int rc = vendor_place_file(&small, name, fd, &from, err);
    if (rc == 0)
        rc = file_read(work, max, 0, ret, err);
    unlink(work);
    return rc;
}
