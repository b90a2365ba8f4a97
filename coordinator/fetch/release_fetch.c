#include "release_fetch.h"

#include <fcntl.h>
#include <inttypes.h>
#include "file.h"
#include "openpgp_armor.h"
#include "publish.h"
#include "sha256sums.h"
#include "url_hide.h"
#include "vendor_place.h"
#include "vendor_signature.h"

#define SIGS_MAX_NAMED 16

/* The state of one release_fetch. */
struct fetching {
    const struct release_fetch *f;
    struct vendor_place place;
    char dir[300]; /* <state_dir>/fetching/VERSION */
    struct buf sums, sig;
    struct gpgv_verdict signer;
    struct build builds[BUILDS_MAX];
    char name[VENDOR_NAME_MAX]; /* the file that is being fetched */
};

static void report_progress(void *ctx, uint64_t done, uint64_t total)
{
    const struct fetching *g = ctx;
    if (g->f->progress != NULL)
        g->f->progress(g->f->ctx, g->name, done, total);
}

static int path_in(const struct fetching *g, const char *name, const char *end,
                   char dst[static 400], struct err *err)
{
    int n = snprintf(dst, 400, "%s/%s%s", g->dir, name, end);
    return n > 0 && n < 400 ? 0 : err_set(err, ERR_LIMIT, 0, "path too long: %s/%s", g->dir, name);
}

static const char *from_where(const struct release_fetch *f)
{
    if (f->from != NULL)
        return f->from;
    return f->conf->vendor_from[0] != '\0' ? f->conf->vendor_from : VENDOR_SITE;
}

static int open_fetching(struct fetching *g, struct err *err)
{
    const struct release_fetch *f = g->f;
    char below[100];
    const struct download how = {
        .clock = f->clock,
        .max = f->max > 0 ? f->max : RELEASE_FILE_MAX,
        .deadline_ms = f->deadline_ms > 0 ? f->deadline_ms : FETCH_DEADLINE_MS,
        .speed_min = f->conf->speed_min,
        .speed_window_s = f->speed_window_s > 0 ? f->speed_window_s : FETCH_SPEED_WINDOW_S,
        .stop_fd = f->stop_fd,
        .progress = report_progress,
        .ctx = g,
    };
    snprintf(below, sizeof(below), "fetching/%.63s", f->version);
    if (f->n_targets == 0 || f->n_targets > BUILDS_MAX)
        return err_set(err, ERR_USAGE, 0, "a release has 1 to %d builds", BUILDS_MAX);
    return vendor_sweep(f->conf, err) < 0 || state_path(f->conf, below, g->dir, err) < 0 ||
                   vendor_place_open(from_where(f), f->version, &how, &g->place, err) < 0 ||
                   file_make_dirs(g->dir, 0755, err) < 0 || file_sweep(g->dir, err) < 0
               ? -1
               : 0;
}

/* ---- SHA256SUMS and who signed it ---- */

static int get_text(struct fetching *g, size_t max, struct buf *ret, struct err *err)
{
    char work[400];
    buf_clear(ret);
    return path_in(g, "text", ".tmp", work, err) < 0
               ? -1
               : vendor_place_text(&g->place, g->name, max, work, ret, err);
}

/* Hosts get the signature in the manifest, so that it must fit there. */
static int check_room(const struct fetching *g, struct err *err)
{
    return g->sig.len <= SUMS_SIG_MAX
               ? 0
               : err_set(err, ERR_LIMIT, 0,
                         "the file has %zu bytes of signatures, and hosts can get at most %d: a "
                         "file with fewer signatures is needed",
                         g->sig.len, SUMS_SIG_MAX);
}

/* 0: the signature is good; 1: it is missing or not good (*why); -1: it could not be checked. */
static int try_signature(struct fetching *g, const char *key_id, struct err *why, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    struct err e = ERR_INIT;
    vendor_sig_name(g->name, g->f->version, key_id);
    buf_clear(&g->sig);
    if (get_text(g, OPENPGP_SIG_MAX, &text, &e) == 0 &&
        openpgp_dearmor(OPENPGP_SIGNATURES, text.data, text.len, &g->sig, &e) == 0 &&
        check_room(g, &e) == 0) {
        const struct vendor_signed s = {g->sums.data, g->sums.len, g->sig.data, g->sig.len};
        if (vendor_check(g->f->conf, &s, g->f->clock, &g->signer, &e) == 0)
            return 0;
    }
    if (e.kind == ERR_STATE || e.kind == ERR_CONFIG || e.kind == ERR_IO || e.kind == ERR_NOSPACE) {
        *err = e;
        return -1;
    }
    /* A wrong signature is a better reason than a missing one. */
    if (why->kind == ERR_NONE || e.kind != ERR_NOTFOUND) {
        *why = e;
        (void)err_wrap(why, "%s", g->name);
    }
    return 1;
}

