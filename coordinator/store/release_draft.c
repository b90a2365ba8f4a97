#include "release_draft.h"

void release_draft_free(struct release_draft *r)
{
    draft_free(&r->d);
}

int release_draft_load(const char *path, struct release_draft *ret, struct err *err)
{
    bool there = false;
    memset(ret, 0, sizeof(*ret));
    if (draft_load(path, CONTAINER_MANIFEST, &ret->d, &there, err) < 0)
        return -1;
    if (!there)
        return err_set(err, ERR_NOTFOUND, 0, "there is no manifest at %s", path);
    return manifest_read(ret->d.body.data, ret->d.body.len, &ret->manifest, err) < 0
               ? err_wrap(err, "%s", path)
               : 0;
}

/* What may_sign needs to know. */
struct signing {
    const struct trust *t; /* the trust in force; NULL: this machine does not have it */
    const struct release_draft *r;
    int64_t wall_s;
};

static bool is_release_key(const struct trust *t, const struct pubkey *key, int64_t wall_s)
{
    enum role role;
    uint32_t i;
    return trust_find_key(t, key, &role, &i) && role == ROLE_RELEASE &&
           trust_key_time(t, role, i, wall_s) != KEY_EXPIRED;
}

/* A release may have more keys than the SIGS_MAX signatures that have room: no key signs any more
 * when enough keys have signed. */
static bool may_sign(const void *ctx, const struct pubkey *key, enum role purpose)
{
    const struct signing *s = ctx;
    struct err unused = ERR_INIT;
    if (s->t == NULL)
        return purpose == ROLE_RELEASE;
    return is_release_key(s->t, key, s->wall_s) &&
           release_draft_check(s->t, s->r, s->wall_s, &unused) < 0;
}

/* If the trust in force is known, the signature of any other key does not count and would take the
 * room of a signature that counts. */
static void drop_other_signatures(struct draft *d, const struct trust *t, int64_t wall_s)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_sigs; i++)
        if (is_release_key(t, &d->sigs[i].key, wall_s))
            d->sigs[n++] = d->sigs[i];
    d->n_sigs = n;
}

int release_draft_sign(const struct coord_conf *c, const struct trust *t, int64_t wall_s,
                       struct release_draft *r, size_t *ret_added, struct err *err)
{
    const struct signing s = {t, r, wall_s};
    if (t != NULL)
        drop_other_signatures(&r->d, t, wall_s);
    return draft_sign(c, &r->d, ROLE_RELEASE, may_sign, &s, ret_added, err);
}

int release_draft_check(const struct trust *t, const struct release_draft *r, int64_t wall_s,
                        struct err *err)
{
    const struct container c = draft_container(&r->d);
    return trust_demand(t, ROLE_RELEASE, CONTAINER_MANIFEST, &c, wall_s, err);
}

int release_draft_keep(const struct coord_conf *c, struct release_draft *r, bool *ret_kept,
                       struct err *err)
{
    auto_draft struct draft here = {.n_sigs = 0};
    char path[300];
    bool there = false;
    if (release_manifest_path(c, r->manifest.version, path, err) < 0 ||
        draft_load(path, CONTAINER_MANIFEST, &here, &there, err) < 0)
        return -1;
    *ret_kept = there && draft_same(&here, &r->d);
    if (!*ret_kept)
        return 0;
    draft_merge(&r->d, &here);
    return draft_save(&r->d, path, err);
}
