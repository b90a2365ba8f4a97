#include "law_facts.h"
#include "phase_step.h"
#include "str.h"

#define PACKAGES_LOOK_MS 500
/* While the kernel reads Nomad's binary from a disk, Nomad is silent. If caravan-swap has read the
 * binary this shortly before the start, the binary is in memory. The libraries are in memory as
 * long as the old Nomad runs with them. */
#define IN_MEMORY_MS 5000

static phase_step hash_staged_some, try_untried, look_at_target, hash_target, keep_old_link,
    wait_to_cross;

static bool is_given_up(struct phases *p)
{
    if (!p->now.cancelled)
        return false;
    phases_come_back(p, FAILURE_CANCELLED, "cancelled by order before the rename");
    return true;
}

static void fail_not_as_staged(struct phases *p, const char *why)
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
                    "%.150s is not the directory of the stage any more: somebody replaced it; "
                    "stage again",
                    p->shelf.dir);
    else if (shelf_open(p->host, &p->shelf, p->shelf.fresh, p->rec.target_size, &p->now.read,
                        &err) < 0)
        fail_not_as_staged(p, "the staged copy cannot be read any more");
    else
        phases_then(p, hash_staged_some, 0);
}

/* The descriptor stays open until the rename, so that the hashed file is the renamed file. */
static void hash_staged_some(struct phases *p)
{
    bool again = p->now.read_ms != 0;
    struct err err = ERR_INIT;
    int rc;

    if (is_given_up(p))
        return;
    rc = shelf_step(p->host, &p->now.read, &err);
    if (rc > 0)
        return;
    p->now.read_ms = phases_uptime(p);
    if (rc < 0 || p->now.read.at != p->rec.target_size ||
        !digest_eq(&p->now.read.digest, &p->rec.target))
        fail_not_as_staged(p, "the staged copy has changed since the stage");
    else if (again)
        phases_then(p, wait_to_cross, 0);
    else
        phases_then(p, p->rec.untried != 0 ? try_untried : look_at_target, 0);
}

/* The binary was staged while root held this host, and has not run here yet. */
static void try_untried(struct phases *p)
{
    char text[TEXT_MAX];
    enum failure failure;

    if (is_given_up(p))
        return;
    failure = phases_try(p, text);
    if (failure == FAILURE_NONE) {
        phases_then(p, look_at_target, 0);
        return;
    }
    phases_drop(p, p->shelf.fresh);
    phases_drop(p, p->shelf.old);
    p->rec.previous = (struct digest){{0}};
    phases_fail(p, failure, "%.240s", text);
}

static void come_back_no_target(struct phases *p, const struct err *err)
{
    phases_come_back(p, FAILURE_IO, "%s cannot be kept as the previous binary: %.150s",
                     p->shelf.target, err->text);
}

/* Usually the stage has hashed the target, and the target has not changed since. */
static void look_at_target(struct phases *p)
{
    struct host_stat now = {.there = false};
    struct err err = ERR_INIT;

    if (p->host->stat_through(p->host->ctx, p->shelf.at, p->shelf.name, &now, &err) < 0 ||
        !now.there)
        come_back_no_target(p, &err);
    else if (shelf_known(&p->rec.disk, &now))
        phases_then(p, keep_old_link, 0);
    else if (shelf_open(p->host, &p->shelf, p->shelf.name, SHELF_BINARY_MAX, &p->now.other, &err) <
             0)
        come_back_no_target(p, &err);
    else
        phases_then(p, hash_target, 0);
}

static void hash_target(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc;

    if (is_given_up(p))
        return;
    rc = shelf_step(p->host, &p->now.other, &err);
    if (rc > 0)
        return;
    if (rc < 0) {
        come_back_no_target(p, &err);
        return;
    }
    shelf_learn(&p->rec.disk, &p->now.other.stat, &p->now.other.digest);
    shelf_close(p->host, &p->now.other);
    phases_then(p, keep_old_link, 0);
}

/* The record must contain the digest of the previous binary before the rename. */
static int record_previous(struct phases *p, struct err *err)
{
    if (digest_eq(&p->rec.previous, &p->rec.disk.digest))
        return 0;
    p->rec.previous = p->rec.disk.digest;
    p->rec.previous_size = p->rec.disk.size;
    return record_save(p->host, p->conf.dir, &p->rec, true, err);
}

static int link_old(struct phases *p, struct err *err)
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
    shelf_learn(&p->rec.disk, &now, &d); /* the new link changed the file's ctime */
    return 0;
}

static void keep_old_link(struct phases *p)
{
    struct err err = ERR_INIT;

    if (is_given_up(p))
        return;
    if (link_old(p, &err) < 0)
        come_back_no_target(p, &err);
    else
        phases_then(p, wait_to_cross, 0);
}

