#include "release_store.h"

#include <ctype.h>
#include <dirent.h>
#include "clock.h"
#include "file.h"
#include "release_files.h"
#include "version.h"

#define PLACES_FILE_MAX (PLACES_MAX * (URL_MAX_LEN + 40))
#define OWN_BUILD       "not-a-prerelease"
#define MANIFEST_NAME   "manifest"
#define SOURCE_NAME     "source"

static int release_path(const struct coord_conf *c, const char *version, const char *file,
                        char dst[static 300], struct err *err)
{
    char name[200];
    int n =
        snprintf(name, sizeof(name), "releases/%s%s%s", version, file[0] != '\0' ? "/" : "", file);
    if (n < 0 || (size_t)n >= sizeof(name))
        return err_set(err, ERR_LIMIT, 0, "version too long");
    return state_path(c, name, dst, err);
}

/* The version becomes the name of a folder, so that only the characters of versions are allowed. */
int release_version_ok(const char *text, struct err *err)
{
    struct version v;
    char plain[VERSION_TEXT];
    if (version_parse(text, &v, err) < 0)
        return -1;
    version_text(plain, &v);
    if (!str_eq(plain, text) || strchr(text, '/') != NULL)
        return err_set(err, ERR_USAGE, 0, "the version must be written as %s", plain);
    return 0;
}

