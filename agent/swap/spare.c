#include "spare.h"
#include "record.h"

void spare_path(const char *dir, unsigned i, char dst[static 512])
{
    snprintf(dst, 512, "%s/spare-%u", dir, i);
}

/* A spare file that is too short keeps its blocks: it may suffice even if it cannot grow. */
static int make_spare(const struct host *h, const char *path, const void *p, struct err *err)
{
    struct host_stat st;
    int handle = -1, rc;

    if (h->stat(h->ctx, HOST_OWN_PATH, path, &st, err) < 0)
        return -1;
    if (st.there && st.size == RECORD_MAX)
        return 0;
    rc = st.there ? h->open_write(h->ctx, HOST_OWN_PATH, path, &handle, err)
                  : h->create(h->ctx, HOST_OWN_PATH, path, 0600, &handle, err);
    if (rc < 0)
        return -1;
    rc = h->write(h->ctx, handle, p, RECORD_MAX, err);
    if (rc == 0)
        rc = h->sync(h->ctx, handle, err);
    h->close(h->ctx, handle);
    return rc;
}

int spare_make_all(const struct host *h, const char *dir, struct err *err)
{
    autofree unsigned char *zeros = xzalloc(1, RECORD_MAX);
    char path[512];

    for (unsigned i = 0; i < SPARES; i++) {
        spare_path(dir, i, path);
        if (make_spare(h, path, zeros, err) < 0)
            return err_wrap(err, "reserve room for the record");
    }
    return 0;
}

/* After an error a spare file stays for the next time. */
void spare_drop_all(const struct host *h, const char *dir)
{
    struct host_stat st;
    struct err err = ERR_INIT;
    char path[512];

    for (unsigned i = 0; i < SPARES; i++) {
        spare_path(dir, i, path);
        if (h->stat(h->ctx, HOST_OWN_PATH, path, &st, &err) == 0 && st.there)
            (void)!h->unlink(h->ctx, HOST_OWN_PATH, path, &err);
    }
}

static int replace_with_spare(const struct host *h, const char *spare, const char *path,
                              const struct buf *content, struct err *err)
{
    int handle = -1, rc;

    if (h->open_write(h->ctx, HOST_OWN_PATH, spare, &handle, err) < 0)
        return -1;
    rc = h->write(h->ctx, handle, content->data, content->len, err);
    if (rc == 0)
        rc = h->cut(h->ctx, handle, content->len, err);
    if (rc == 0)
        rc = h->sync(h->ctx, handle, err);
    h->close(h->ctx, handle);
    return rc < 0 ? -1 : h->rename(h->ctx, HOST_OWN_PATH, spare, path, err);
}

int spare_replace(const struct host *h, const char *dir, const char *name,
                  const struct buf *content, bool names, struct err *err)
{
    char spare[512], path[512];

    if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
        return err_set(err, ERR_LIMIT, 0, "the path %s/%s is too long", dir, name);
    for (unsigned i = 0; i < SPARES; i++) {
        spare_path(dir, i, spare);
        if (replace_with_spare(h, spare, path, content, err) == 0)
            return names ? h->sync_dir(h->ctx, HOST_OWN_PATH, dir, err) : 0;
    }
    return err_set(err, ERR_NOSPACE, 0,
                   "there is no room for a new file, and no spare file is left");
}
