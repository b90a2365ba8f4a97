#include "model_fs.h"
#include "str.h"

NORETURN static void full(const char *what)
{
    fprintf(stderr, "model_fs: no room for another %s\n", what);
    abort();
}

uint64_t model_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static struct model_name *find_name(struct model_name *names, const char *path)
{
    for (int i = 0; i < MODEL_NAMES; i++) {
        if (names[i].inode != 0 && str_eq(names[i].path, path))
            return &names[i];
    }
    return NULL;
}

static void set_name(struct model_name *names, const char *path, int inode)
{
    struct model_name *n = find_name(names, path);

    for (int i = 0; n == NULL && i < MODEL_NAMES; i++)
        n = names[i].inode == 0 ? &names[i] : NULL;
    if (n == NULL)
        full("name");
    str_cut(n->path, sizeof(n->path), path);
    n->inode = inode;
}

static void drop_name(struct model_name *names, const char *path)
{
    struct model_name *n = find_name(names, path);

    if (n != NULL)
        n->inode = 0;
}

int model_fs_find(const struct model_fs *fs, const char *path)
{
    for (int i = 0; i < MODEL_NAMES; i++) {
        if (fs->names[i].inode != 0 && str_eq(fs->names[i].path, path))
            return fs->names[i].inode;
    }
    return 0;
}

int model_fs_through(const struct model_fs *fs, const char *path)
{
    int inode = model_fs_find(fs, path);

    return inode != 0 && fs->files[inode].leads_to != 0 ? fs->files[inode].leads_to : inode;
}

const struct model_file *model_fs_file(const struct model_fs *fs, const char *path)
{
    int inode = model_fs_through(fs, path);

    return inode != 0 ? &fs->files[inode] : NULL;
}

static void dir_of(const char *path, char dst[static 96])
{
    const char *slash = strrchr(path, '/');

    snprintf(dst, 96, "%.*s", (int)(slash - path), path);
}

/* from and to are in the same directory: the phases rename only so. */
static void change(struct model_fs *fs, const char *from, const char *to, int inode)
{
    struct model_change *c = &fs->changes[fs->n_changes];

    if (fs->n_changes == MODEL_CHANGES)
        full("change");
    fs->n_changes++;
    *c = (struct model_change){.inode = inode};
    dir_of(from[0] != '\0' ? from : to, c->dir);
    str_cut(c->from, sizeof(c->from), from);
    str_cut(c->to, sizeof(c->to), to);
}

/* All files below a directory are renamed with it. */
static void move_below(struct model_name *names, const char *from, const char *to)
{
    size_t n = strlen(from);

    for (int i = 0; i < MODEL_NAMES; i++) {
        char rest[128];

        if (names[i].inode == 0 || strncmp(names[i].path, from, n) != 0 || names[i].path[n] != '/')
            continue;
        str_cut(rest, sizeof(rest), names[i].path + n);
        snprintf(names[i].path, sizeof(names[i].path), "%.60s%.60s", to, rest);
    }
}

static void apply(struct model_name *names, const struct model_change *c)
{
    if (c->to[0] != '\0' && c->from[0] != '\0')
        move_below(names, c->from, c->to);
    if (c->to[0] != '\0')
        set_name(names, c->to, c->inode);
    if (c->from[0] != '\0')
        drop_name(names, c->from);
}

static int new_file(struct model_fs *fs, uint32_t mode)
{
    int inode = ++fs->n_files;

    if (inode >= MODEL_INODES)
        full("file");
    /* Content is valid up to the lengths: the rest is not worth clearing. */
    struct model_file *f = &fs->files[inode];
    f->len = f->safe_len = 0;
    f->mode = f->safe_mode = mode;
    f->dirty = false;
    f->leads_to = 0;
    f->dir = false;
    f->changed_ns = ++fs->now_ns;
    return inode;
}

void model_fs_reset(struct model_fs *fs)
{
    fs->n_files = 0;
    fs->n_changes = 0;
    fs->now_ns = 0;
    memset(fs->names, 0, sizeof(fs->names));
    memset(fs->safe, 0, sizeof(fs->safe));
    memset(fs->handles, 0, sizeof(fs->handles));
    memset(fs->dirs, 0, sizeof(fs->dirs));
}

void model_fs_put(struct model_fs *fs, const char *path, const void *p, size_t n, uint32_t mode)
{
    int inode = new_file(fs, mode);
    struct model_file *f = &fs->files[inode];

    if (n > MODEL_CONTENT)
        full("byte");
    f->len = f->safe_len = n;
    memcpy(f->data, p, n);
    memcpy(f->safe, p, n);
    set_name(fs->names, path, inode);
    set_name(fs->safe, path, inode);
}

