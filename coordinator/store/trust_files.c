#include "trust_files.h"

#include "file.h"
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

static int read_kept_trust(const char *path, struct trust_kept *ret, struct err *err)
{
    struct err rest = ERR_INIT;
    if (trust_sequence_begin(ret->sequence.data, ret->sequence.len, &ret->now, &ret->last, &rest,
                             err) < 0)
        return err_wrap(err, "%s", path);
    if (rest.kind != ERR_NONE)
        return err_set(err, rest.kind, 0, "%s: behind version %u: %s", path,
                       (unsigned)ret->now.version, rest.text);
    return 0;
}

int trust_kept_load_if(const struct coord_conf *c, struct trust_kept *ret, bool *ret_there,
                       struct err *err)
{
    char path[300];
    memset(ret, 0, sizeof(*ret));
    if (conf_path(c, TRUST_NAME, path, err) < 0 ||
        file_read_if(path, TRUST_SEQUENCE_MAX, FILE_FOLLOW, &ret->sequence, ret_there, err) < 0)
        return -1;
    return *ret_there ? read_kept_trust(path, ret, err) : 0;
}

int trust_kept_load_before(const struct coord_conf *c,
                           const unsigned char cluster[static CLUSTER_ID_LEN],
                           struct trust_kept *ret, bool *ret_there, struct err *err)
{
    auto_names struct names names = NAMES_INIT;
    char path[300];
    memset(ret, 0, sizeof(*ret));
    *ret_there = false;
    if (file_names(c->dir, TRUST_BEFORE, TRUST_BEFORE_MAX, 0, &names, err) < 0)
        return -1;
    for (size_t i = 0; i < names.n && !*ret_there; i++) {
        buf_clear(&ret->sequence);
        if (conf_path(c, names.items[i], path, err) < 0 ||
            file_read(path, TRUST_SEQUENCE_MAX, FILE_FOLLOW, &ret->sequence, err) < 0 ||
            read_kept_trust(path, ret, err) < 0)
            return -1;
        *ret_there = memcmp(ret->now.cluster, cluster, CLUSTER_ID_LEN) == 0;
    }
    return 0;
}

int trust_kept_load(const struct coord_conf *c, struct trust_kept *ret, struct err *err)
{
    char path[300];
    bool there = false;
    if (trust_kept_load_if(c, ret, &there, err) < 0)
        return -1;
    if (there)
        return 0;
    return conf_path(c, TRUST_NAME, path, err) < 0
               ? -1
               : err_set(err, ERR_NOTFOUND, 0,
                         "there is no trust file at %s. Run `caravan init` first; after `caravan "
                         "init --split`, have the draft signed. If your trust file is in another "
                         "directory, name it with --config",
                         path);
}

/* When there is no room the oldest versions are dropped. A host that does not have them cannot
 * follow the rest: it must accept the trust file as a new host does. */
static int append_version(const struct trust_kept *k, const struct buf *one, struct buf *ret,
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
    draft_free(&d->d);
}

int trust_draft_new(const struct trust *t, struct trust_draft *ret, struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    ret->t = *t;
    ret->d.type = CONTAINER_TRUST;
    return trust_pack(t, &ret->d.body, err);
}

int trust_draft_load(const char *path, struct trust_draft *ret, bool *ret_there, struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    if (draft_load(path, CONTAINER_TRUST, &ret->d, ret_there, err) < 0)
        return -1;
    if (*ret_there && trust_read(ret->d.body.data, ret->d.body.len, &ret->t, err) < 0)
        return err_wrap(err, "%s", path);
    return 0;
}

/* The draft, and the version in force; now NULL: this machine does not have that version. */
struct two_versions {
    const struct trust *now, *next;
    const struct draft *d;
};

static bool names_root(const struct trust *t, const struct pubkey *key)
{
    for (uint32_t i = 0; t != NULL && i < t->roles[ROLE_ROOT].n; i++)
        if (pubkey_eq(&t->roles[ROLE_ROOT].keys[i], key))
            return true;
    return false;
}

/* Does version t name the key, and have too few of its root keys signed so far? More signatures
 * than t demands would take the room of those that the other version demands. */