static int get_signature(struct fetching *g, struct err *err)
{
    autofree char *ids = xstrdup(g->f->conf->vendor_key_ids);
    struct err why = ERR_INIT;
    char *save = NULL;
    int rc = 1;
    for (char *id = strtok_r(ids, " ,", &save); id != NULL && rc > 0;
         id = strtok_r(NULL, " ,", &save)) {
        if (id[strspn(id, "0123456789ABCDEFabcdef")] != '\0')
            return err_set(err, ERR_CONFIG, 0, "[vendor] key_ids: %s is no hexadecimal number", id);
        rc = try_signature(g, id, &why, err);
    }
    if (rc > 0)
        rc = try_signature(g, NULL, &why, err);
    if (rc > 0)
        *err = why;
    return rc == 0 ? 0 : -1;
}

static int get_sums(struct fetching *g, struct err *err)
{
    vendor_sums_name(g->name, g->f->version);
    if (get_text(g, SUMS_MAX, &g->sums, err) < 0) {
        if (err->kind == ERR_NOTFOUND)
            return err_wrap(err, "there is no Nomad %s at this place", g->f->version);
        return -1;
    }
    return get_signature(g, err);
}

/* ---- targets ---- */

static int refuse_target(const struct fetching *g, const char *name, struct err *err)
{
    struct build_target there[BUILDS_MAX * 2];
    auto_buf struct buf list = BUF_INIT;
    size_t n =
        vendor_targets(buf_str(&g->sums), g->sums.len, g->f->version, there, ARRAY_LEN(there));
    for (size_t i = 0; i < n; i++)
        buf_printf(&list, "%s%s/%s", i > 0 ? ", " : "", there[i].os, there[i].arch);
    return err_set(err, ERR_NOTFOUND, 0, "SHA256SUMS has no %s; of %s it has %s", name,
                   g->f->version, n > 0 ? buf_str(&list) : "nothing");
}

static int check_targets(struct fetching *g, struct digest digests[static BUILDS_MAX],
                         struct err *err)
{
    for (size_t i = 0; i < g->f->n_targets; i++) {
        const struct build_target *t = &g->f->targets[i];
        vendor_zip_name(g->name, g->f->version, t->os, t->arch);
        if (sha256sums_find(buf_str(&g->sums), g->sums.len, g->name, &digests[i], err) < 0)
            return err->kind == ERR_NOTFOUND ? refuse_target(g, g->name, err) : -1;
    }
    return 0;
}

/* ---- one zip ---- */

static int measure_target(struct fetching *g, size_t i, const char *path, const struct digest *want,
                          struct err *err)
{
    const struct build_target *t = &g->f->targets[i];
    const struct publish_want w = {want, g->place.how.max, true};
    return publish_measure(path, g->f->version, t->os, t->arch, &w, &g->builds[i], err);
}

/* Reads the address that the part came from; "": there is no part. */
static int read_from(const char *path, struct buf *ret, struct err *err)
{
    bool there = false;
    return file_read_if(path, sizeof(((struct vendor_place *)0)->base) + VENDOR_NAME_MAX, 0, ret,
                        &there, err);
}

/* Opens the part. Keeps its bytes only if they came from this place. */
static int open_part(struct fetching *g, const char *part, int *ret_fd, uint64_t *ret_from,
                     struct err *err)
{
    char from[400], address[sizeof(g->place.base) + VENDOR_NAME_MAX];
    auto_buf struct buf before = BUF_INIT;
    struct stat st;
    snprintf(address, sizeof(address), "%s%s", g->place.base, g->name);
    url_hide(address);
    if (path_in(g, g->name, ".from", from, err) < 0 || read_from(from, &before, err) < 0)
        return -1;
    bool same = str_eq(buf_str(&before), address);
    if (!same &&
        (file_remove(part, err) < 0 || file_replace(from, address, strlen(address), 0644, err) < 0))
        return -1;
    autoclose int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_set(err, errno == ENOSPC ? ERR_NOSPACE : ERR_IO, errno, "open %s", part);
    *ret_from = (uint64_t)st.st_size;
    *ret_fd = take_fd(&fd);
    return 0;
}

static int sync_part(int fd, struct err *err)
{
    return fsync(fd) < 0 ? err_set(err, errno == ENOSPC ? ERR_NOSPACE : ERR_IO, errno, "sync") : 0;
}

/* ERR_CRYPTO: the bytes were wrong and have been removed. *ret_resumed: some of the bytes came from
 * an earlier fetch. */
