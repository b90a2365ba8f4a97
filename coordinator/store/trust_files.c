#include "trust_files.h"

#include "file.h"
#include "keys.h"
#include "trust_package.h"

int trust_files_lock(const struct coord_conf *c, int *ret_fd, struct err *err)
{
    char path[300];
    return conf_path(c, "trust.lock", path, err) < 0 || file_lock(path, ret_fd, err) < 0 ||
                   file_sweep(c->dir, err) < 0
               ? err_wrap(err, "change the trust file")
               : 0;
}

/* ---- the versions in force ---- */

void trust_kept_free(struct trust_kept *k)
{
    buf_free(&k->sequence);
}

static int read_kept(const char *path, struct trust_kept *ret, struct err *err)
{
    struct trust_at last;
    struct err rest = ERR_INIT;
    if (trust_sequence_begin(ret->sequence.data, ret->sequence.len, &ret->now, &last, &rest, err) <
        0)
        return err_wrap(err, "%s", path);
    if (rest.kind != ERR_NONE)
        return err_set(err, rest.kind, 0, "%s: behind version %u: %s", path,
                       (unsigned)ret->now.version, rest.text);
    return 0;
}

int trust_kept_load(const struct coord_conf *c, struct trust_kept *ret, struct err *err)
{
    char path[300];
    bool there = false;
    memset(ret, 0, sizeof *ret);
    if (conf_path(c, TRUST_NAME, path, err) < 0 ||
        file_read_if(path, TRUST_SEQUENCE_MAX, FILE_FOLLOW, &ret->sequence, &there, err) < 0)
        return -1;
    if (!there)
        return err_set(err, ERR_NOTFOUND, 0,
                       "no trust file at %s: run `caravan init` first, or name its directory with "
                       "--config",
                       path);
    return read_kept(path, ret, err);
}

/* The oldest go where there is no room: a host that has slept for longer begins anew. */
static int append(const struct trust_kept *k, const struct buf *one, struct buf *ret,
                  struct err *err)
{
    const unsigned char *p = k->sequence.data;
    size_t n = k->sequence.len;
    struct trust_at first;
    while (n + one->len > TRUST_SEQUENCE_MAX) {
        if (trust_sequence_first(p, n, &first, err) < 0)
            return -1;
        p += first.len;
        n -= first.len;
    }
    (void)buf_add(ret, p, n);
    (void)buf_add(ret, one->data, one->len);
    return 0;
}

/* ---- the draft ---- */

void trust_draft_free(struct trust_draft *d)
{
    buf_free(&d->body);
}

int trust_draft_new(const struct trust *t, struct trust_draft *ret, struct err *err)
{
    memset(ret, 0, sizeof *ret);
    ret->t = *t;
    return trust_pack(t, &ret->body, err);
}

static bool has_signature(const struct trust_draft *d, const struct pubkey *key)
{
    for (size_t i = 0; i < d->n_sigs; i++)
        if (pubkey_eq(&d->sigs[i].key, key))
            return true;
    return false;
}

/* What does not verify is left out: it would take the place of one that does. */
static void take_signatures(struct trust_draft *d, const struct container *c)
{
    for (uint32_t i = 0; i < c->n_sigs; i++)
        if (d->n_sigs < SIGS_MAX && !has_signature(d, &c->sigs[i].key) &&
            container_count(CONTAINER_TRUST, c, &c->sigs[i].key, 1) == 1)
            d->sigs[d->n_sigs++] = c->sigs[i];
}

int trust_draft_load(const char *path, struct trust_draft *ret, bool *ret_there, struct err *err)
{
    auto_buf struct buf file = BUF_INIT;
    struct container c;
    memset(ret, 0, sizeof *ret);
    if (file_read_if(path, TRUST_MAX, FILE_FOLLOW, &file, ret_there, err) < 0)
        return -1;
    if (!*ret_there)
        return 0;
    if (container_split_draft(CONTAINER_TRUST, file.data, file.len, &c, err) < 0 ||
        trust_read(c.body, c.body_len, &ret->t, err) < 0)
        return err_wrap(err, "%s", path);
    (void)buf_add(&ret->body, c.body, c.body_len);
    take_signatures(ret, &c);
    return 0;
}

int trust_draft_save(const struct trust_draft *d, const char *path, struct err *err)
{
    auto_buf struct buf file = BUF_INIT;
    if (container_join(CONTAINER_TRUST, d->body.data, d->body.len, d->sigs, d->n_sigs, &file, err) <
        0)
        return -1;
    return file_replace(path, file.data, file.len, 0644, err);
}

bool trust_draft_same(const struct trust_draft *a, const struct trust_draft *b)
{
    return a->body.len == b->body.len && memcmp(a->body.data, b->body.data, a->body.len) == 0;
}

