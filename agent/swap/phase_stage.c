#include "phase_step.h"
#include "elf_arch.h"
#include "str.h"

#define FETCH_SLACK_MS 5000 /* caravan-fetch notices its own deadline first */
#define FETCH_LOOK_MS  250

static phase_step fetch_again, download_begin, kept_begin, hash_kept_some, watch_fetching,
    copy_some, hash_target_begin, hash_target_some, try_staged;

void staging_cancelled(struct phases *p)
{
    phases_drop(p, p->shelf.fresh);
    phases_fail(p, FAILURE_CANCELLED, "cancelled by order");
}

/* Remembers the directory in which root works until the swap. The swap refuses another directory.
 */
static bool take_stage_dir(struct phases *p)
{
    struct err err = ERR_INIT;

    if (shelf_look(p->host, &p->shelf, &err) < 0 || shelf_fit(p->host, &p->shelf, &err) < 0 ||
        phases_may_replace(p, &err) < 0) {
        phases_fail(p, FAILURE_REFUSED_BY_LAW, "%.240s", err.text);
        return false;
    }
    p->rec.dir_dev = p->shelf.is.dev;
    p->rec.dir_ino = p->shelf.is.ino;
    return true;
}

/* Gives the new binary the owner and mode of the binary in place. */
static int adopt_owner(struct phases *p, int binary, struct err *err)
{
    const struct host *h = p->host;
    int like = -1, rc;

    if (h->open_through(h->ctx, p->shelf.at, p->shelf.name, &like, err) < 0)
        return -1;
    rc = h->adopt(h->ctx, binary, like, err);
    h->close(h->ctx, like);
    return rc;
}

/* Owner and mode are set before the sync, so that they become durable with the content. */
static int make_copy_durable(struct phases *p, int binary, struct err *err)
{
    const struct host *h = p->host;

    if (adopt_owner(p, binary, err) < 0 || h->sync(h->ctx, binary, err) < 0)
        return -1;
    shelf_close(h, &p->now.read);
    return h->sync_dir(h->ctx, p->shelf.at, ".", err);
}

void fetching_begin(struct phases *p)
{
    if (take_stage_dir(p))
        phases_then(p, p->now.vendor.asked ? vendor_begin : fetching_start, 0);
}

void fetching_start(struct phases *p)
{
    phases_then(p, p->now.kept ? kept_begin : fetch_again, 0);
}

/* ---- a binary that was staged before ---- */

static void kept_begin(struct phases *p)
{
    struct err err = ERR_INIT;

    if (shelf_open(p->host, &p->shelf, p->shelf.fresh, p->rec.target_size, &p->now.read, &err) < 0)
        phases_then(p, fetch_again, 0);
    else
        phases_then(p, hash_kept_some, 0);
}

static bool is_still_staged(struct phases *p, struct err *err)
{
    if (p->now.read.at == p->rec.target_size && digest_eq(&p->now.read.digest, &p->rec.target))
        return make_copy_durable(p, p->now.read.from, err) == 0;
    return err_set(err, ERR_CRYPTO, 0, "the file has changed since it was staged") == 0;
}

static void hash_kept_some(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc;

    if (p->now.cancelled) {
        staging_cancelled(p);
        return;
    }
    rc = shelf_step(p->host, &p->now.read, &err);
    if (rc > 0)
        return;
    bool fit = rc == 0 && is_still_staged(p, &err);
    shelf_close(p->host, &p->now.read);
    if (!fit)
        phases_note(p, LOG_WARNING, EVENT_NONE, "%s is fetched again: %.180s", p->shelf.fresh,
                    err.text);
    phases_then(p, fit ? hash_target_begin : fetch_again, 0);
}

/* ---- fetching ---- */

static void fetch_again(struct phases *p)
{
    const struct fetch_get *job = &p->now.job;
    struct err err = ERR_INIT;

    phases_drop(p, p->shelf.fresh);
    phases_drop(p, p->shelf.old);
    phases_drop_seed(p, &job->fetch_digest);
    if (shelf_room(p->host, &p->shelf, p->conf.fetch_dir, p->rec.target_size, job->fetch_size,
                   phases_own_first(p), &err) < 0)
        phases_fail_err(p, &err, "no room to stage");
    else
        phases_then(p, download_begin, 0);
}

static void download_begin(struct phases *p)
{
    struct err err = ERR_INIT;

    if (p->host->fetch_begin(p->host->ctx, &p->now.job, &err) < 0) {
        phases_fail(p, FAILURE_IO, "caravan-fetch could not be started: %.180s", err.text);
        return;
    }
    phases_then(p, watch_fetching, 0);
}

