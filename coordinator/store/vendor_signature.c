#include "vendor_signature.h"

#include <sys/stat.h>
#include "file.h"
#include "openpgp_armor.h"
#include "spawn.h"

#define WORK_NAME "vendor."

/* The files for one call of gpgv, in one directory. */
struct work {
    char dir[280];
    char home[300], ring[300], sums[300], sig[300];
};

static int add_vendor_keyring(const char *path, bool must, struct buf *ring, struct err *err)
{
    auto_buf struct buf text = BUF_INIT;
    bool there = false;
    if (file_read_if(path, KEYRING_FILE_MAX, FILE_FOLLOW | FILE_TRUSTED, &text, &there, err) < 0)
        return err_wrap(err, "the vendor's keys");
    if (!there)
        return must ? err_set(err, ERR_CONFIG, 0, "[vendor] keyring: there is no file %s", path)
                    : 0;
    if (openpgp_dearmor(OPENPGP_KEYS, text.data, text.len, ring, err) < 0) {
        err->kind = ERR_CONFIG;
        return err_wrap(err, "the vendor's keys in %s", path);
    }
    return 0;
}

static int make_ring(const struct coord_conf *c, bool own_first, struct buf *ring, struct err *err)
{
    bool own = c->vendor_keyring[0] != '\0';
    if ((own && own_first && add_vendor_keyring(c->vendor_keyring, true, ring, err) < 0) ||
        add_vendor_keyring(c->vendor_shipped, false, ring, err) < 0 ||
        (own && !own_first && add_vendor_keyring(c->vendor_keyring, true, ring, err) < 0))
        return -1;
    if (ring->len == 0)
        return err_set(err, ERR_CONFIG, 0,
                       "there are no keys to check the vendor's signature: the file %s does not "
                       "exist, and [vendor] keyring is not set",
                       c->vendor_shipped);
    return 0;
}

static void work_remove(struct work *w)
{
    struct err unused = ERR_INIT;
    if (w->dir[0] == '\0')
        return;
    (void)!file_sweep(w->dir, &unused); /* temporary files of a killed command */
    unlink(w->ring);
    unlink(w->sums);
    unlink(w->sig);
    rmdir(w->home);
    rmdir(w->dir);
}

static void work_names(struct work *w)
{
    snprintf(w->home, sizeof(w->home), "%s/home", w->dir);
    snprintf(w->ring, sizeof(w->ring), "%s/ring", w->dir);
    snprintf(w->sums, sizeof(w->sums), "%s/sums", w->dir);
    snprintf(w->sig, sizeof(w->sig), "%s/sig", w->dir);
}

static int work_make(const struct coord_conf *c, struct work *w, struct err *err)
{
    char dir[300];
    if (state_path(c, WORK_NAME "XXXXXX", dir, err) < 0 ||
        file_make_dirs(c->state_dir, 0755, err) < 0)
        return -1;
    if (strlen(dir) >= sizeof(w->dir) || mkdtemp(dir) == NULL)
        return err_set(err, ERR_IO, errno, "make %s", dir);
    str_cut(w->dir, sizeof(w->dir), dir);
    work_names(w);
    if (mkdir(w->home, 0700) < 0)
        return err_set(err, ERR_IO, errno, "make %s", w->home);
    return 0;
}

static int work_fill(const struct work *w, const struct buf *ring, const struct vendor_signed *s,
                     struct err *err)
{
    return file_create(w->ring, ring->data, ring->len, 0600, err) < 0 ||
                   file_create(w->sums, s->sums, s->sums_len, 0600, err) < 0 ||
                   file_create(w->sig, s->sig, s->sig_len, 0600, err) < 0
               ? -1
               : 0;
}

static int run_gpgv(const struct coord_conf *c, const struct work *w, const struct clock *clock,
                    struct gpgv_verdict *ret, struct err *err)
{
    const struct gpgv_call call = {c->vendor_gpgv, w->home, w->ring, w->sig, w->sums};
    const char *argv[GPGV_ARGS];
    struct spawn_result out = {0};
    if (gpgv_args(&call, argv, err) < 0)
        return -1;
    const struct spawn s = {
        .argv = argv, .deadline_ms = GPGV_DEADLINE_MS, .out_max = GPGV_OUT_MAX, .pass_fd = -1};
    int rc = spawn_run(&s, clock, &out, err);
    if (rc == 0)
        gpgv_judge(buf_str(&out.out), out.out.len, ret);
    buf_free(&out.out);
    if (rc < 0 && err->kind == ERR_NOTFOUND)
        return err_set(err, ERR_STATE, 0,
                       "gpgv is missing, so that no signature can be checked (looked for %s): "
                       "install it with `apt-get install gpgv`",
                       c->vendor_gpgv);
    if (rc < 0) {
        err->kind = ERR_STATE;
        return err_wrap(err, "gpgv");
    }
    return 0;
}

static int check_with(const struct coord_conf *c, bool own_first, const struct vendor_signed *s,
                      const struct clock *clock, struct gpgv_verdict *ret, struct err *err)
{
    auto_buf struct buf ring = BUF_INIT;
    struct work w = {.dir = ""};
    if (make_ring(c, own_first, &ring, err) < 0)
        return -1;
    int rc = work_make(c, &w, err) < 0 || work_fill(&w, &ring, s, err) < 0
                 ? -1
                 : run_gpgv(c, &w, clock, ret, err);
    work_remove(&w);
    return rc;
}

int vendor_check(const struct coord_conf *c, const struct vendor_signed *s,
                 const struct clock *clock, struct gpgv_verdict *ret, struct err *err)
{
    struct gpgv_verdict other;
    bool both = c->vendor_keyring[0] != '\0';
    memset(ret, 0, sizeof(*ret));
    if (check_with(c, false, s, clock, ret, err) < 0 ||
        (both && check_with(c, true, s, clock, &other, err) < 0))
        return -1;
    if (both)
        gpgv_join(ret, &other);
    return ret->good
               ? 0
               : err_set(err, ERR_CRYPTO, 0,
                         "SHA256SUMS has no good signature: %s. Only the keys in %.150s and in "
                         "[vendor] keyring (%.150s) count",
                         ret->why, c->vendor_shipped, both ? c->vendor_keyring : "empty");
}

int vendor_sweep(const struct coord_conf *c, struct err *err)
{
    autodir DIR *d = opendir(c->state_dir);
    if (d == NULL)
        return errno == ENOENT ? 0 : err_set(err, ERR_IO, errno, "open %s", c->state_dir);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        struct work w;
        if (!str_starts(e->d_name, WORK_NAME))
            continue;
        snprintf(w.dir, sizeof(w.dir), "%.200s/%.60s", c->state_dir, e->d_name);
        work_names(&w);
        work_remove(&w);
    }
    return 0;
}
