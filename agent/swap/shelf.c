#include "shelf.h"
#include "file.h"
#include "str.h"

#define CHUNK      (64U << 10)
#define ROOM_SLACK (4U << 20) /* for the record, directories, and writes of other programs */

int shelf_init(struct shelf *s, const char *target, struct err *err)
{
    const char *base = strrchr(target, '/');
    struct shelf r = {.target = "", .at = -1};

    if (target[0] != '/' || base[1] == '\0')
        return err_set(err, ERR_CONFIG, 0, "the binary's path %s is not absolute", target);
    if (str_copy(r.target, sizeof(r.target), target) < 0)
        return err_set(err, ERR_CONFIG, 0, "the binary's path %s is too long", target);
    if (file_dir_of(target, r.dir, sizeof(r.dir), err) < 0)
        return -1;
    str_cut(r.name, sizeof(r.name), base + 1);
    snprintf(r.fresh, sizeof(r.fresh), ".%s.caravan-new", r.name);
    snprintf(r.old, sizeof(r.old), ".%s.caravan-old", r.name);
    *s = r;
    return 0;
}

/* ---- the directory ---- */

static int open_shelf_dir(const struct host *h, const struct shelf *s, int *ret,
                          struct host_stat *ret_is, struct err *err)
{
    if (h->open_dir(h->ctx, "/", s->dir + 1, ret, err) < 0)
        return -1;
    return h->stat_of(h->ctx, *ret, ret_is, err);
}

void shelf_leave(const struct host *h, struct shelf *s)
{
    if (s->at >= 0)
        h->close(h->ctx, s->at);
    s->at = -1;
    s->is = (struct host_stat){.there = false};
}

int shelf_look(const struct host *h, struct shelf *s, struct err *err)
{
    shelf_leave(h, s);
    if (open_shelf_dir(h, s, &s->at, &s->is, err) == 0)
        return 0;
    shelf_leave(h, s);
    return err_wrap(err, "the directory of %s", s->target);
}

int shelf_fit(const struct host *h, const struct shelf *s, struct err *err)
{
    struct host_stat now = {.there = false};
    char who[128];
    int again = -1, rc;

    if (s->at < 0)
        return err_set(err, ERR_STATE, 0, "the directory %s could not be opened", s->dir);
    rc = open_shelf_dir(h, s, &again, &now, err);
    if (again >= 0)
        h->close(h->ctx, again);
    if (rc < 0)
        return -1;
    if (!host_stat_same_file(&now, &s->is))
        return err_set(err, ERR_STATE, 0, "%s leads to another directory than before", s->dir);
    if (h->writers(h->ctx, s->at, who, sizeof(who), err) < 0)
        return -1;
    if (who[0] != '\0')
        return err_set(
            err, ERR_STATE, 0,
            "other users may write into %.100s (%s): run chown root and chmod go-w on it", s->dir,
            who);
    return 0;
}

bool shelf_is(const struct shelf *s, uint64_t dev, uint64_t ino)
{
    return ino == 0 || (s->at >= 0 && s->is.ino == ino && (dev == 0 || s->is.dev == dev));
}

/* ---- reading ---- */

static int open_to_hash(const struct host *h, const struct shelf *s, const char *name,
                        struct shelf_read *r, struct err *err)
{
    bool through = str_eq(name, s->name) || str_eq(name, s->old);

    if ((through ? h->open_through : h->open)(h->ctx, s->at, name, &r->from, err) < 0)
        return -1;
    r->open = true;
    return h->stat_of(h->ctx, r->from, &r->stat, err);
}

/* The staged copy must belong to root and have one name. Else another user could change the file
 * after it was hashed. */
static int check_staged_owner(const struct shelf *s, const struct shelf_read *r, struct err *err)
{
    return r->stat.uid == s->is.uid && r->stat.links == 1
               ? 0
               : err_set(err, ERR_STATE, 0,
                         "%s is not the staged file: another user owns it, or it has a second "
                         "name",
                         s->fresh);
}

static int refuse_large_file(const struct shelf_read *r, struct err *err)
{
    return err_set(err, ERR_LIMIT, 0, "the file is larger than %llu bytes",
                   (unsigned long long)r->max);
}

static int check_size_limit(const struct shelf_read *r, struct err *err)
{
    return r->stat.size > r->max ? refuse_large_file(r, err) : 0;
}

int shelf_open(const struct host *h, const struct shelf *s, const char *name, uint64_t max,
               struct shelf_read *ret, struct err *err)
{
    struct shelf_read r = SHELF_READ_INIT;

    r.max = max;
    digest_init(&r.hash);
    if (open_to_hash(h, s, name, &r, err) < 0 || check_size_limit(&r, err) < 0 ||
        (str_eq(name, s->fresh) && check_staged_owner(s, &r, err) < 0)) {
        shelf_close(h, &r);
        return -1;
    }
    *ret = r;
    return 0;
}