static bool is_fetch_late(const struct phases *p)
{
    return phases_uptime(p) - p->now.begun_ms > p->now.job.deadline_ms + FETCH_SLACK_MS;
}

/* Accepts only a name directly in the fetch directory, because the path comes from a process that
 * reads the network. */
static bool is_in_fetch_dir(const struct phases *p, const char *path)
{
    size_t n = strlen(p->conf.fetch_dir);

    return strncmp(path, p->conf.fetch_dir, n) == 0 && path[n] == '/' && path[n + 1] != '\0' &&
           strchr(path + n + 1, '/') == NULL && !str_eq(path + n, "/..") && !str_eq(path + n, "/.");
}

static void watch_fetching(struct phases *p)
{
    struct fetch_news news = {.state = FETCH_WORKING};
    struct err err = ERR_INIT;

    if (p->now.cancelled) {
        staging_cancelled(p);
    } else if (p->host->fetch_poll(p->host->ctx, &news, &err) < 0) {
        phases_fail(p, FAILURE_IO, "caravan-fetch ended without an answer: %.180s", err.text);
    } else if (news.state == FETCH_FAILED) {
        phases_fail(p, news.failure, "%.240s", news.text);
    } else if (news.state == FETCH_DONE && !is_in_fetch_dir(p, news.path)) {
        phases_fail(p, FAILURE_IO, "caravan-fetch named a file outside its directory");
    } else if (news.state == FETCH_DONE) {
        p->host->fetch_end(p->host->ctx);
        str_cut(p->now.job.dir, sizeof(p->now.job.dir), news.path);
        phases_then(p, phases_own_first(p) ? own_begin : copying_begin, 0);
    } else if (is_fetch_late(p)) {
        phases_fail(p, FAILURE_TOO_SLOW, "the file was not fetched within the order's deadline");
    } else {
        bool moved = p->now.done != news.done || p->now.total != news.total;

        p->now.done = news.done;
        p->now.total = news.total;
        if (moved)
            p->conf.changed(p->conf.ctx);
        phases_then(p, watch_fetching, FETCH_LOOK_MS);
    }
}

void copying_begin(struct phases *p)
{
    struct err err = ERR_INIT;
    char path[512];

    if (p->now.seeded)
        phases_own_path(p, path);
    else
        str_cut(path, sizeof(path), p->now.job.dir);
    if (shelf_copy(p->host, &p->shelf, path, p->rec.target_size, &p->now.read, &err) < 0)
        phases_fail_err(p, &err, "copy the fetched file");
    else
        phases_then(p, copy_some, 0);
}

static void copy_some(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc;

    if (p->now.cancelled) {
        staging_cancelled(p);
        return;
    }
    rc = shelf_step(p->host, &p->now.read, &err);
    if (rc < 0) {
        phases_drop(p, p->shelf.fresh);
        if (err.kind == ERR_LIMIT)
            phases_fail(p, FAILURE_BAD_DIGEST, "the fetched file is too large: %.180s", err.text);
        else
            phases_fail_err(p, &err, "copy the fetched file");
        return;
    }
    phases_then(p, rc > 0 ? copy_some : staging_copied, 0);
}

void staging_copied(struct phases *p)
{
    struct err err = ERR_INIT;

    if (p->now.read.at != p->rec.target_size || !digest_eq(&p->now.read.digest, &p->rec.target)) {
        phases_drop(p, p->shelf.fresh);
        phases_fail(p, FAILURE_BAD_DIGEST,
                    "the copy of the fetched file is not the binary that the manifest names");
        return;
    }
    if (make_copy_durable(p, p->now.read.to, &err) < 0) {
        phases_drop(p, p->shelf.fresh);
        phases_fail_err(p, &err, "make the copy durable");
        return;
    }
    phases_drop_own(p, p->now.job.dir);
    phases_then(p, hash_target_begin, 0);
}

/* Hashes the binary in place while there is time, so that the swap knows the digest to go back to.
 * A missing binary is no failure yet; the swap reports it. */
static void hash_target_begin(struct phases *p)
{
    struct host_stat now = {.there = false};
    struct err err = ERR_INIT;

    if (p->host->stat_through(p->host->ctx, p->shelf.at, p->shelf.name, &now, &err) == 0 &&
        now.there && !shelf_known(&p->rec.disk, &now) &&
        shelf_open(p->host, &p->shelf, p->shelf.name, SHELF_BINARY_MAX, &p->now.other, &err) == 0)
        phases_then(p, hash_target_some, 0);
    else
        phases_then(p, try_staged, 0);
}

