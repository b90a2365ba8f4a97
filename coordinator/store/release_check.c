#include "release_check.h"

#include "publish.h"
#include "release_files.h"
#include "vendor_signature.h"

static int check_file(const struct coord_conf *c, const struct manifest *m, const struct build *b,
                      struct err *err)
{
    const struct publish_want want = {&b->fetch_digest, RELEASE_FILE_MAX,
                                      b->packing == PACKING_ZIP};
    struct build again;
    char path[300];
    if (release_file_path(c, m->version, b, path, err) < 0 ||
        publish_measure(path, m->version, b->os, b->arch, &want, &again, err) < 0)
        return -1;
    return release_same_build(b, &again)
               ? 0
               : err_set(err, ERR_CRYPTO, 0, "%s: the binary in the zip is not the signed one",
                         path);
}

static void check_stored_build(const struct coord_conf *c, const struct stored_release *r,
                               const struct build *b, struct build_check *ret)
{
    const struct manifest *m = &r->manifest;
    bool of_vendor = vendor_names_build((const char *)m->sums, m->sums_len, m->version, b);
    /* The file of an own build may exist only at the places that were named for it. */
    bool here = of_vendor || release_places_of(r, b) == 0 || release_file_exists(c, m->version, b);
    struct err why = ERR_INIT;
    str_cut(ret->os, sizeof(ret->os), b->os);
    str_cut(ret->arch, sizeof(ret->arch), b->arch);
    ret->result = of_vendor ? CHECK_GOOD : CHECK_OWN;
    if (here && check_file(c, m, b, &why) < 0) {
        ret->result = CHECK_BAD;
        str_cut(ret->why, sizeof(ret->why), why.text);
    }
}

static int check_stored_release(const struct coord_conf *c, const struct stored_release *r,
                                const struct clock *clock, struct release_check *ret,
                                struct err *err)
{
    const struct manifest *m = &r->manifest;
    const struct vendor_signed s = {m->sums, m->sums_len, m->sums_sig, m->sums_sig_len};
    ret->of_vendor = m->sums_len > 0;
    if (ret->of_vendor && vendor_check(c, &s, clock, &ret->signer, err) < 0)
        return -1;
    ret->n_builds = m->n_builds;
    for (uint32_t i = 0; i < m->n_builds; i++)
        check_stored_build(c, r, &m->builds[i], &ret->builds[i]);
    return 0;
}

int release_check(const struct coord_conf *c, const struct trust *t, const char *version,
                  const struct clock *clock, struct release_check *ret, struct err *err)
{
    struct stored_release r;
    memset(ret, 0, sizeof(*ret));
    if (release_load(c, t, version, &r, err) < 0)
        return -1;
    int rc = check_stored_release(c, &r, clock, ret, err);
    stored_release_free(&r);
    return rc < 0 ? err_wrap(err, "release %s", version) : 0;
}
