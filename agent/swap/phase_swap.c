#include "law_facts.h"
#include "phase_step.h"
#include "str.h"

#define PACKAGES_LOOK_MS 500
/* Nomad is silent for as long as its binary is read from a disk: read so shortly before its start,
 * it is in memory then. Its libraries are, as long as the old one runs with them. */
#define IN_MEMORY_MS 5000

static phase_step hashing_some, trying, looking_at_target, hashing_target, keeping_old, waiting;

static bool gave_up(struct phases *p)
{
    if (!p->now.cancelled)
        return false;
    phases_come_back(p, FAILURE_CANCELLED, "cancelled by order before the rename");
    return true;
}

static void not_as_staged(struct phases *p, const char *why)
{
    phases_drop(p, p->shelf.fresh);
    phases_drop(p, p->shelf.old);
    p->rec.previous = (struct digest){{0}};
    phases_fail(p, FAILURE_BAD_DIGEST, "%s", why);
}

void swapping_begin(struct phases *p)
{
    struct err err = ERR_INIT;

    if (!shelf_is(&p->shelf, p->rec.dir_dev, p->rec.dir_ino))
        phases_fail(p, FAILURE_REFUSED_BY_LAW,
                    "%.150s is another directory than the one staged into: somebody replaced it; "
                    "stage again",
                    p->shelf.dir);
    else if (shelf_open(p->host, &p->shelf, p->shelf.fresh, p->rec.target_size, &p->now.read,
                        &err) < 0)
        not_as_staged(p, "the staged copy cannot be read any more");
    else
        phases_then(p, hashing_some, 0);
}

/* The descriptor stays open until the rename: what was hashed is what is renamed. */
static void hashing_some(struct phases *p)
{
    bool again = p->now.read_ms != 0;
    struct err err = ERR_INIT;
    int rc;

    if (gave_up(p))
        return;
    rc = shelf_step(p->host, &p->now.read, &err);
    if (rc > 0)
        return;
    p->now.read_ms = phases_uptime(p);
    if (rc < 0 || p->now.read.at != p->rec.target_size ||
        !digest_eq(&p->now.read.digest, &p->rec.target))
        not_as_staged(p, "the staged copy is not any more what was staged");
    else if (again)
        phases_then(p, waiting, 0);
    else
        phases_then(p, p->rec.untried != 0 ? trying : looking_at_target, 0);
}

/* Staged while root held this host: nothing of it has run here yet. */
static void trying(struct phases *p)
{
    char text[TEXT_MAX];
    enum failure failure;

    if (gave_up(p))
        return;
    failure = phases_try(p, text);
    if (failure == FAILURE_NONE) {
        phases_then(p, looking_at_target, 0);
        return;
    }
    phases_drop(p, p->shelf.fresh);
    phases_drop(p, p->shelf.old);
    p->rec.previous = (struct digest){{0}};
    phases_fail(p, failure, "%.240s", text);
}

static void no_target(struct phases *p, const struct err *err)
{
    phases_come_back(p, FAILURE_IO, "%s cannot be kept as the previous binary: %.150s",
                     p->shelf.target, err->text);
}

/* Usually it was hashed while staging and has not changed since. */
static void looking_at_target(struct phases *p)
{
    struct host_stat now = {.there = false};
    struct err err = ERR_INIT;

    if (p->host->stat_through(p->host->ctx, p->shelf.at, p->shelf.name, &now, &err) < 0 ||
        !now.there)
        no_target(p, &err);
    else if (shelf_known(&p->rec.disk, &now))
        phases_then(p, keeping_old, 0);
    else if (shelf_open(p->host, &p->shelf, p->shelf.name, SHELF_BINARY_MAX, &p->now.other, &err) <
             0)
        no_target(p, &err);
    else
        phases_then(p, hashing_target, 0);
}

static void hashing_target(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc;

    if (gave_up(p))
        return;
    rc = shelf_step(p->host, &p->now.other, &err);
    if (rc > 0)
        return;
    if (rc < 0) {
        no_target(p, &err);
        return;
    }
    shelf_learn(&p->rec.disk, &p->now.other.stat, &p->now.other.digest);
    shelf_close(p->host, &p->now.other);
    phases_then(p, keeping_old, 0);
}

/* What a revert goes back to must be in the record before the rename. */
static int record_previous(struct phases *p, struct err *err)
{
    if (digest_eq(&p->rec.previous, &p->rec.disk.digest))
        return 0;
    p->rec.previous = p->rec.disk.digest;
    p->rec.previous_size = p->rec.disk.size;
    return record_save(p->host, p->conf.dir, &p->rec, true, err);
}

static int keep_old(struct phases *p, struct err *err)
{
    const struct host *h = p->host;
    const struct shelf *s = &p->shelf;
    struct digest d = p->rec.disk.digest;
    struct host_stat now;

    if (record_previous(p, err) < 0 || h->unlink(h->ctx, s->at, s->old, err) < 0 ||
        h->link(h->ctx, s->at, s->name, s->old, err) < 0 ||
        h->sync_dir(h->ctx, s->at, ".", err) < 0 ||
        h->stat_through(h->ctx, s->at, s->name, &now, err) < 0)
        return -1;
    shelf_learn(&p->rec.disk, &now, &d); /* the link changed its ctime */
    return 0;
}

static void keeping_old(struct phases *p)
{
    struct err err = ERR_INIT;

    if (gave_up(p))
        return;
    if (keep_old(p, &err) < 0)
        no_target(p, &err);
    else
        phases_then(p, waiting, 0);
}

/* The wait was long enough for the other servers to have gone: whether a quorum is left without
 * this one is asked again, last of all that takes time. */