void trust_draft_merge(struct trust_draft *d, const struct trust_draft *other)
{
    if (!trust_draft_same(d, other))
        return;
    for (size_t i = 0; i < other->n_sigs; i++)
        if (d->n_sigs < SIGS_MAX && !has_signature(d, &other->sigs[i].key))
            d->sigs[d->n_sigs++] = other->sigs[i];
}

static bool names_root(const struct trust *t, const struct pubkey *key)
{
    for (uint32_t i = 0; t != NULL && i < t->roles[ROLE_ROOT].n; i++)
        if (pubkey_eq(&t->roles[ROLE_ROOT].keys[i], key))
            return true;
    return false;
}

static int sign_one(const struct coord_conf *c, const char *name, struct trust_draft *d,
                    struct err *err)
{
    auto_keypair struct keypair *key = NULL;
    auto_buf struct buf file = BUF_INIT;
    struct container one;
    if (keys_load_named(c, name, ROLE_ROOT, &key, err) < 0)
        return -1;
    const struct keypair *keys[] = {key};
    if (container_pack(CONTAINER_TRUST, d->body.data, d->body.len, keys, 1, &file, err) < 0 ||
        container_split(CONTAINER_TRUST, file.data, file.len, &one, err) < 0)
        return -1;
    take_signatures(d, &one);
    return 0;
}

int trust_draft_sign(const struct coord_conf *c, const struct trust *now, struct trust_draft *d,
                     size_t *ret_added, struct err *err)
{
    autofree struct key_listed *list = NULL;
    size_t n = 0, before = d->n_sigs;
    if (keys_list(c, &list, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct pubkey *key = &list[i].about.key;
        if (list[i].where == KEY_WRONG || list[i].where == KEY_ELSEWHERE || has_signature(d, key) ||
            (!names_root(now, key) && !names_root(&d->t, key)))
            continue;
        if (d->n_sigs >= SIGS_MAX)
            return err_set(err, ERR_LIMIT, 0,
                           "the draft has %d signatures: there is room for no "
                           "more",
                           SIGS_MAX);
        if (sign_one(c, list[i].about.name, d, err) < 0)
            return -1;
    }
    *ret_added = d->n_sigs - before;
    return 0;
}

static int whole(const struct trust_draft *d, struct buf *ret, struct err *err)
{
    return container_join(CONTAINER_TRUST, d->body.data, d->body.len, d->sigs, d->n_sigs, ret, err);
}

int trust_draft_check(const struct trust_draft *d, const struct trust *now, struct err *err)
{
    auto_buf struct buf file = BUF_INIT;
    struct trust unused;
    if (d->n_sigs == 0)
        return err_set(err, ERR_CRYPTO, 0, "nobody has signed it yet");
    if (now == NULL && d->t.version > 1)
        return err_set(err, ERR_NOTFOUND, 0,
                       "version %u is not on this machine, so what it demands is not known here",
                       (unsigned)d->t.version - 1);
    if (whole(d, &file, err) < 0)
        return -1;
    return now != NULL ? trust_next_check(now, file.data, file.len, &unused, err)
                       : trust_from_anchor(file.data, file.len, &unused, err);
}

int trust_draft_settle(const struct coord_conf *c, const struct trust_draft *d,
                       struct trust_kept *kept, struct err *err)
{
    auto_buf struct buf one = BUF_INIT, all = BUF_INIT;
    char path[300], draft[300];
    if (trust_draft_check(d, kept != NULL ? &kept->now : NULL, err) < 0 ||
        whole(d, &one, err) < 0 || conf_path(c, TRUST_NAME, path, err) < 0 ||
        conf_path(c, TRUST_DRAFT_NAME, draft, err) < 0)
        return -1;
    if (kept != NULL ? append(kept, &one, &all, err) < 0 : buf_add(&all, one.data, one.len) < 0)
        return -1;
    if ((kept != NULL ? file_replace(path, all.data, all.len, 0644, err)
                      : file_create(path, all.data, all.len, 0644, err)) < 0)
        return -1;
    return file_remove(draft, err);
}

int trust_files_package(const struct coord_conf *c, int64_t now_s, char ret[static 300],
                        struct err *err)
{
    auto_buf struct buf package = BUF_INIT;
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    char name[TRUST_PACKAGE_NAME_MAX];
    if (trust_kept_load(c, &kept, err) < 0)
        return -1;
    trust_package_name(&kept.now, name);
    if (conf_path(c, name, ret, err) < 0)
        return -1;
    if (access(ret, F_OK) == 0)
        return 0;
    if (trust_package_pack(&kept.now, &kept.sequence, now_s, &package, err) < 0)
        return -1;
    return file_replace(ret, package.data, package.len, 0644, err);
}
