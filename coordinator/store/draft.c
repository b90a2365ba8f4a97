#include "draft.h"

#include "file.h"
#include "keys.h"

_Static_assert(TRUST_MAX == MANIFEST_MAX, "one limit for what is read");

void draft_free(struct draft *d)
{
    buf_free(&d->body);
}

static bool has_signature(const struct draft *d, const struct pubkey *key)
{
    for (size_t i = 0; i < d->n_sigs; i++)
        if (pubkey_eq(&d->sigs[i].key, key))
            return true;
    return false;
}

/* An invalid signature would take the room of a valid one. */
static void take_signatures(struct draft *d, const struct container *c)
{
    for (uint32_t i = 0; i < c->n_sigs; i++)
        if (d->n_sigs < SIGS_MAX && !has_signature(d, &c->sigs[i].key) &&
            container_count(d->type, c, &c->sigs[i].key, 1) == 1)
            d->sigs[d->n_sigs++] = c->sigs[i];
}

static int draft_read(const void *p, size_t n, enum container_type type, struct draft *ret,
                      struct err *err)
{
    struct container c;
    memset(ret, 0, sizeof(*ret));
    ret->type = type;
    if (container_split_draft(type, p, n, &c, err) < 0)
        return -1;
    (void)buf_add(&ret->body, c.body, c.body_len);
    take_signatures(ret, &c);
    return 0;
}

int draft_load(const char *path, enum container_type type, struct draft *ret, bool *ret_there,
               struct err *err)
{
    auto_buf struct buf file = BUF_INIT;
    memset(ret, 0, sizeof(*ret));
    if (file_read_if(path, TRUST_MAX, FILE_FOLLOW, &file, ret_there, err) < 0)
        return -1;
    if (*ret_there && draft_read(file.data, file.len, type, ret, err) < 0)
        return err_wrap(err, "%s", path);
    return 0;
}

int draft_pack(const struct draft *d, struct buf *ret, struct err *err)
{
    return container_join(d->type, d->body.data, d->body.len, d->sigs, d->n_sigs, ret, err);
}

int draft_save(const struct draft *d, const char *path, struct err *err)
{
    auto_buf struct buf file = BUF_INIT;
    return draft_pack(d, &file, err) < 0 ? -1 : file_replace(path, file.data, file.len, 0644, err);
}

bool draft_same(const struct draft *a, const struct draft *b)
{
    return a->body.len == b->body.len && memcmp(a->body.data, b->body.data, a->body.len) == 0;
}

void draft_merge(struct draft *d, const struct draft *other)
{
    for (size_t i = 0; draft_same(d, other) && i < other->n_sigs; i++)
        if (d->n_sigs < SIGS_MAX && !has_signature(d, &other->sigs[i].key))
            d->sigs[d->n_sigs++] = other->sigs[i];
}

struct container draft_container(const struct draft *d)
{
    struct container c = {
        .body = d->body.data, .body_len = d->body.len, .n_sigs = (uint32_t)d->n_sigs};
    memcpy(c.sigs, d->sigs, sizeof(c.sigs));
    return c;
}

/* ---- signing ---- */

static int sign_one(const struct coord_conf *c, const char *name, enum role purpose,
                    struct draft *d, struct err *err)
{
    auto_keypair struct keypair *key = NULL;
    auto_buf struct buf file = BUF_INIT;
    struct container one;
    if (keys_load_named(c, name, purpose, &key, err) < 0)
        return -1;
    const struct keypair *keys[] = {key};
    if (container_pack(d->type, d->body.data, d->body.len, keys, 1, &file, err) < 0 ||
        container_split(d->type, file.data, file.len, &one, err) < 0)
        return -1;
    take_signatures(d, &one);
    return 0;
}

/* [keys] signer signs only with the key that [keys] names. Other keys of which only the public part
 * is on this machine belong to other people. */
static bool signs_here(const struct coord_conf *c, const struct key_listed *k, enum role purpose)
{
    if (k->where == KEY_ELSEWHERE)
        return c->signer[0] != '\0' && str_eq(k->about.name, key_name(c, purpose));
    return k->where != KEY_WRONG;
}

int draft_sign(const struct coord_conf *c, struct draft *d, enum role purpose, draft_wants *wants,
               const void *ctx, size_t *ret_added, struct err *err)
{
    autofree struct key_listed *list = NULL;
    size_t n = 0, before = d->n_sigs;
    if (keys_list(c, &list, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        const struct key_public *key = &list[i].about;
        if (list[i].where == KEY_WRONG && d->passed_over[0] == '\0')
            snprintf(d->passed_over, sizeof(d->passed_over), "key %s: %s", key->name, list[i].why);
        if (!signs_here(c, &list[i], purpose) || has_signature(d, &key->key) ||
            !wants(ctx, &key->key, key->purpose))
            continue;
        if (d->n_sigs >= SIGS_MAX && d->n_sigs == before)
            return err_set(err, ERR_LIMIT, 0,
                           "the draft has %d signatures already, and has no room for more",
                           SIGS_MAX);
        if (d->n_sigs >= SIGS_MAX)
            break;
        if (sign_one(c, key->name, purpose, d, err) < 0)
            return -1;
    }
    *ret_added = d->n_sigs - before;
    return 0;
}