/* During the wait other servers may have failed. Therefore the law is asked again whether the
 * others are a quorum. This is the last check that takes time. */
static bool ask_law_again(struct phases *p)
{
    const struct law *law = p->conf.law;
    struct law_facts facts;
    struct law_answer a;

    if (law == NULL)
        return false;
    facts = law_facts_gather(p, law, LAW_RENAME, p->rec.is_server);
    a = law_judge(law, LAW_RENAME, &facts);
    if (a.refusal != REFUSAL_NONE)
        phases_come_back(p, FAILURE_REFUSED_BY_LAW, "right before the rename: %.200s", a.text);
    return a.refusal != REFUSAL_NONE;
}

/* Why the rename is not allowed; NULL: it is allowed. */
static const char *find_last_fault(struct phases *p, enum failure *ret_failure, struct err *err)
{
    const struct host *h = p->host;
    const struct shelf *s = &p->shelf;
    struct host_stat held, fresh, target, old, file;

    *ret_failure = FAILURE_REFUSED_BY_LAW;
    if (h->stat(h->ctx, HOST_OWN_PATH, p->conf.hold_file, &held, err) < 0 || held.there)
        return "root has held this host since the order came";
    if (shelf_fit(h, s, err) < 0 || phases_may_replace(p, err) < 0)
        return err->text;
    *ret_failure = FAILURE_IO;
    if (h->stat(h->ctx, s->at, s->fresh, &fresh, err) < 0 ||
        !host_stat_same_file(&fresh, &p->now.read.stat))
        return "somebody else replaced the staged copy";
    if (h->stat(h->ctx, s->at, s->name, &target, err) < 0 ||
        h->stat(h->ctx, s->at, s->old, &old, err) < 0 || !host_stat_same_file(&target, &old))
        return "somebody else replaced the binary in place";
    if (h->stat_through(h->ctx, s->at, s->name, &file, err) < 0 || !file.there ||
        file.dev != p->rec.disk.dev || file.ino != p->rec.disk.ino)
        return "somebody else replaced the file to which the link in place leads";
    return NULL;
}

/* A running apt or dpkg could restart Nomad during the swap, or put the package's file in place. */
static bool are_packages_quiet(struct phases *p)
{
    if (p->packaged == TRI_NO || p->host->package_lock(p->host->ctx) != TRI_NO)
        return true;
    if (!p->now.waits_for_packages)
        phases_note(p, LOG_INFO, EVENT_NONE,
                    "a package manager is running on this host: the swap waits for its end");
    p->now.waits_for_packages = true;
    return false;
}

/* Is the last read of the new binary too long ago at that time? Then the function returns true, and
 * the next step reads it again. */
static bool read_again_first(struct phases *p, int64_t at)
{
    if (at - p->now.read_ms <= IN_MEMORY_MS)
        return false;
    shelf_again(&p->now.read);
    phases_then(p, hash_staged_some, 0);
    return true;
}

static void wait_to_cross(struct phases *p)
{
    int64_t now = phases_uptime(p), not_before = (int64_t)p->rec.not_before;
    enum failure failure = FAILURE_NONE;
    struct err err = ERR_INIT;
    const char *why;

    if (is_given_up(p))
        return;
    if (now < not_before - IN_MEMORY_MS) {
        phases_then(p, wait_to_cross, not_before - IN_MEMORY_MS - now);
        return;
    }
    if (now < not_before) {
        if (!read_again_first(p, not_before))
            phases_then(p, wait_to_cross, not_before - now);
        return;
    }
    if (now > MAX_OF(not_before, p->now.begun_ms) + phases_deadline(p)) {
        phases_come_back(p, FAILURE_OUT_OF_TIME, "the swap could not begin in time%s",
                         p->now.waits_for_packages ? ": a package manager was running on this host"
                                                   : "");
        return;
    }
    if (!are_packages_quiet(p)) {
        phases_then(p, wait_to_cross, PACKAGES_LOOK_MS);
        return;
    }
    phases_remember_bound(p);
    if (read_again_first(p, now) || ask_law_again(p))
        return;
    why = find_last_fault(p, &failure, &err);
    if (why != NULL)
        phases_come_back(p, failure, "%s", why);
    else
        phases_cross(p, p->shelf.fresh, &p->rec.target);
}

/* The rename is done. Only the service is left. */
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
        str_cut(
            p->rec.verdict.text, sizeof(p->rec.verdict.text),
            "the service did not run before: the new binary is in place, Nomad was not started");
        phases_enter(p, PHASE_SETTLED);
    } else {
        phases_enter(p, PHASE_PROBING);
    }
}

/* The rename removes the staged name. If this name still exists, the rename has not happened. */
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