void model_fs_put_link(struct model_fs *fs, const char *path, const char *to)
{
    int inode = new_file(fs, 0777);

    fs->files[inode].leads_to = model_fs_find(fs, to);
    set_name(fs->names, path, inode);
    set_name(fs->safe, path, inode);
}

void model_fs_drop(struct model_fs *fs, const char *path)
{
    drop_name(fs->names, path);
    drop_name(fs->safe, path);
}

void model_fs_put_dir(struct model_fs *fs, const char *path)
{
    int inode = new_file(fs, 0755);

    fs->files[inode].dir = true;
    set_name(fs->names, path, inode);
    set_name(fs->safe, path, inode);
}

static int new_handle(struct model_fs *fs, int inode)
{
    for (int h = 0; h < MODEL_HANDLES; h++) {
        if (fs->handles[h] == 0) {
            fs->handles[h] = inode;
            fs->at[h] = 0;
            return h;
        }
    }
    full("handle");
}

int model_fs_open_dir(struct model_fs *fs, const char *path)
{
    for (int i = 0; i < MODEL_HANDLES; i++) {
        if (fs->dirs[i][0] == '\0') {
            str_cut(fs->dirs[i], sizeof(fs->dirs[i]), path);
            return MODEL_DIR_AT + i;
        }
    }
    full("directory");
}

void model_fs_at(const struct model_fs *fs, int dir, const char *name, char dst[static 256])
{
    const char *at = dir >= MODEL_DIR_AT ? fs->dirs[dir - MODEL_DIR_AT] : "";

    if (str_eq(name, "."))
        str_cut(dst, 256, at);
    else
        snprintf(dst, 256, "%s%s%s", at, at[0] != '\0' ? "/" : "", name);
}

void model_fs_close(struct model_fs *fs, int h)
{
    if (h >= MODEL_DIR_AT)
        fs->dirs[h - MODEL_DIR_AT][0] = '\0';
    else
        fs->handles[h] = 0;
}

int model_fs_create(struct model_fs *fs, const char *path, uint32_t mode)
{
    if (model_fs_find(fs, path) != 0)
        return -1;
    int inode = new_file(fs, mode);
    set_name(fs->names, path, inode);
    change(fs, "", path, inode);
    return new_handle(fs, inode);
}

int model_fs_open(struct model_fs *fs, const char *path)
{
    int inode = model_fs_find(fs, path);

    return inode != 0 && fs->files[inode].leads_to == 0 && !fs->files[inode].dir
               ? new_handle(fs, inode)
               : -1;
}

int model_fs_open_through(struct model_fs *fs, const char *path)
{
    int inode = model_fs_through(fs, path);

    return inode != 0 ? new_handle(fs, inode) : -1;
}

size_t model_fs_grows(const struct model_fs *fs, int h, size_t n)
{
    size_t len = fs->files[fs->handles[h]].len;

    return fs->at[h] + n > len ? fs->at[h] + n - len : 0;
}

void model_fs_write(struct model_fs *fs, int h, const void *p, size_t n)
{
    struct model_file *f = &fs->files[fs->handles[h]];

    if (fs->at[h] + n > MODEL_CONTENT)
        full("byte");
    f->len += model_fs_grows(fs, h, n);
    memcpy(f->data + fs->at[h], p, n);
    fs->at[h] += n;
    f->dirty = true;
    f->changed_ns = ++fs->now_ns;
}

void model_fs_cut(struct model_fs *fs, int h, size_t size)
{
    struct model_file *f = &fs->files[fs->handles[h]];

    if (size > f->len)
        full("hole");
    f->len = size;
    f->dirty = true;
    f->changed_ns = ++fs->now_ns;
}

void model_fs_sync(struct model_fs *fs, int h)
{
    struct model_file *f = &fs->files[fs->handles[h]];

    memcpy(f->safe, f->data, f->len);
    f->safe_len = f->len;
    f->safe_mode = f->mode;
    f->dirty = false;
}

void model_fs_sync_dir(struct model_fs *fs, const char *dir)
{
    int left = 0;

    for (int i = 0; i < fs->n_changes; i++) {
        if (str_eq(fs->changes[i].dir, dir))
            apply(fs->safe, &fs->changes[i]);
        else
            fs->changes[left++] = fs->changes[i];
    }
    fs->n_changes = left;
}

bool model_fs_rename(struct model_fs *fs, const char *from, const char *to)
{
    int inode = model_fs_find(fs, from);

    if (inode == 0)
        return false;
    change(fs, from, to, inode);
    apply(fs->names, &fs->changes[fs->n_changes - 1]);
    fs->files[inode].changed_ns = ++fs->now_ns;
    return true;
}

