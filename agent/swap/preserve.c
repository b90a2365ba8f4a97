#include "preserve.h"
#include "str.h"

#define KEYS_AT   "server/keystore"
#define SUFFIX    ".nks.json"
#define CHUNK     4096
#define TRIES     3
#define HALF      (DIGEST_LEN / 2)
#define PLACE_LEN 320

/* One pass over the files of a directory: each file is hashed, and copied if `to` is set. */
struct passing {
    const struct host *h;
    int from;             /* the open directory */
    struct host_stat dir; /* of this directory */
    const char *to;       /* NULL: the files are only hashed */
    struct digest_state names, all;
    uint32_t files;
    uint64_t bytes;
    struct host_names list;
};

struct sum {
    uint32_t files;
    struct digest digest;
};

/* ---- one file ---- */

static int pass_bytes(struct passing *p, int from, int to, const char *name, uint64_t *ret_len,
                      struct err *err)
{
    unsigned char chunk[CHUNK];
    uint64_t at = 0;
    size_t n = 1;
    int rc = 0;

    while (rc == 0 && n > 0) {
        rc = p->h->read_at(p->h->ctx, from, at, chunk, sizeof(chunk), &n, err);
        if (rc < 0 || n == 0)
            break;
        at += n;
        digest_add(&p->all, chunk, n);
        if (at > PRESERVE_FILE_MAX || p->bytes + at > PRESERVE_BYTES_MAX)
            rc = err_set(err, ERR_LIMIT, 0,
                         KEYS_AT "/%s is too large for a key, or all keys together are too large",
                         name);
        else if (to >= 0)
            rc = p->h->write(p->h->ctx, to, chunk, n, err);
    }
    crypto_wipe(chunk, sizeof(chunk));
    *ret_len = at;
    return rc;
}

static int copy_key_file(struct passing *p, int from, const char *name, uint64_t *ret_len,
                         struct err *err)
{
    char path[PLACE_LEN + 160];
    int to = -1, rc;

    if (p->to == NULL)
        return pass_bytes(p, from, -1, name, ret_len, err);
    snprintf(path, sizeof(path), "%s/%s", p->to, name);
    if (p->h->create(p->h->ctx, HOST_OWN_PATH, path, 0600, &to, err) < 0)
        return -1;
    rc = pass_bytes(p, from, to, name, ret_len, err);
    if (rc == 0)
        rc = p->h->sync(p->h->ctx, to, err);
    p->h->close(p->h->ctx, to);
    return rc;
}

static void put_length(unsigned char dst[static 8], uint64_t n)
{
    for (int i = 7; i >= 0; i--, n >>= 8)
        dst[i] = (unsigned char)n;
}

/* The owner of the directory can give another user's file a second name there, also if the owner
 * may not read this file. Such a file is no key. */
static int refuse_foreign_file(const struct passing *p, int from, const char *name, struct err *err)
{
    struct host_stat st;

    if (p->h->stat_of(p->h->ctx, from, &st, err) < 0)
        return -1;
    if (st.links > 1 && st.uid != p->dir.uid)
        return err_set(err, ERR_FORMAT, 0, KEYS_AT "/%s is a second name of another user's file",
                       name);
    return 0;
}

static int pass_file(struct passing *p, const char *name, struct err *err)
{
    unsigned char length[8];
    uint64_t len = 0;
    int from = -1, rc;

    if (p->h->open(p->h->ctx, p->from, name, &from, err) < 0)
        return -1;
    if (refuse_foreign_file(p, from, name, err) < 0) {
        p->h->close(p->h->ctx, from);
        return -1;
    }
    digest_add(&p->names, name, strlen(name) + 1);
    digest_add(&p->all, name, strlen(name) + 1);
    rc = copy_key_file(p, from, name, &len, err);
    p->h->close(p->h->ctx, from);
    put_length(length, len);
    digest_add(&p->all, length, sizeof(length));
    p->files++;
    p->bytes += len;
    return rc;
}

/* ---- all files ---- */

