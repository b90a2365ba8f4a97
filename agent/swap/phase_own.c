#include "phase_step.h"
#include "seed.h"
#include "str.h"

#define ZIP_NAME      "zip"
#define COPY          "copy the fetched file"
#define PIECE         (64U << 10)
#define UNZIP_LOOK_MS 50

static phase_step copy_own_some, check_own_copy, unzip_begin, unzip_piece;

/* The path is in a directory that only root may enter. */
static void zip_path(const struct phases *p, char dst[static 512])
{
    snprintf(dst, 512, "%s/" ZIP_NAME, p->conf.dir);
}

/* On a seed the path is in seed_dir, where the file stays for other hosts. */
void phases_own_path(const struct phases *p, char dst[static 512])
{
    if (p->conf.seed_dir != NULL && p->now.seeded)
        seed_path(p->conf.seed_dir, &p->now.job.fetch_digest, dst);
    else if (p->conf.seed_dir != NULL)
        seed_path_new(p->conf.seed_dir, dst);
    else
        zip_path(p, dst);
}

bool phases_own_first(const struct phases *p)
{
    return p->now.zip || p->conf.seed_dir != NULL;
}

/* A file that is kept for other hosts stays. The zip path is removed in any case, because the host
 * may have become a seed only after a restart. */
void phases_drop_own_copy(struct phases *p)
{
    char path[512];

    zip_path(p, path);
    phases_drop_own(p, path);
    if (p->conf.seed_dir == NULL || p->now.seeded)
        return;
    phases_own_path(p, path);
    phases_drop_own(p, path);
}

void phases_drop_seed(struct phases *p, const struct digest *but)
{
    struct err err = ERR_INIT;

    if (p->conf.seed_dir != NULL && seed_sweep(p->host, p->conf.seed_dir, but, &err) < 0)
        phases_note(p, LOG_WARNING, EVENT_NONE, "%.200s", err.text);
}

static void fail_own_err(struct phases *p, const struct err *err, const char *what)
{
    phases_drop(p, p->shelf.fresh);
    phases_drop_own_copy(p);
    phases_fail_err(p, err, what);
}

static void fail_own(struct phases *p, enum failure failure, const char *text)
{
    phases_drop(p, p->shelf.fresh);
    phases_drop_own_copy(p);
    phases_fail(p, failure, "%.240s", text);
}

void own_begin(struct phases *p)
{
    uint32_t mode = p->conf.seed_dir != NULL ? SEED_MODE : 0600;
    struct err err = ERR_INIT;
    char path[512];

    phases_own_path(p, path);
    if (shelf_copy_to(p->host, path, mode, p->now.job.dir, p->now.job.fetch_size, &p->now.read,
                      &err) < 0)
        fail_own_err(p, &err, COPY);
    else
        phases_then(p, copy_own_some, 0);
}

static void copy_own_some(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc;

    if (p->now.cancelled) {
        phases_drop_own_copy(p);
        staging_cancelled(p);
        return;
    }
    rc = shelf_step(p->host, &p->now.read, &err);
    if (rc < 0 && err.kind == ERR_LIMIT)
        fail_own(p, FAILURE_BAD_DIGEST, "the fetched file is larger than the signed file");
    else if (rc < 0)
        fail_own_err(p, &err, COPY);
    else
        phases_then(p, rc > 0 ? copy_own_some : check_own_copy, 0);
}

/* From now on other hosts may fetch the file: its digest is the one in the manifest. */
static int keep_for_others(struct phases *p, struct err *err)
{
    if (seed_keep(p->host, p->conf.seed_dir, p->now.read.to, &p->now.job.fetch_digest, err) < 0)
        return err_wrap(err, "keep the file for other hosts in %s", p->conf.seed_dir);
    p->now.seeded = true;
    return 0;
}

static void check_own_copy(struct phases *p)
{
    const struct fetch_get *job = &p->now.job;
    struct err err = ERR_INIT;

    if (p->now.read.at != job->fetch_size || !digest_eq(&p->now.read.digest, &job->fetch_digest)) {
        fail_own(p, FAILURE_BAD_DIGEST, "the copy of the fetched file is not the signed file");
        return;
    }
    if (p->conf.seed_dir != NULL && keep_for_others(p, &err) < 0) {
        fail_own_err(p, &err, COPY);
        return;
    }
    shelf_close(p->host, &p->now.read);
    phases_drop_own(p, job->dir);
    phases_then(p, p->now.zip ? unzip_begin : copying_begin, 0);
}

/* The copy is read through its descriptor. Unless it is kept for other hosts, it has no name any
 * more, so nothing is left after the descriptor is closed. */
static int open_own_zip(struct phases *p, struct shelf_read *ret, struct err *err)
{
    const struct host *h = p->host;
    char path[512];

    phases_own_path(p, path);
    *ret = (struct shelf_read)SHELF_READ_INIT;
    digest_init(&ret->hash);
    ret->open = true;
    if (h->open(h->ctx, HOST_OWN_PATH, path, &ret->from, err) < 0)
        return -1;
    phases_drop_own_copy(p);
    if (h->unlink(h->ctx, p->shelf.at, p->shelf.fresh, err) < 0 ||
        h->create(h->ctx, p->shelf.at, p->shelf.fresh, 0600, &ret->to, err) < 0)
        return -1;
    return h->unzip_begin(h->ctx, ret->from, p->rec.target_size, &p->rec.target, err);
}

static void unzip_begin(struct phases *p)
{
    struct err err = ERR_INIT;

    p->now.read_ms = phases_uptime(p);
    if (open_own_zip(p, &p->now.read, &err) < 0)
        fail_own_err(p, &err, "unpack the zip");
    else
        phases_then(p, unzip_piece, 0);
}

/* 1: a piece arrived; 0: no piece yet. */
static int take_unzipped_piece(struct phases *p, struct err *err)
{
    const struct host *h = p->host;
    struct shelf_read *r = &p->now.read;
    unsigned char piece[PIECE];
    size_t n = 0, most = MIN_OF((uint64_t)sizeof(piece), p->rec.target_size - r->at);

    if (h->unzip_read(h->ctx, piece, most, &n, err) < 0)
        return -1;
    if (n == 0)
        return 0;
    digest_add(&r->hash, piece, n);
    r->at += n;
    return h->write(h->ctx, r->to, piece, n, err) < 0 ? -1 : 1;
}

static void end_unzip(struct phases *p)
{
    p->host->unzip_end(p->host->ctx);
    digest_final(&p->now.read.hash, &p->now.read.digest);
    phases_then(p, staging_copied, 0);
}

static void unzip_piece(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc;

    if (p->now.cancelled) {
        staging_cancelled(p);
        return;
    }
    rc = take_unzipped_piece(p, &err);
    if (rc < 0 && err.kind == ERR_REFUSED)
        fail_own(p, FAILURE_BAD_ARCHIVE, err.text);
    else if (rc < 0)
        fail_own_err(p, &err, "unpack the zip");
    else if (p->now.read.at == p->rec.target_size)
        end_unzip(p);
    else if (phases_uptime(p) - p->now.read_ms > FETCH_UNZIP_MS)
        fail_own(p, FAILURE_TOO_SLOW, "the zip was not unpacked in time");
    else
        phases_then(p, unzip_piece, rc > 0 ? 0 : UNZIP_LOOK_MS);
}
