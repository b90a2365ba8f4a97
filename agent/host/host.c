#include "host.h"
#include "str.h"

#define READ_CHUNK 4096
#define PATH_LEN   512

static int write_new_host_file(const struct host *h, const char *path, const struct buf *content,
                               struct err *err)
{
    int handle = -1;
    int rc;

    if (h->unlink(h->ctx, HOST_OWN_PATH, path, err) < 0 ||
        h->create(h->ctx, HOST_OWN_PATH, path, 0600, &handle, err) < 0)
        return -1;
    rc = h->write(h->ctx, handle, content->data, content->len, err);
    if (rc == 0)
        rc = h->sync(h->ctx, handle, err);
    h->close(h->ctx, handle);
    return rc;
}

int host_replace(const struct host *h, const char *dir, const char *name, const struct buf *content,
                 bool names, struct err *err)
{
    char path[PATH_LEN], fresh[PATH_LEN];

    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path) ||
        snprintf(fresh, sizeof(fresh), "%s/.new-%s", dir, name) >= (int)sizeof(fresh))
        return err_set(err, ERR_LIMIT, 0, "the path %s/%s is too long", dir, name);
    if (write_new_host_file(h, fresh, content, err) < 0)
        return -1;
    if (h->rename(h->ctx, HOST_OWN_PATH, fresh, path, err) < 0)
        return -1;
    return names ? h->sync_dir(h->ctx, HOST_OWN_PATH, dir, err) : 0;
}

static int read_whole_handle(const struct host *h, int handle, size_t max, struct buf *ret,
                             struct err *err)
{
    unsigned char chunk[READ_CHUNK];
    size_t n = 0;

    do {
        if (h->read_at(h->ctx, handle, ret->len, chunk, sizeof(chunk), &n, err) < 0)
            return -1;
        if (ret->len + n > max)
            return err_set(err, ERR_LIMIT, 0, "more than %zu bytes", max);
        (void)buf_add(ret, chunk, n);
    } while (n > 0);
    return 0;
}

/* Reads the open file and closes it. */
static int read_and_close(const struct host *h, int handle, const char *path, size_t max,
                          struct buf *ret, struct err *err)
{
    auto_buf struct buf b = BUF_INIT;
    int rc = read_whole_handle(h, handle, max, &b, err);

    h->close(h->ctx, handle);
    if (rc < 0)
        return err_wrap(err, "read %s", path);
    buf_free(ret);
    *ret = b;
    b = (struct buf)BUF_INIT;
    return 0;
}

int host_read(const struct host *h, const char *path, size_t max, struct buf *ret, bool *ret_there,
              struct err *err)
{
    struct host_stat st;
    int handle = -1;

    if (h->stat(h->ctx, HOST_OWN_PATH, path, &st, err) < 0)
        return -1;
    *ret_there = st.there;
    if (!st.there)
        return 0;
    if (h->open(h->ctx, HOST_OWN_PATH, path, &handle, err) < 0)
        return -1;
    return read_and_close(h, handle, path, max, ret, err);
}

int host_read_through(const struct host *h, const char *path, size_t max, struct buf *ret,
                      struct err *err)
{
    int handle = -1;

    if (h->open_through(h->ctx, HOST_OWN_PATH, path, &handle, err) < 0)
        return -1;
    return read_and_close(h, handle, path, max, ret, err);
}

bool host_stat_same_file(const struct host_stat *a, const struct host_stat *b)
{
    return a->there && b->there && a->dev == b->dev && a->ino == b->ino;
}