bool model_fs_link(struct model_fs *fs, const char *from, const char *to)
{
    int inode = model_fs_find(fs, from);

    if (inode == 0 || model_fs_find(fs, to) != 0)
        return false;
    change(fs, "", to, inode);
    apply(fs->names, &fs->changes[fs->n_changes - 1]);
    fs->files[inode].changed_ns = ++fs->now_ns;
    return true;
}

void model_fs_unlink(struct model_fs *fs, const char *path)
{
    if (model_fs_find(fs, path) == 0)
        return;
    change(fs, path, "", 0);
    apply(fs->names, &fs->changes[fs->n_changes - 1]);
}

void model_fs_stat(const struct model_fs *fs, int inode, struct host_stat *ret)
{
    const struct model_file *f = &fs->files[inode];

    *ret = (struct host_stat){.there = inode != 0,
                              .dev = 1,
                              .ino = (uint64_t)inode,
                              .size = f->len,
                              .links = 1,
                              .mode = f->mode,
                              .mtime_ns = f->changed_ns,
                              .ctime_ns = f->changed_ns};
}

const char *model_fs_in(const char *path, const char *dir)
{
    size_t n = strlen(dir);

    if (strncmp(path, dir, n) != 0 || path[n] != '/' || strchr(path + n + 1, '/') != NULL)
        return NULL;
    return path + n + 1;
}

bool model_fs_make_dir(struct model_fs *fs, const char *path)
{
    if (model_fs_find(fs, path) != 0)
        return false;
    int inode = new_file(fs, 0700);
    fs->files[inode].dir = true;
    set_name(fs->names, path, inode);
    change(fs, "", path, inode);
    return true;
}

bool model_fs_remove_dir(struct model_fs *fs, const char *path)
{
    for (int i = 0; i < MODEL_NAMES; i++)
        if (fs->names[i].inode != 0 && model_fs_in(fs->names[i].path, path) != NULL)
            return false;
    model_fs_unlink(fs, path);
    return true;
}

/* If a directory was lost, all files in it are lost. */
static void lose_orphans(struct model_name *names)
{
    for (int again = 0; again < 3; again++)
        for (int i = 0; i < MODEL_NAMES; i++) {
            char dir[96];

            if (names[i].inode == 0)
                continue;
            dir_of(names[i].path, dir);
            if (strchr(dir + (dir[0] == '/'), '/') != NULL && find_name(names, dir) == NULL)
                names[i].inode = 0;
        }
}

static bool survives(enum model_loss loss, uint64_t *random)
{
    return loss == LOSE_NOTHING || (loss == LOSE_SOME && model_random(random) % 2 == 0);
}

/* A torn file: half of the new bytes; then zeros where the file has grown (the length often
 * survives when the blocks do not), and the old bytes where the write replaced them. */
static void tear(struct model_file *f, uint64_t *random)
{
    if (model_random(random) % 3 == 0) {
        f->len = f->safe_len;
        memcpy(f->data, f->safe, f->len);
    } else if (f->len > f->safe_len) {
        size_t from = f->safe_len + (f->len - f->safe_len) / 2;

        memset(f->data + from, 0, f->len - from);
    } else {
        size_t from = f->len / 2;

        memcpy(f->data + from, f->safe + from, f->safe_len - from);
        f->len = model_random(random) % 2 == 0 ? f->safe_len : f->len;
    }
    if (model_random(random) % 2 == 0)
        f->mode = f->safe_mode;
}

static void lose_content(struct model_file *f, enum model_loss loss, uint64_t *random)
{
    if (!f->dirty || survives(loss, random))
        return;
    if (loss == LOSE_SOME) {
        tear(f, random);
        return;
    }
    f->len = f->safe_len;
    memcpy(f->data, f->safe, f->len);
    f->mode = f->safe_mode;
}

void model_fs_crash(struct model_fs *fs, enum model_loss loss, uint64_t *random)
{
    for (int i = 0; i < fs->n_changes; i++) {
        if (survives(loss, random))
            apply(fs->safe, &fs->changes[i]);
    }
    fs->n_changes = 0;
    for (int i = 1; i <= fs->n_files; i++) {
        struct model_file *f = &fs->files[i];

        lose_content(f, loss, random);
        memcpy(f->safe, f->data, f->len);
        f->safe_len = f->len;
        f->safe_mode = f->mode;
        f->dirty = false;
    }
    lose_orphans(fs->safe);
    memcpy(fs->names, fs->safe, sizeof(fs->names));
    memset(fs->handles, 0, sizeof(fs->handles));
    memset(fs->dirs, 0, sizeof(fs->dirs));
}
