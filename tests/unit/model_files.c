/* The ports of the model host for files. */
#include "model_host.h"
#include "str.h"

static bool syncs(struct model_host *m, const char *what)
{
    m->syncs++;
    if (m->syncs < MODEL_SYNCS) {
        m->sync_at[m->syncs] = m->operations;
        str_cut(m->sync_name[m->syncs], sizeof(m->sync_name[0]), what);
    }
    return m->syncs != m->skip_sync;
}

static int port_open(void *ctx, int dir, const char *name, int *ret_h, struct err *err)
{
    struct model_host *m = ctx;
    char path[256];

    model_fs_at(&m->fs, dir, name, path);
    if (model_alive(m, err) < 0)
        return -1;
    *ret_h = model_fs_open(&m->fs, path);
    return *ret_h < 0 ? err_set(err, ERR_NOTFOUND, 0, "open %s", path) : 0;
}

static int port_open_through(void *ctx, int dir, const char *name, int *ret_h, struct err *err)
{
    struct model_host *m = ctx;
    char path[256];

    model_fs_at(&m->fs, dir, name, path);
    if (model_alive(m, err) < 0)
        return -1;
    *ret_h = model_fs_open_through(&m->fs, path);
    return *ret_h < 0 ? err_set(err, ERR_NOTFOUND, 0, "open %s", path) : 0;
}

static int port_open_write(void *ctx, int dir, const char *name, int *ret_h, struct err *err)
{
    return port_open(ctx, dir, name, ret_h, err);
}

static int port_create(void *ctx, int dir, const char *name, uint32_t mode, int *ret_h,
                       struct err *err)
{
    struct model_host *m = ctx;
    char path[256];

    model_fs_at(&m->fs, dir, name, path);
    if (model_step(m, err) < 0)
        return -1;
    *ret_h = model_fs_create(&m->fs, path, mode);
    return *ret_h < 0 ? err_set(err, ERR_IO, 0, "%s exists", path) : 0;
}

static int port_read_at(void *ctx, int h, uint64_t at, void *p, size_t n, size_t *ret_n,
                        struct err *err)
{
    struct model_host *m = ctx;
    const struct model_file *f = &m->fs.files[m->fs.handles[h]];

    if (model_alive(m, err) < 0)
        return -1;
    *ret_n = at >= f->len ? 0 : MIN_OF(n, f->len - at);
    memcpy(p, f->data + at, *ret_n);
    return 0;
}

static int port_write(void *ctx, int h, const void *p, size_t n, struct err *err)
{
    struct model_host *m = ctx;

    if (model_step(m, err) < 0)
        return -1;
    if (m->no_room_to_write && model_fs_grows(&m->fs, h, n) > 0)
        return err_set(err, ERR_NOSPACE, 0, "write");
    model_fs_write(&m->fs, h, p, n);
    return 0;
}

static int port_cut(void *ctx, int h, uint64_t size, struct err *err)
{
    struct model_host *m = ctx;

    if (model_step(m, err) < 0)
        return -1;
    model_fs_cut(&m->fs, h, size);
    return 0;
}

static int port_adopt(void *ctx, int h, int like, struct err *err)
{
    struct model_host *m = ctx;

    if (model_step(m, err) < 0)
        return -1;
    m->fs.files[m->fs.handles[h]].mode = m->fs.files[m->fs.handles[like]].mode & 0755;
    m->fs.files[m->fs.handles[h]].dirty = true;
    return 0;
}

static int port_sync(void *ctx, int h, struct err *err)
{
    struct model_host *m = ctx;
    const char *name = "a file";

    if (model_step(m, err) < 0)
        return -1;
    for (int i = 0; i < MODEL_NAMES; i++) {
        if (m->fs.names[i].inode == m->fs.handles[h])
            name = m->fs.names[i].path;
    }
    if (syncs(m, name))
        model_fs_sync(&m->fs, h);
    return 0;
}

static int port_stat_of(void *ctx, int h, struct host_stat *ret, struct err *err)
{
    struct model_host *m = ctx;

    if (model_alive(m, err) < 0)
        return -1;
    if (h >= MODEL_DIR_AT)
        *ret = (struct host_stat){.there = true, .dev = 1, .ino = MODEL_DIR_INO + m->other_dir};
    else
        model_fs_stat(&m->fs, m->fs.handles[h], ret);
    return 0;
}

static void port_close(void *ctx, int h)
{
    struct model_host *m = ctx;

    model_fs_close(&m->fs, h);
}

static int port_stat(void *ctx, int dir, const char *name, struct host_stat *ret, struct err *err)
{
    struct model_host *m = ctx;
    char path[256];

    model_fs_at(&m->fs, dir, name, path);
    if (model_alive(m, err) < 0)
        return -1;
    model_fs_stat(&m->fs, model_fs_find(&m->fs, path), ret);
    ret->there = ret->there || (m->held && str_eq(path, MODEL_HOLD));
    return 0;
}

static int port_stat_through(void *ctx, int dir, const char *name, struct host_stat *ret,
                             struct err *err)
{
    struct model_host *m = ctx;
    char path[256];

    model_fs_at(&m->fs, dir, name, path);
    if (model_alive(m, err) < 0)
        return -1;
    model_fs_stat(&m->fs, model_fs_through(&m->fs, path), ret);
    return 0;
}