static int open_to_copy(const struct host *h, int dir, const char *name, uint32_t mode,
                        const char *path, struct shelf_read *r, struct err *err)
{
    if (h->open(h->ctx, HOST_OWN_PATH, path, &r->from, err) < 0)
        return -1;
    r->open = true;
    if (h->stat_of(h->ctx, r->from, &r->stat, err) < 0 || h->unlink(h->ctx, dir, name, err) < 0)
        return -1;
    return h->create(h->ctx, dir, name, mode, &r->to, err);
}

static int begin_copy(const struct host *h, int dir, const char *name, uint32_t mode,
                      const char *path, uint64_t max, struct shelf_read *ret, struct err *err)
{
    struct shelf_read r = SHELF_READ_INIT;

    r.max = max;
    digest_init(&r.hash);
    if (open_to_copy(h, dir, name, mode, path, &r, err) < 0) {
        shelf_close(h, &r);
        return -1;
    }
    *ret = r;
    return 0;
}

int shelf_copy(const struct host *h, const struct shelf *s, const char *path, uint64_t max,
               struct shelf_read *ret, struct err *err)
{
    return begin_copy(h, s->at, s->fresh, 0600, path, max, ret, err);
}

int shelf_copy_to(const struct host *h, const char *to, uint32_t mode, const char *path,
                  uint64_t max, struct shelf_read *ret, struct err *err)
{
    return begin_copy(h, HOST_OWN_PATH, to, mode, path, max, ret, err);
}

/* 1: a chunk was read; 0: the end of the file. */
static int read_chunk(const struct host *h, struct shelf_read *r, struct err *err)
{
    unsigned char chunk[CHUNK];
    size_t n = 0;

    if (h->read_at(h->ctx, r->from, r->at, chunk, sizeof(chunk), &n, err) < 0)
        return -1;
    if (n == 0)
        return 0;
    r->at += n;
    if (r->at > r->max)
        return refuse_large_file(r, err);
    digest_add(&r->hash, chunk, n);
    if (r->to >= 0 && h->write(h->ctx, r->to, chunk, n, err) < 0)
        return -1;
    return 1;
}

int shelf_step(const struct host *h, struct shelf_read *r, struct err *err)
{
    uint64_t until = r->at + SHELF_STEP;

    while (r->at < until) {
        int rc = read_chunk(h, r, err);

        if (rc < 0)
            return -1;
        if (rc == 0) {
            digest_final(&r->hash, &r->digest);
            return 0;
        }
    }
    return 1;
}

void shelf_again(struct shelf_read *r)
{
    r->at = 0;
    digest_init(&r->hash);
}

void shelf_close(const struct host *h, struct shelf_read *r)
{
    if (r->from >= 0)
        h->close(h->ctx, r->from);
    if (r->to >= 0)
        h->close(h->ctx, r->to);
    *r = (struct shelf_read)SHELF_READ_INIT;
}

bool shelf_known(const struct known_file *k, const struct host_stat *now)
{
    return !digest_is_zero(&k->digest) && now->there && k->dev == now->dev && k->ino == now->ino &&
           k->size == now->size && k->mtime_ns == now->mtime_ns && k->ctime_ns == now->ctime_ns;
}

void shelf_learn(struct known_file *k, const struct host_stat *now, const struct digest *d)
{
    *k = (struct known_file){.digest = *d,
                             .dev = now->dev,
                             .ino = now->ino,
                             .size = now->size,
                             .mtime_ns = now->mtime_ns,
                             .ctime_ns = now->ctime_ns};
}

static int need_room(const char *where, const struct host_room *room, uint64_t need,
                     struct err *err)
{
    char have_text[24], need_text[24];

    if (room->free >= need)
        return 0;
    str_for_bytes(have_text, sizeof(have_text), room->free);
    str_for_bytes(need_text, sizeof(need_text), need);
    return err_set(err, ERR_NOSPACE, 0, "%s has %s free, but %s are needed", where, have_text,
                   need_text);
}

int shelf_room(const struct host *h, const struct shelf *s, const char *fetch_dir, uint64_t size,
               uint64_t fetch_size, bool own, struct err *err)
{
    struct host_room here, there;
    uint64_t copy = size + ROOM_SLACK;
    uint64_t fetched = MAX_OF(size, own ? fetch_size : 0) + fetch_size + ROOM_SLACK;

    if (h->room(h->ctx, s->at, ".", &here, err) < 0 ||
        h->room(h->ctx, HOST_OWN_PATH, fetch_dir, &there, err) < 0)
        return -1;
    if (here.dev == there.dev)
        return need_room(s->dir, &here, copy + fetched, err);
    if (need_room(s->dir, &here, copy, err) < 0)
        return -1;
    return need_room(fetch_dir, &there, fetched, err);
}