/* "rc.1", "beta2", "dev": suffixes of HashiCorp's own prereleases. */
static bool is_prerelease(const char *suffix)
{
    static const char *const words[] = {"alpha", "beta", "rc", "dev"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (str_starts(suffix, words[i]) && !isalpha((unsigned char)suffix[strlen(words[i])]))
            return true;
    return false;
}

static int check_own(const char *version, struct err *err)
{
    struct version v;
    if (version_parse(version, &v, err) < 0)
        return -1;
    if (v.pre[0] == '\0')
        return err_set(err, ERR_USAGE, 0,
                       "%s has no suffix: --" OWN_BUILD " is only for versions with a suffix of "
                       "your own, such as %u.%u.%u-acme1",
                       version, v.major, v.minor, v.patch);
    if (is_prerelease(v.pre))
        return err_set(err, ERR_USAGE, 0,
                       "%s is a prerelease by its name. To upgrade to a prerelease: `caravan "
                       "upgrade --accept prerelease`",
                       version);
    return 0;
}

int release_places_parse(const char *text, struct stored_release *r, struct err *err)
{
    autofree char *copy = xstrdup(text);
    char *save = NULL;
    for (char *line = strtok_r(copy, "\n", &save); line != NULL;
         line = strtok_r(NULL, "\n", &save)) {
        if (str_eq(line, OWN_BUILD)) {
            r->own_build = true;
            continue;
        }
        char *in = NULL, *os = strtok_r(line, " ", &in), *arch = strtok_r(NULL, " ", &in);
        char *url = strtok_r(NULL, " ", &in);
        if (r->n_places == PLACES_MAX)
            return err_set(err, ERR_LIMIT, 0, "more than %d places", PLACES_MAX);
        struct place *p = &r->places[r->n_places];
        if (url == NULL || str_copy(p->os, sizeof(p->os), os) < 0 ||
            str_copy(p->arch, sizeof(p->arch), arch) < 0 ||
            str_copy(p->url, sizeof(p->url), url) < 0)
            return err_set(err, ERR_CONFIG, 0, "a line is not of the form: os arch url");
        r->n_places++;
    }
    return 0;
}

int release_manifest_path(const struct coord_conf *c, const char *version, char dst[static 300],
                          struct err *err)
{
    return release_version_ok(version, err) < 0 ? -1
                                                : release_path(c, version, MANIFEST_NAME, dst, err);
}

/* draft: the manifest will be signed again, so that its present signatures do not matter. */
static int read_manifest(const struct trust *t, bool draft, int64_t now_s, struct stored_release *r,
                         struct err *err)
{
    struct container c;
    if (container_split_draft(CONTAINER_MANIFEST, r->container.data, r->container.len, &c, err) < 0)
        return -1;
    if (!draft && trust_demand(t, ROLE_RELEASE, CONTAINER_MANIFEST, &c, now_s, err) < 0) {
        if (t->solo)
            return err_wrap(err, "the manifest is refused");
        err->kind = ERR_REFUSED;
        return err_wrap(
            err, "signatures are missing. Carry this manifest to the people who have not signed "
                 "it yet, run `caravan release sign FILE` there, bring it back, and run the same "
                 "command here");
    }
    return manifest_read(c.body, c.body_len, &r->manifest, err);
}

static int load_release(const struct coord_conf *c, const struct trust *t, const char *version,
                        bool draft, struct stored_release *r, struct err *err)
{
    char path[300];
    bool there = false;
    auto_buf struct buf text = BUF_INIT;
    int64_t now_s = clock_wall(clock_system()) / 1000;
    if (release_manifest_path(c, version, path, err) < 0 ||
        file_read_if(path, MANIFEST_MAX, 0, &r->container, &there, err) < 0)
        return -1;
    if (!there)
        return err_set(err, ERR_NOTFOUND, 0, "release %s was not added on this machine", version);
    if (read_manifest(t, draft, now_s, r, err) < 0)
        return err_wrap(err, "%s", path);
    r->signers = trust_signers(t, r->container.data, r->container.len, now_s);
    if (!str_eq(r->manifest.version, version))
        return err_set(err, ERR_CRYPTO, 0, "%s is the manifest of %s", path, r->manifest.version);
    if (release_path(c, version, "places", path, err) < 0 ||
        file_read_if(path, PLACES_FILE_MAX, 0, &text, &there, err) < 0)
        return -1;
    if (release_places_parse(buf_str(&text), r, err) < 0)
        return err_wrap(err, "%s", path);
    return 0;
}

static int load_as(const struct coord_conf *c, const struct trust *t, const char *version,
                   bool draft, struct stored_release *ret, struct err *err)
{
    struct stored_release r;
    memset(&r, 0, sizeof(r));
    r.places = xzalloc(PLACES_MAX, sizeof(*r.places));
    if (load_release(c, t, version, draft, &r, err) < 0) {
        stored_release_free(&r);
        return -1;
    }
    *ret = r;
    return 0;
}

int release_load(const struct coord_conf *c, const struct trust *t, const char *version,
                 struct stored_release *ret, struct err *err)
{
    return load_as(c, t, version, false, ret, err);
}

void stored_release_free(struct stored_release *r)
{
    buf_free(&r->container);
    free(r->places);
    r->places = NULL;
    r->n_places = 0;
}

bool release_same_build(const struct build *a, const struct build *b)
{
    return a->packing == b->packing && a->size == b->size && a->fetch_size == b->fetch_size &&
           digest_eq(&a->digest, &b->digest) && digest_eq(&a->fetch_digest, &b->fetch_digest);
}

static int merge_build(struct manifest *m, const struct build *b, const char *dir, struct err *err)
{
    const struct build *was = manifest_build(m, b->os, b->arch);
    if (was != NULL && release_same_build(was, b))
        return 0;
    if (was != NULL) {
        char hex[65];
        digest_hex(hex, &was->digest);
        return err_set(
            err, ERR_REFUSED, 0,
            "%s for %s/%s was added before with other bytes (SHA-256 of its binary "
            "%.16s...), and hosts may run them. If those bytes were a mistake, remove %s and "
            "add the release again",
            m->version, b->os, b->arch, hex, dir);
    }
    if (m->n_builds == BUILDS_MAX)
        return err_set(err, ERR_LIMIT, 0, "a release has at most %d builds", BUILDS_MAX);
    m->builds[m->n_builds++] = *b;
    return 0;
}

static int merge_places(struct stored_release *r, const struct build *b, const char *const *urls,
                        size_t n_urls, struct err *err)
{
    for (size_t u = 0; u < n_urls; u++) {
        size_t of_build = 0;
        bool known = false;
        for (size_t i = 0; i < r->n_places; i++) {
            bool mine = str_eq(r->places[i].os, b->os) && str_eq(r->places[i].arch, b->arch);
            of_build += mine;
            known |= mine && str_eq(r->places[i].url, urls[u]);
        }
        if (known)
            continue;
        if (of_build == URLS_MAX)
            return err_set(err, ERR_LIMIT, 0, "at most %d places for one build", URLS_MAX);
        struct place *p = &r->places[r->n_places];
        if (str_copy(p->url, sizeof(p->url), urls[u]) < 0 || strpbrk(urls[u], " \t\r\n") != NULL)
            return err_set(err, ERR_USAGE, 0,
                           "--url %s is longer than %d bytes, or contains blanks", urls[u],
                           URL_MAX_LEN - 1);
        str_cut(p->os, sizeof(p->os), b->os);
        str_cut(p->arch, sizeof(p->arch), b->arch);
        r->n_places++;
    }
    return 0;
}

static int store_release(const struct coord_conf *c, const struct stored_release *r,
                         struct err *err)
{
    char dir[300], path[300];
    auto_buf struct buf text = BUF_INIT;
    const char *version = r->manifest.version;
    if (r->own_build)
        buf_add_str(&text, OWN_BUILD "\n");
    for (size_t i = 0; i < r->n_places; i++)
        buf_printf(&text, "%s %s %s\n", r->places[i].os, r->places[i].arch, r->places[i].url);
    if (release_path(c, version, "", dir, err) < 0 || file_make_dirs(dir, 0755, err) < 0 ||
        file_sweep(dir, err) < 0 || release_path(c, version, "places", path, err) < 0 ||
        file_replace(path, text.data, text.len, 0600, err) < 0 ||
        release_path(c, version, MANIFEST_NAME, path, err) < 0)
        return -1;
    return file_replace(path, r->container.data, r->container.len, 0644, err);
}

static int sign_manifest(struct stored_release *r, const struct keypair *key, struct err *err)
{
    auto_buf struct buf body = BUF_INIT;
    buf_free(&r->container);
    if (manifest_pack(&r->manifest, &body, err) < 0)
        return -1;
    if (key == NULL)
        return container_join(CONTAINER_MANIFEST, body.data, body.len, NULL, 0, &r->container, err);
    return container_pack(CONTAINER_MANIFEST, body.data, body.len, &key, 1, &r->container, err);
}

/* Loads this version; if it is not stored yet, *ret is a release without builds. */
static int begin_addition(const struct coord_conf *c, const struct trust *t, const char *version,
                          struct stored_release *ret, struct err *err)
{
    struct err why = ERR_INIT;
    if (release_version_ok(version, err) < 0)
        return -1;
    if (load_as(c, t, version, !t->solo, ret, &why) == 0)
        return 0;
    if (why.kind != ERR_NOTFOUND) {
        *err = why;
        return -1;
    }
    memset(ret, 0, sizeof(*ret));
    ret->places = xzalloc(PLACES_MAX, sizeof(*ret->places));
    str_cut(ret->manifest.version, sizeof(ret->manifest.version), version);
    return 0;
}

/* The date grows with every signing, also when the clock was set back: hosts compare the dates. */
static int finish_addition(const struct coord_conf *c, const struct keypair *key, int64_t now_s,
                           struct stored_release *r, struct err *err)
{
    r->manifest.created_s = MAX_OF(now_s, r->manifest.created_s + 1);
    return sign_manifest(r, key, err) < 0 ? -1 : store_release(c, r, err);
}

/* Removes the folder of a version with all files in it. */
static int drop_folder(const struct coord_conf *c, const char *version, struct err *err)
{
    char dir[300], path[300];
    auto_names struct names files = NAMES_INIT;
    if (release_path(c, version, "", dir, err) < 0)
        return -1;
    if (access(dir, F_OK) < 0 && errno == ENOENT)
        return 0;
    if (file_names(dir, "", 1000, 0, &files, err) < 0)
        return -1;
    for (size_t i = 0; i < files.n; i++)
        if (release_path(c, version, files.items[i], path, err) < 0 || file_remove(path, err) < 0)
            return -1;
    if (file_sweep(dir, err) < 0)
        return -1;
    return rmdir(dir) == 0 || errno == ENOENT ? 0 : err_set(err, ERR_IO, errno, "remove %s", dir);
}

/* A build to be added, with the places or the file where it is. */
struct addition {
    const char *version;
    bool own_build;
    const struct build *b;
    const char *const *urls;
    size_t n_urls;
    const char *file; /* to be copied beside the manifest; NULL: none */
};

static int keep_file(const struct coord_conf *c, const struct addition *a, struct err *err)
{
    char dir[300];
    if (a->file == NULL)
        return 0;
    return release_path(c, a->version, "", dir, err) < 0 || file_make_dirs(dir, 0755, err) < 0
               ? -1
               : release_file_keep(c, a->version, a->b, a->file, err);
}

static int merge_all(const struct coord_conf *c, const struct addition *a, struct stored_release *r,
                     struct err *err)
{
    char dir[300];
    r->own_build |= a->own_build;
    return release_path(c, a->version, "", dir, err) < 0 ||
                   merge_build(&r->manifest, a->b, dir, err) < 0
               ? -1
               : merge_places(r, a->b, a->urls, a->n_urls, err);
}

static int add_build(const struct coord_conf *c, const struct trust *t, const struct keypair *key,
                     const struct addition *a, int64_t now_s, struct stored_release *ret,
                     struct err *err)
{
    struct stored_release r;
    if ((a->own_build && check_own(a->version, err) < 0) ||
        begin_addition(c, t, a->version, &r, err) < 0)
        return -1;
    bool fresh = r.manifest.n_builds == 0;
    if (merge_all(c, a, &r, err) < 0 || (fresh && drop_folder(c, a->version, err) < 0) ||
        keep_file(c, a, err) < 0 || finish_addition(c, key, now_s, &r, err) < 0) {
        struct err unused = ERR_INIT;
        stored_release_free(&r);
        return fresh ? drop_folder(c, a->version, &unused), -1 : -1;
    }
    *ret = r;
    return 0;
}

int release_add(const struct coord_conf *c, const struct trust *t, const struct keypair *key,
                const char *version, bool own_build, const struct build *b, const char *const *urls,
                size_t n_urls, int64_t now_s, struct stored_release *ret, struct err *err)
{
    const struct addition a = {version, own_build, b, urls, n_urls, NULL};
    return add_build(c, t, key, &a, now_s, ret, err);
}

int release_add_file(const struct coord_conf *c, const struct trust *t, const struct keypair *key,
                     const char *version, bool own_build, const struct build *b, const char *file,
                     int64_t now_s, struct stored_release *ret, struct err *err)
{
    const struct addition a = {version, own_build, b, NULL, 0, file};
    return add_build(c, t, key, &a, now_s, ret, err);
}

/* ---- releases of the vendor ---- */

static int put_sums(struct manifest *m, const struct vendor_files *v, struct err *err)
{
    if (v->sums_len > sizeof(m->sums) || v->sig_len > sizeof(m->sums_sig))
        return err_set(err, ERR_LIMIT, 0,
                       "SHA256SUMS has %zu bytes and its signature %zu; a manifest has room for %d "
                       "and %d",
                       v->sums_len, v->sig_len, SUMS_MAX, SUMS_SIG_MAX);
    memcpy(m->sums, v->sums, v->sums_len);
    memcpy(m->sums_sig, v->sig, v->sig_len);
    m->sums_len = v->sums_len;
    m->sums_sig_len = v->sig_len;
    return 0;
}

/* The new SHA256SUMS must name each build that the old one names, with the same digest. */
static int check_before(const struct manifest *m, const struct vendor_files *v, struct err *err)
{
    for (uint32_t i = 0; i < m->n_builds; i++) {
        const struct build *b = &m->builds[i];
        if (vendor_names_build((const char *)m->sums, m->sums_len, m->version, b) &&
            !vendor_names_build(v->sums, v->sums_len, m->version, b))
            return err_set(err, ERR_REFUSED, 0,
                           "SHA256SUMS now has another digest for %s %s/%s than when that build "
                           "was fetched",
                           m->version, b->os, b->arch);
    }
    return 0;
}

static int merge_vendor(const struct coord_conf *c, const struct vendor_files *v,
                        struct stored_release *r, struct err *err)
{
    char dir[300];
    if (release_path(c, v->version, "", dir, err) < 0 || check_before(&r->manifest, v, err) < 0 ||
        put_sums(&r->manifest, v, err) < 0)
        return -1;
    for (size_t i = 0; i < v->n_builds; i++)
        if (merge_build(&r->manifest, &v->builds[i], dir, err) < 0)
            return -1;
    return 0;
}

/* Moves the fetched zips to the folder of the release. A zip that is there already stays. */
static int move_zips(const struct coord_conf *c, const struct vendor_files *v, struct err *err)
{
    char dir[300], name[VENDOR_NAME_MAX], from[300 + VENDOR_NAME_MAX], to[300];
    if (release_path(c, v->version, "", dir, err) < 0 || file_make_dirs(dir, 0755, err) < 0)
        return -1;
    for (size_t i = 0; i < v->n_builds; i++) {
        vendor_zip_name(name, v->version, v->builds[i].os, v->builds[i].arch);
        snprintf(from, sizeof(from), "%s/%s", v->dir, name);
        if (release_path(c, v->version, name, to, err) < 0)
            return -1;
        if (rename(from, to) < 0 && (errno != ENOENT || access(to, R_OK) < 0))
            return err_set(err, ERR_IO, errno, "move %s to %s", from, dir);
    }
    return file_sync_dir(dir, err);
}

int release_add_vendor(const struct coord_conf *c, const struct trust *t, const struct keypair *key,
                       const struct vendor_files *v, int64_t now_s, struct stored_release *ret,
                       struct err *err)
{
    struct stored_release r;
    char path[300];
    if (begin_addition(c, t, v->version, &r, err) < 0)
        return -1;
    if (merge_vendor(c, v, &r, err) < 0 || move_zips(c, v, err) < 0 ||
        release_path(c, v->version, SOURCE_NAME, path, err) < 0 ||
        file_replace(path, v->source, strlen(v->source), 0644, err) < 0 ||
        finish_addition(c, key, now_s, &r, err) < 0) {
        stored_release_free(&r);
        return -1;
    }
    *ret = r;
    return 0;
}

int release_zip_path(const struct coord_conf *c, const char *version, const char *os,
                     const char *arch, char dst[static 300], struct err *err)
{
    char name[VENDOR_NAME_MAX];
    vendor_zip_name(name, version, os, arch);
    return release_path(c, version, name, dst, err);
}

int release_source(const struct coord_conf *c, const char *version, struct buf *ret,
                   struct err *err)
{
    char path[300];
    bool there = false;
    return release_path(c, version, SOURCE_NAME, path, err) < 0
               ? -1
               : file_read_if(path, SOURCE_FILE_MAX, 0, ret, &there, err);
}

/* Removes the manifest first: without a manifest the folder is no release. */
int release_remove(const struct coord_conf *c, const char *version, struct err *err)
{
    char dir[300], path[300];
    if (release_version_ok(version, err) < 0 || release_path(c, version, "", dir, err) < 0 ||
        release_path(c, version, MANIFEST_NAME, path, err) < 0)
        return -1;
    if (access(dir, F_OK) < 0)
        return errno == ENOENT
                   ? err_set(err, ERR_NOTFOUND, 0, "release %s is not on this machine", version)
                   : err_set(err, ERR_IO, errno, "open %s", dir);
    return file_remove(path, err) < 0 ? -1 : drop_folder(c, version, err);
}

int release_lock(const struct coord_conf *c, int *ret_fd, struct err *err)
{
    char path[300];
    if (file_make_dirs(c->state_dir, 0755, err) < 0 ||
        state_path(c, "releases.lock", path, err) < 0)
        return -1;
    if (file_lock(path, ret_fd, err) == 0)
        return 0;
    return err->kind == ERR_BUSY
               ? err_wrap(err, "releases are being fetched, added or checked by another command")
               : -1;
}

static int by_version(const void *a, const void *b)
{
    struct version x, y;
    struct err unused = ERR_INIT;
    if (version_parse(*(char *const *)a, &x, &unused) < 0 ||
        version_parse(*(char *const *)b, &y, &unused) < 0)
        return strcmp(*(char *const *)a, *(char *const *)b);
    return version_cmp(&x, &y);
}

static bool is_release(const struct coord_conf *c, const char *name)
{
    char path[300];
    struct err unused = ERR_INIT;
    return name[0] != '.' && release_version_ok(name, &unused) == 0 &&
           release_path(c, name, MANIFEST_NAME, path, &unused) == 0 && access(path, F_OK) == 0;
}

int release_versions(const struct coord_conf *c, char ***ret, size_t *ret_n, struct err *err)
{
    char dir[300];
    if (state_path(c, "releases", dir, err) < 0)
        return -1;
    char **list = NULL;
    size_t n = 0;
    DIR *d = opendir(dir);
    if (d == NULL && errno != ENOENT)
        return err_set(err, ERR_IO, errno, "open %s", dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        if (!is_release(c, e->d_name))
            continue;
        list = xrealloc(list, (n + 1) * sizeof(*list));
        list[n++] = xstrdup(e->d_name);
    }
    if (d != NULL)
        closedir(d);
    if (n > 0)
        qsort(list, n, sizeof(*list), by_version);
    *ret = list;
    *ret_n = n;
    return 0;
}

void release_for_plan(const struct stored_release *r, struct release *ret)
{
    memset(ret, 0, sizeof(*ret));
    str_cut(ret->version, sizeof(ret->version), r->manifest.version);
    ret->own_build = r->own_build;
    ret->signers = r->signers;
    ret->vendor_signed = r->manifest.sums_len > 0 && r->manifest.sums_sig_len > 0;
    ret->n_builds = r->manifest.n_builds;
    for (size_t i = 0; i < ret->n_builds; i++) {
        const struct build *b = &r->manifest.builds[i];
        str_cut(ret->builds[i].os, sizeof(ret->builds[i].os), b->os);
        str_cut(ret->builds[i].arch, sizeof(ret->builds[i].arch), b->arch);
        ret->builds[i].digest = b->digest;
        ret->builds[i].size = b->size;
        for (size_t p = 0; p < r->n_places && ret->builds[i].n_urls < URLS_MAX; p++)
            if (str_eq(r->places[p].os, b->os) && str_eq(r->places[p].arch, b->arch))
                ret->builds[i].urls[ret->builds[i].n_urls++] = r->places[p].url;
        ret->builds[i].bare = b->packing == PACKING_BARE;
    }
}

int release_stage(const struct stored_release *r, const char *os, const char *arch,
                  struct order_stage *ret, struct err *err)
{
    memset(ret, 0, sizeof(*ret));
    if (manifest_build(&r->manifest, os, arch) == NULL)
        return err_set(err, ERR_NOTFOUND, 0, "release %s has no build for %s/%s",
                       r->manifest.version, os, arch);
    memcpy(ret->manifest, r->container.data, MIN_OF(r->container.len, sizeof(ret->manifest)));
    ret->manifest_len = r->container.len;
    for (size_t i = 0; i < r->n_places && ret->n_urls < URLS_MAX; i++)
        if (str_eq(r->places[i].os, os) && str_eq(r->places[i].arch, arch))
            str_cut(ret->urls[ret->n_urls++], URL_MAX_LEN, r->places[i].url);
    if (ret->n_urls == 0)
        return err_set(err, ERR_NOTFOUND, 0, "release %s has no place for %s/%s",
                       r->manifest.version, os, arch);
    return 0;
}