static void hash_target_some(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc = shelf_step(p->host, &p->now.other, &err);

    if (rc > 0)
        return;
    if (rc == 0)
        shelf_learn(&p->rec.disk, &p->now.other.stat, &p->now.other.digest);
    shelf_close(p->host, &p->now.other);
    phases_then(p, try_staged, 0);
}

static void ask_new_config(struct phases *p, int binary)
{
    const struct host *h = p->host;
    struct config_verdict *c = &p->config;
    struct err err = ERR_INIT;
    int old = -1;

    if (h->open_through(h->ctx, p->shelf.at, p->shelf.name, &old, &err) < 0)
        old = -1;
    c->rejects = h->try_config(h->ctx, binary, old, p->rec.version, c->text);
    if (old >= 0)
        h->close(h->ctx, old);
}

/* Root's hold also forbids to execute a binary that an order brought. Not known counts as held. */
static bool is_held_by_root(const struct phases *p)
{
    const struct host *h = p->host;
    struct host_stat held;
    struct err err = ERR_INIT;

    return h->stat(h->ctx, HOST_OWN_PATH, p->conf.hold_file, &held, &err) < 0 || held.there;
}

bool phases_ask_config(struct phases *p)
{
    const struct host *h = p->host;
    struct config_verdict *c = &p->config;
    struct err err = ERR_INIT;
    int binary = -1;

    *c = (struct config_verdict){.rejects = TRI_UNKNOWN};
    if (is_held_by_root(p) || p->rec.untried != 0)
        return false;
    c->of = p->rec.target;
    if (h->open(h->ctx, p->shelf.at, p->shelf.fresh, &binary, &err) < 0) {
        snprintf(c->text, sizeof(c->text), "the staged binary could not be asked: %.180s",
                 err.text);
        return false;
    }
    ask_new_config(p, binary);
    h->close(h->ctx, binary);
    return c->rejects == TRI_YES;
}

/* A clearer text than the kernel's "exec format error". */
static bool is_for_this_machine(const struct phases *p, int binary, char *text)
{
    struct err err = ERR_INIT;
    char arch[16];

    if (elf_arch_of(p->host, binary, arch, &err) < 0 || arch[0] == '\0' ||
        str_eq(arch, elf_arch_here()) || str_eq(elf_arch_here(), "unknown"))
        return true;
    snprintf(text, TEXT_MAX, "the new binary is for %s, this host is %s", arch, elf_arch_here());
    return false;
}

static enum failure try_new_binary(struct phases *p, char text[static TEXT_MAX])
{
    const struct host *h = p->host;
    enum failure failure = FAILURE_NONE;
    struct err err = ERR_INIT;
    int binary = -1;

    if (h->open(h->ctx, p->shelf.at, p->shelf.fresh, &binary, &err) == 0 &&
        !is_for_this_machine(p, binary, text)) {
        failure = FAILURE_WRONG_BUILD;
    } else if (binary < 0) {
        failure = FAILURE_WRONG_BUILD;
        snprintf(text, TEXT_MAX, "the new binary could not be opened: %.180s", err.text);
    } else if (p->rec.untried == 0 &&
               h->try_binary(h->ctx, binary, p->rec.version, &failure, text, &err) < 0) {
        phases_note(p, LOG_WARNING, EVENT_NONE,
                    "it is not known whether the new binary runs here: %.180s", err.text);
    }
    if (binary >= 0)
        h->close(h->ctx, binary);
    return failure;
}

enum failure phases_try(struct phases *p, char text[static TEXT_MAX])
{
    enum failure failure;

    text[0] = '\0';
    p->rec.untried = is_held_by_root(p);
    failure = try_new_binary(p, text);
    if (failure == FAILURE_NONE && phases_ask_config(p)) {
        failure = FAILURE_CONFIG_REJECTED;
        str_cut(text, TEXT_MAX, p->config.text);
    }
    return failure;
}

static void try_staged(struct phases *p)
{
    enum failure failure;
    char text[TEXT_MAX];

    if (p->now.cancelled) {
        staging_cancelled(p);
        return;
    }
    failure = phases_try(p, text);
    if (failure != FAILURE_NONE) {
        phases_drop(p, p->shelf.fresh);
        phases_fail(p, failure, "%.240s", text);
        return;
    }
    p->rec.vendor_signed = p->now.vendor.asked;
    phases_note(p, LOG_INFO, EVENT_STAGED, "staged %s beside %s%s", p->rec.version, p->shelf.target,
                p->rec.untried != 0 ? "; root holds this host, so the binary was not tried" : "");
    phases_enter(p, PHASE_STAGED);
}