static bool is_key(const char *name)
{
    size_t n = strlen(name), suffix = strlen(SUFFIX);

    return n > suffix && str_eq(name + n - suffix, SUFFIX);
}

static int by_key_name(const void *a, const void *b)
{
    const struct host_name *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static void finish_sum(struct passing *p, struct sum *ret)
{
    struct digest names, all;

    digest_final(&p->names, &names);
    digest_final(&p->all, &all);
    ret->files = p->files;
    memcpy(ret->digest.bytes, names.bytes, HALF);
    memcpy(ret->digest.bytes + HALF, all.bytes, HALF);
}

static int pass_all_keys(struct passing *p, struct err *err)
{
    if (p->h->stat_of(p->h->ctx, p->from, &p->dir, err) < 0 ||
        p->h->list(p->h->ctx, p->from, &p->list, err) < 0)
        return -1;
    if (p->list.more)
        return err_set(err, ERR_LIMIT, 0,
                       KEYS_AT " contains more than %d names, or a name is too long", HOST_NAMES);
    qsort(p->list.list, p->list.n, sizeof(p->list.list[0]), by_key_name);
    for (uint32_t i = 0; i < p->list.n; i++) {
        if (is_key(p->list.list[i].name) && pass_file(p, p->list.list[i].name, err) < 0)
            return -1;
    }
    return 0;
}

static int pass_keys(const struct host *h, const char *root, const char *at, const char *to,
                     struct sum *ret, struct err *err)
{
    autofree struct passing *p = xzalloc(1, sizeof(*p));
    int rc;

    *p = (struct passing){.h = h, .to = to, .from = -1};
    digest_init(&p->names);
    digest_init(&p->all);
    if (h->open_dir(h->ctx, root, at, &p->from, err) < 0)
        return -1;
    rc = pass_all_keys(p, err);
    h->close(h->ctx, p->from);
    if (rc == 0)
        finish_sum(p, ret);
    return rc < 0 ? err_wrap(err, "%s", root) : 0;
}

static bool is_same_sum(const struct sum *a, const struct sum *b)
{
    return a->files == b->files && digest_eq(&a->digest, &b->digest);
}

/* ---- the place of the copies ---- */

struct place {
    const struct host *h;
    const char *dir;
    char parent[224], run[2 * RUN_ID_LEN + 1];
    char done[PLACE_LEN], fresh[PLACE_LEN], old[PLACE_LEN];
};

static int place_init(struct place *p, const struct host *h, const char *dir,
                      const unsigned char run_id[static RUN_ID_LEN], struct err *err)
{
    *p = (struct place){.h = h, .dir = dir};
    str_hex(p->run, run_id, RUN_ID_LEN);
    if (snprintf(p->parent, sizeof(p->parent), "%s/" PRESERVE_NAME, dir) >= (int)sizeof(p->parent))
        return err_set(err, ERR_LIMIT, 0, "the path %s is too long", dir);
    snprintf(p->done, sizeof(p->done), "%s/%s", p->parent, p->run);
    snprintf(p->fresh, sizeof(p->fresh), "%s/.new-%s", p->parent, p->run);
    snprintf(p->old, sizeof(p->old), "%s/.old-%s", p->parent, p->run);
    return 0;
}

static int check_exists(const struct host *h, const char *path, bool *ret, struct err *err)
{
    struct host_stat st = {.there = false};

    if (h->stat(h->ctx, HOST_OWN_PATH, path, &st, err) < 0)
        return -1;
    *ret = st.there;
    return 0;
}

static int list_dir(const struct host *h, const char *path, struct host_names *ret, struct err *err)
{
    int dir = -1, rc;

    if (h->open_dir(h->ctx, path, "", &dir, err) < 0)
        return -1;
    rc = h->list(h->ctx, dir, ret, err);
    h->close(h->ctx, dir);
    return rc;
}

/* Removes a directory that copy_keys made: it contains only files. */
static int drop_copy(const struct host *h, const char *path, struct err *err)
{
    autofree struct host_names *list = xzalloc(1, sizeof(*list));
    char name[PLACE_LEN + 160];
    bool there = false;

    if (check_exists(h, path, &there, err) < 0)
        return -1;
    if (!there)
        return 0;
    if (list_dir(h, path, list, err) < 0)
        return -1;
    for (uint32_t i = 0; i < list->n; i++) {
        snprintf(name, sizeof(name), "%s/%s", path, list->list[i].name);
        if (h->unlink(h->ctx, HOST_OWN_PATH, name, err) < 0)
            return -1;
    }
    return h->remove_dir(h->ctx, path, err);
}

static int make_parent(const struct place *p, struct err *err)
{
    const struct host *h = p->h;
    bool there = false;

    if (check_exists(h, p->parent, &there, err) < 0)
        return -1;
    if (there)
        return 0;
    if (h->make_dir(h->ctx, p->parent, 0700, err) < 0)
        return -1;
    return h->sync_dir(h->ctx, HOST_OWN_PATH, p->dir, err);
}

/* Between the two renames the old copy has only its second name. Both copies are whole. */
static int put_in_place(const struct place *p, bool replaces, struct err *err)
{
    const struct host *h = p->h;

    if (drop_copy(h, p->old, err) < 0)
        return -1;
    if (replaces && (h->rename(h->ctx, HOST_OWN_PATH, p->done, p->old, err) < 0 ||
                     h->sync_dir(h->ctx, HOST_OWN_PATH, p->parent, err) < 0))
        return -1;
    if (h->rename(h->ctx, HOST_OWN_PATH, p->fresh, p->done, err) < 0 ||
        h->sync_dir(h->ctx, HOST_OWN_PATH, p->parent, err) < 0)
        return -1;
    return drop_copy(h, p->old, err);
}

/* Repairs the state after a crash between the two renames of put_in_place. */
static int rename_back(const struct host *h, const char *old, const char *done, struct err *err)
{
    bool has_old = false, has_done = false;

    if (check_exists(h, old, &has_old, err) < 0 || check_exists(h, done, &has_done, err) < 0)
        return -1;
    return has_old && !has_done ? h->rename(h->ctx, HOST_OWN_PATH, old, done, err) : 0;
}

/* ---- the whole copy ---- */

/* 1: the keys changed during the copy. */
static int copy_once(const struct place *p, const char *data_dir, bool replaces, struct sum *ret,
                     struct err *err)
{
    const struct host *h = p->h;
    struct sum copied, after;

    if (drop_copy(h, p->fresh, err) < 0 || h->make_dir(h->ctx, p->fresh, 0700, err) < 0 ||
        pass_keys(h, data_dir, KEYS_AT, p->fresh, &copied, err) < 0 ||
        h->sync_dir(h->ctx, HOST_OWN_PATH, p->fresh, err) < 0 ||
        pass_keys(h, data_dir, KEYS_AT, NULL, &after, err) < 0)
        return -1;
    if (!is_same_sum(&copied, &after))
        return 1;
    *ret = copied;
    return put_in_place(p, replaces, err);
}

static int copy_keys(const struct place *p, const char *data_dir, bool replaces, struct sum *ret,
                     struct err *err)
{
    int rc = 1;

    for (int i = 0; i < TRIES && rc > 0; i++)
        rc = copy_once(p, data_dir, replaces, ret, err);
    if (rc > 0)
        rc = err_set(err, ERR_STATE, 0, "%s/" KEYS_AT " changed while it was copied, %d times",
                     data_dir, TRIES);
    if (rc < 0) {
        struct err unused = ERR_INIT;
        (void)!drop_copy(p->h, p->fresh, &unused); /* no incomplete copy of keys stays */
    }
    return rc;
}

int preserve_keystore(const struct host *h, const char *dir, const char *data_dir,
                      const unsigned char run_id[static RUN_ID_LEN], struct preserved *ret,
                      struct err *err)
{
    struct sum now, kept = {.files = 0};
    bool there = false;
    struct place p;

    if (place_init(&p, h, dir, run_id, err) < 0 || rename_back(h, p.old, p.done, err) < 0 ||
        pass_keys(h, data_dir, KEYS_AT, NULL, &now, err) < 0)
        return -1;
    if (now.files == 0)
        return err_set(err, ERR_NOTFOUND, 0, "%s/" KEYS_AT " contains no key", data_dir);
    if (make_parent(&p, err) < 0 || check_exists(h, p.done, &there, err) < 0)
        return -1;
    if (there && pass_keys(h, p.parent, p.run, NULL, &kept, err) < 0)
        return -1;
    if (there && is_same_sum(&kept, &now)) {
        if (h->sync_dir(h->ctx, HOST_OWN_PATH, p.parent, err) < 0)
            return -1;
    } else if (copy_keys(&p, data_dir, there, &now, err) < 0) {
        return -1;
    }
    ret->files = now.files;
    ret->digest = now.digest;
    str_cut(ret->path, sizeof(ret->path), p.done);
    return 0;
}

/* ---- copies that are not kept any longer ---- */

static bool is_run(const char *name)
{
    return strlen(name) == 2 * RUN_ID_LEN && strspn(name, "0123456789abcdef") == 2 * RUN_ID_LEN;
}

/* Removes leftovers of other runs: incomplete copies, and old copies that a new copy has replaced.
 */
static int drop_leftover(const struct place *p, const char *name, struct err *err)
{
    char path[PLACE_LEN], done[PLACE_LEN];

    snprintf(path, sizeof(path), "%s/%.80s", p->parent, name);
    if (str_starts(name, ".new-") && is_run(name + 5))
        return drop_copy(p->h, path, err);
    if (!str_starts(name, ".old-") || !is_run(name + 5))
        return 0;
    snprintf(done, sizeof(done), "%s/%.80s", p->parent, name + 5);
    return rename_back(p->h, path, done, err) < 0 ? -1 : drop_copy(p->h, path, err);
}

/* Keeps the newest copy of another run besides the copy of this run. ret_extra: the oldest copy, if
 * there are more; else "". */
static int find_extra(const struct place *p, const struct host_names *list,
                      char ret_extra[static PLACE_LEN], struct err *err)
{
    int64_t oldest_ns = INT64_MAX;
    uint32_t others = 0;

    for (uint32_t i = 0; i < list->n; i++) {
        const char *name = list->list[i].name;
        struct host_stat st = {.there = false};
        char path[PLACE_LEN];

        if (!is_run(name) || str_eq(name, p->run))
            continue;
        snprintf(path, sizeof(path), "%s/%.80s", p->parent, name);
        if (p->h->stat(p->h->ctx, HOST_OWN_PATH, path, &st, err) < 0)
            return -1;
        others++;
        if (st.mtime_ns < oldest_ns) {
            oldest_ns = st.mtime_ns;
            str_cut(ret_extra, PLACE_LEN, path);
        }
    }
    if (others < PRESERVE_RUNS)
        ret_extra[0] = '\0';
    return 0;
}

int preserve_tidy(const struct host *h, const char *dir,
                  const unsigned char run_id[static RUN_ID_LEN], struct err *err)
{
    autofree struct host_names *list = xzalloc(1, sizeof(*list));
    char extra[PLACE_LEN] = "";
    struct place p;

    if (place_init(&p, h, dir, run_id, err) < 0 || list_dir(h, p.parent, list, err) < 0)
        return -1;
    for (uint32_t i = 0; i < list->n; i++)
        if (drop_leftover(&p, list->list[i].name, err) < 0)
            return -1;
    for (uint32_t i = 0; i < list->n; i++) {
        if (find_extra(&p, list, extra, err) < 0)
            return -1;
        if (extra[0] == '\0')
            return 0;
        if (drop_copy(h, extra, err) < 0 || list_dir(h, p.parent, list, err) < 0)
            return -1;
    }
    return 0;
}