static int get_part(struct fetching *g, size_t i, const struct digest *want, const char *part,
                    bool *ret_resumed, struct err *err)
{
    autoclose int fd = -1;
    uint64_t from = 0;
    if (open_part(g, part, &fd, &from, err) < 0)
        return -1;
    *ret_resumed = from > 0;
    if (from > 0 && measure_target(g, i, part, want, err) == 0)
        return 0;
    if (vendor_place_file(&g->place, g->name, fd, &from, err) < 0 || sync_part(fd, err) < 0)
        return -1;
    if (measure_target(g, i, part, want, err) == 0)
        return 0;
    struct err unused = ERR_INIT;
    (void)!file_remove(part, &unused);
    return -1;
}

/* An earlier part can be useless: it is not the signed file, or the place cannot continue it. */
static bool part_is_spoiled(const struct err *err)
{
    return err->kind == ERR_CRYPTO || err->kind == ERR_LIMIT || err->kind == ERR_FORMAT;
}

static int fetch_zip(struct fetching *g, size_t i, const struct digest *want, const char *zip,
                     struct err *err)
{
    char part[400], from[400];
    bool resumed = false;
    if (path_in(g, g->name, ".part", part, err) < 0 || path_in(g, g->name, ".from", from, err) < 0)
        return -1;
    int rc = get_part(g, i, want, part, &resumed, err);
    if (rc < 0 && resumed && part_is_spoiled(err)) {
        struct err unused = ERR_INIT;
        (void)!file_remove(part, &unused);
        rc = get_part(g, i, want, part, &resumed, err);
    }
    if (rc < 0)
        return -1;
    if (rename(part, zip) < 0)
        return err_set(err, ERR_IO, errno, "rename %s", part);
    return file_remove(from, err);
}

static int get_zip(struct fetching *g, size_t i, const struct digest *want, struct err *err)
{
    const struct build_target *t = &g->f->targets[i];
    char zip[400], kept[300];
    struct err unused = ERR_INIT;
    vendor_zip_name(g->name, g->f->version, t->os, t->arch);
    if (path_in(g, g->name, "", zip, err) < 0 ||
        release_zip_path(g->f->conf, g->f->version, t->os, t->arch, kept, err) < 0)
        return -1;
    if (measure_target(g, i, zip, want, &unused) == 0 ||
        measure_target(g, i, kept, want, &unused) == 0)
        return 0;
    return fetch_zip(g, i, want, zip, err);
}

/* ---- the whole release ---- */

static int publish_release(struct fetching *g, struct stored_release *ret, struct err *err)
{
    const struct release_fetch *f = g->f;
    auto_buf struct buf source = BUF_INIT, from = BUF_INIT;
    char signed_at[21], now[21], shown[sizeof(g->place.base)];
    int64_t wall = clock_wall(f->clock);
    clock_rfc3339(signed_at, g->signer.made_s * 1000);
    clock_rfc3339(now, wall);
    url_shown(shown, sizeof(shown), g->place.base);
    str_escape(&from, shown, strlen(shown)); /* the name of a directory may contain line breaks */
    buf_printf(&source, "from %s\nsigned by %s\nwith its key %s\nsigned at %s\nfetched at %s\n",
               buf_str(&from), g->signer.key, g->signer.signer, signed_at, now);
    const struct vendor_files v = {.version = f->version,
                                   .dir = g->dir,
                                   .builds = g->builds,
                                   .n_builds = f->n_targets,
                                   .sums = g->sums.data,
                                   .sig = g->sig.data,
                                   .sums_len = g->sums.len,
                                   .sig_len = g->sig.len,
                                   .source = buf_str(&source)};
    return release_add_vendor(f->conf, f->trust, f->key, &v, wall / 1000, ret, err);
}

/* Removes the folders, unless they contain a part. */
static void close_dir(const struct fetching *g)
{
    char above[300];
    struct err unused = ERR_INIT;
    if (g->dir[0] != '\0' && rmdir(g->dir) == 0 &&
        file_dir_of(g->dir, above, sizeof(above), &unused) == 0)
        rmdir(above);
}

static int fetch_release(struct fetching *g, struct stored_release *ret, struct err *err)
{
    struct digest digests[BUILDS_MAX];
    if (open_fetching(g, err) < 0 || get_sums(g, err) < 0 || check_targets(g, digests, err) < 0)
        return -1;
    for (size_t i = 0; i < g->f->n_targets; i++)
        if (get_zip(g, i, &digests[i], err) < 0)
            return err_wrap(err, "%s", g->name);
    return publish_release(g, ret, err);
}

int release_fetch(const struct release_fetch *f, struct stored_release *ret,
                  struct gpgv_verdict *ret_signer, struct err *err)
{
    struct fetching *g = xzalloc(1, sizeof(*g));
    autoclose int lock = -1;
    g->f = f;
    int rc = release_version_ok(f->version, err) < 0 || release_lock(f->conf, &lock, err) < 0
                 ? -1
                 : fetch_release(g, ret, err);
    close_dir(g);
    *ret_signer = g->signer;
    buf_free(&g->sums);
    buf_free(&g->sig);
    free(g);
    return rc;
}