static int port_link_of(void *ctx, int dir, const char *name, char *dst, size_t n, struct err *err)
{
    struct model_host *m = ctx;
    char path[256];
    int inode;

    model_fs_at(&m->fs, dir, name, path);
    inode = model_fs_find(&m->fs, path);
    str_cut(dst, n, inode != 0 && m->fs.files[inode].leads_to != 0 ? MODEL_STORE : "");
    return model_alive(m, err);
}

static int port_rename(void *ctx, int dir, const char *from, const char *to, struct err *err)
{
    struct model_host *m = ctx;
    char a[256], b[256];

    model_fs_at(&m->fs, dir, from, a);
    model_fs_at(&m->fs, dir, to, b);
    if (model_step(m, err) < 0)
        return -1;
    if (!model_fs_rename(&m->fs, a, b))
        return err_set(err, ERR_IO, 0, "rename %s", from);
    m->no_room_to_write |= m->fills_at_rename && str_eq(b, MODEL_TARGET);
    return 0;
}

static int port_link(void *ctx, int dir, const char *from, const char *to, struct err *err)
{
    struct model_host *m = ctx;
    char a[256], b[256];

    model_fs_at(&m->fs, dir, from, a);
    model_fs_at(&m->fs, dir, to, b);
    if (model_step(m, err) < 0)
        return -1;
    return model_fs_link(&m->fs, a, b) ? 0 : err_set(err, ERR_IO, 0, "link %s", to);
}

static int port_unlink(void *ctx, int dir, const char *name, struct err *err)
{
    struct model_host *m = ctx;
    char path[256];

    model_fs_at(&m->fs, dir, name, path);
    if (model_step(m, err) < 0)
        return -1;
    model_fs_unlink(&m->fs, path);
    return 0;
}

static int port_sync_dir(void *ctx, int dir, const char *name, struct err *err)
{
    struct model_host *m = ctx;
    char path[256];

    if (model_step(m, err) < 0)
        return -1;
    model_fs_at(&m->fs, dir, name, path);
    if (syncs(m, path))
        model_fs_sync_dir(&m->fs, path);
    return 0;
}

static int port_room(void *ctx, int dir, const char *name, struct host_room *ret, struct err *err)
{
    const struct model_host *m = ctx;

    (void)dir;
    (void)name;
    *ret = (struct host_room){.dev = 1,
                              .free = m->room != 0 ? m->room : 1ULL << 30,
                              .read_only = m->read_only,
                              .noexec = m->noexec};
    return model_alive(m, err);
}

static int port_open_dir(void *ctx, const char *root, const char *path, int *ret_h, struct err *err)
{
    struct model_host *m = ctx;
    char dir[256];

    snprintf(dir, sizeof(dir), "%.120s%s%.120s", str_eq(root, "/") ? "" : root,
             path[0] != '\0' ? "/" : "", path);
    if (model_alive(m, err) < 0)
        return -1;
    if (model_fs_find(&m->fs, dir) == 0 && !str_eq(dir, MODEL_BIN))
        return err_set(err, ERR_NOTFOUND, 0, "%s is not there", dir);
    *ret_h = model_fs_open_dir(&m->fs, dir);
    return 0;
}

static int port_list(void *ctx, int h, struct host_names *ret, struct err *err)
{
    const struct model_host *m = ctx;

    if (model_alive(m, err) < 0)
        return -1;
    *ret = (struct host_names){.dir = true};
    for (int i = 0; i < MODEL_NAMES; i++) {
        const struct model_name *name = &m->fs.names[i];
        const char *in =
            name->inode != 0 ? model_fs_in(name->path, m->fs.dirs[h - MODEL_DIR_AT]) : NULL;

        if (in != NULL)
            str_cut(ret->list[ret->n++].name, sizeof(ret->list[0].name), in);
    }
    return 0;
}

static int port_writers(void *ctx, int h, char *dst, size_t n, struct err *err)
{
    const struct model_host *m = ctx;

    (void)h;
    str_cut(dst, n, m->writers != NULL ? m->writers : "");
    return model_alive(m, err);
}

static int port_make_dir(void *ctx, const char *path, uint32_t mode, struct err *err)
{
    struct model_host *m = ctx;

    (void)mode;
    if (model_step(m, err) < 0)
        return -1;
    return model_fs_make_dir(&m->fs, path) ? 0 : err_set(err, ERR_IO, 0, "%s exists", path);
}

static int port_remove_dir(void *ctx, const char *path, struct err *err)
{
    struct model_host *m = ctx;

    if (model_step(m, err) < 0)
        return -1;
    return model_fs_remove_dir(&m->fs, path) ? 0 : err_set(err, ERR_IO, 0, "%s is not empty", path);
}

void model_files(struct host *h)
{
    h->open_dir = port_open_dir;
    h->list = port_list;
    h->writers = port_writers;
    h->open = port_open;
    h->open_through = port_open_through;
    h->open_write = port_open_write;
    h->create = port_create;
    h->read_at = port_read_at;
    h->write = port_write;
    h->cut = port_cut;
    h->adopt = port_adopt;
    h->sync = port_sync;
    h->stat_of = port_stat_of;
    h->close = port_close;
    h->stat = port_stat;
    h->stat_through = port_stat_through;
    h->link_of = port_link_of;
    h->rename = port_rename;
    h->link = port_link;
    h->unlink = port_unlink;
    h->sync_dir = port_sync_dir;
    h->room = port_room;
    h->make_dir = port_make_dir;
    h->remove_dir = port_remove_dir;
}