static bool law_refuses(struct phases *p)
{
    const struct law *law = p->conf.law;
    struct law_facts facts;
    struct law_answer a;

    if (law == NULL)
        return false;
    facts = law_facts_gather(p, law, LAW_RENAME, p->rec.is_server);
    a = law_judge(law, LAW_RENAME, &facts);
    if (a.refusal != REFUSAL_NONE)
        phases_come_back(p, FAILURE_REFUSED_BY_LAW, "since the order came: %.200s", a.text);
    return a.refusal != REFUSAL_NONE;
}

/* NULL: nothing speaks against the rename. */
static const char *last_check(struct phases *p, enum failure *ret_failure, struct err *err)
{
    const struct host *h = p->host;
    const struct shelf *s = &p->shelf;
    struct host_stat held, fresh, target, old, file;

    *ret_failure = FAILURE_REFUSED_BY_LAW;
    if (h->stat(h->ctx, HOST_OWN_PATH, p->conf.hold_file, &held, err) < 0 || held.there)
        return "root holds this host since the order came";
    if (shelf_fit(h, s, err) < 0 || phases_may_replace(p, err) < 0)
        return err->text;
    *ret_failure = FAILURE_IO;
    if (h->stat(h->ctx, s->at, s->fresh, &fresh, err) < 0 ||
        !host_stat_same_file(&fresh, &p->now.read.stat))
        return "the staged copy was replaced by somebody else";
    if (h->stat(h->ctx, s->at, s->name, &target, err) < 0 ||
        h->stat(h->ctx, s->at, s->old, &old, err) < 0 || !host_stat_same_file(&target, &old))
        return "the binary in place was replaced by somebody else";
    if (h->stat_through(h->ctx, s->at, s->name, &file, err) < 0 || !file.there ||
        file.dev != p->rec.disk.dev || file.ino != p->rec.disk.ino)
        return "the file behind the link in place was replaced by somebody else";
    return NULL;
}

/* apt or dpkg at work here could restart Nomad in the middle, or put their own file over it. */
static bool packages_are_quiet(struct phases *p)
{
    if (p->packaged == TRI_NO || p->host->package_lock(p->host->ctx) != TRI_NO)
        return true;
    if (!p->now.waits_for_packages)
        phases_note(p, LOG_INFO, EVENT_NONE,
                    "a package manager is at work on this host: the swap waits for it");
    p->now.waits_for_packages = true;
    return false;
}

/* True: at that time the new binary was read too long ago, and it is read once more. */
static bool reads_again(struct phases *p, int64_t at)
{
    if (at - p->now.read_ms <= IN_MEMORY_MS)
        return false;
    shelf_again(&p->now.read);
    phases_then(p, hashing_some, 0);
    return true;
}

static void waiting(struct phases *p)
{
    int64_t now = phases_uptime(p), not_before = (int64_t)p->rec.not_before;
    enum failure failure = FAILURE_NONE;
    struct err err = ERR_INIT;
    const char *why;

    if (gave_up(p))
        return;
    if (now < not_before - IN_MEMORY_MS) {
        phases_then(p, waiting, not_before - IN_MEMORY_MS - now);
        return;
    }
    if (now < not_before) {
        if (!reads_again(p, not_before))
            phases_then(p, waiting, not_before - now);
        return;
    }
    if (now > MAX_OF(not_before, p->now.begun_ms) + phases_deadline(p)) {
        phases_come_back(p, FAILURE_OUT_OF_TIME, "the swap could not begin in time%s",
                         p->now.waits_for_packages ? ": a package manager was at work on this host"
                                                   : "");
        return;
    }
    if (!packages_are_quiet(p)) {
        phases_then(p, waiting, PACKAGES_LOOK_MS);
        return;
    }
    phases_remember_bound(p);
    if (reads_again(p, now) || law_refuses(p))
        return;
    why = last_check(p, &failure, &err);
    if (why != NULL)
        phases_come_back(p, failure, "%s", why);
    else
        phases_cross(p, p->shelf.fresh, &p->rec.target);
}

/* The rename has happened; what is left is the service. */
void swapping_crossed(struct phases *p, const struct err *err)
{
    p->rec.previous_since_s = p->host->wall(p->host->ctx) / 1000000000;
    phases_note(p, LOG_INFO, EVENT_SWAPPED, "%s is now %s", p->shelf.target, p->rec.version);
    if (err != NULL) {
        p->rec.failed_in = PHASE_SWAPPING;
        p->rec.by_order = false;
        p->rec.verdict.failure = FAILURE_SERVICE;
        str_cut(p->rec.verdict.text, sizeof(p->rec.verdict.text), err->text);
        phases_enter(p, PHASE_REVERTING);
    } else if (!p->rec.was_active) {
        str_cut(p->rec.verdict.text, sizeof(p->rec.verdict.text),
                "the service was not running: the new binary is in place, nothing was started");
        phases_enter(p, PHASE_SETTLED);
    } else {
        phases_enter(p, PHASE_PROBING);
    }
}

/* The rename takes the staged name away: while it is there, nothing has happened. */
void swapping_recover(struct phases *p)
{
    struct host_stat fresh;
    struct err err = ERR_INIT;

    if (p->host->stat(p->host->ctx, p->shelf.at, p->shelf.fresh, &fresh, &err) < 0)
        phases_fail_err(p, &err, "look at the staged copy");
    else if (fresh.there)
        phases_come_back(p, FAILURE_INTERRUPTED,
                         "caravan-swap or the host was restarted before the rename");
    else
        phases_resume(p, &p->rec.target);
}