static bool needs_signature_of(const struct two_versions *v, const struct trust *t,
                               const struct pubkey *key)
{
    const struct container c = draft_container(v->d);
    const struct role_keys *roots = &t->roles[ROLE_ROOT];
    return names_root(t, key) &&
           container_count(CONTAINER_TRUST, &c, roots->keys, roots->n) < roots->threshold;
}

/* If the version in force is unknown, any root key of this machine may be one of its keys. */
static bool may_sign_trust(const void *ctx, const struct pubkey *key, enum role purpose)
{
    const struct two_versions *v = ctx;
    if (needs_signature_of(v, v->next, key) ||
        (v->now != NULL && needs_signature_of(v, v->now, key)))
        return true;
    return v->now == NULL && v->next->version > 1 && purpose == ROLE_ROOT;
}

/* When both versions are known, the signature of any other key does not count and would take the
 * room of a signature that counts. */
static void drop_strangers(struct draft *d, const struct two_versions *v)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_sigs; i++)
        if (names_root(v->next, &d->sigs[i].key) || names_root(v->now, &d->sigs[i].key) ||
            (v->now == NULL && v->next->version > 1))
            d->sigs[n++] = d->sigs[i];
    d->n_sigs = n;
}

int trust_draft_sign(const struct coord_conf *c, const struct trust *now, struct trust_draft *d,
                     size_t *ret_added, struct err *err)
{
    const struct two_versions v = {now, &d->t, &d->d};
    drop_strangers(&d->d, &v);
    return draft_sign(c, &d->d, ROLE_ROOT, may_sign_trust, &v, ret_added, err);
}

int trust_draft_check(const struct trust_draft *d, const struct trust *now, struct err *err)
{
    auto_buf struct buf file = BUF_INIT;
    struct trust unused;
    if (d->d.n_sigs == 0)
        return err_set(err, ERR_CRYPTO, 0, "nobody has signed the draft yet");
    if (now == NULL && d->t.version > 1)
        return err_set(err, ERR_NOTFOUND, 0,
                       "version %u is not on this machine, so that the keys that must sign are not "
                       "known here",
                       (unsigned)d->t.version - 1);
    if (draft_pack(&d->d, &file, err) < 0)
        return -1;
    return now != NULL ? trust_next_check(now, file.data, file.len, &unused, err)
                       : trust_from_anchor(file.data, file.len, &unused, err);
}

/* An earlier cluster on this machine may have left a package of the same name. */
static int drop_package(const struct coord_conf *c, const struct trust *t, struct err *err)
{
    char name[TRUST_PACKAGE_NAME_MAX], path[300];
    trust_package_name(t, name);
    return conf_path(c, name, path, err) < 0 ? -1 : file_remove(path, err);
}

int trust_draft_settle(const struct coord_conf *c, const struct trust_draft *d,
                       struct trust_kept *kept, struct err *err)
{
    auto_buf struct buf one = BUF_INIT, all = BUF_INIT;
    char path[300], draft[300];
    if (trust_draft_check(d, kept != NULL ? &kept->now : NULL, err) < 0 ||
        draft_pack(&d->d, &one, err) < 0 || conf_path(c, TRUST_NAME, path, err) < 0 ||
        conf_path(c, TRUST_DRAFT_NAME, draft, err) < 0)
        return -1;
    if (kept != NULL ? append_version(kept, &one, &all, err) < 0
                     : (drop_package(c, &d->t, err) < 0 || buf_add(&all, one.data, one.len) < 0))
        return -1;
    if ((kept != NULL ? file_replace(path, all.data, all.len, 0644, err)
                      : file_create(path, all.data, all.len, 0644, err)) < 0)
        return -1;
    return file_remove(draft, err);
}

int trust_files_package(const struct coord_conf *c, int64_t now_s, bool only_missing,
                        char ret[static 300], struct err *err)
{
    auto_buf struct buf package = BUF_INIT;
    auto_trust_kept struct trust_kept kept = {.sequence = BUF_INIT};
    char name[TRUST_PACKAGE_NAME_MAX];
    if (trust_kept_load(c, &kept, err) < 0)
        return -1;
    trust_package_name(&kept.now, name);
    if (conf_path(c, name, ret, err) < 0)
        return -1;
    if (only_missing && access(ret, F_OK) == 0)
        return 0;
    if (trust_package_pack(&kept.now, &kept.sequence, now_s, &package, err) < 0)
        return -1;
    return file_replace(ret, package.data, package.len, 0644, err);
}
