#include "phase_step.h"
#include "str.h"

static phase_step hash_kept, check_kept, cross_back;

/* After a failed probe the verdict already says what is wrong with the new binary. The text then
 * adds that the old binary could not be put back. */
static void give_up_revert(struct phases *p, enum failure f, const char *why)
{
    char was[TEXT_MAX];

    if (p->rec.by_order) {
        phases_fail(p, f, "%.240s", why);
        return;
    }
    str_cut(was, sizeof(was), p->rec.verdict.text);
    phases_fail(p, p->rec.verdict.failure,
                "%.120s; and the old binary could not be put back: %.90s", was, why);
}

void reverting_failed(struct phases *p, const char *why)
{
    give_up_revert(p, FAILURE_IO, why);
}

void reverting_begin(struct phases *p)
{
    struct err err = ERR_INIT;

    shelf_close(p->host, &p->now.read);
    p->now.crossed = false;
    if (p->rec.by_order) /* no probe has collected the last log lines of the new binary */
        phases_evidence(p);
    if (!shelf_is(&p->shelf, p->rec.dir_dev, p->rec.dir_ino))
        give_up_revert(p, FAILURE_IO, "somebody replaced the binary's directory since the swap");
    else if (shelf_open(p->host, &p->shelf, p->shelf.old, SHELF_BINARY_MAX, &p->now.read, &err) < 0)
        give_up_revert(p, FAILURE_NOTHING_TO_REVERT, err.text);
    else
        phases_then(p, hash_kept, 0);
}

static void hash_kept(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc = shelf_step(p->host, &p->now.read, &err);

    if (rc > 0)
        return;
    if (rc < 0)
        give_up_revert(p, FAILURE_IO, err.text);
    else if (!digest_eq(&p->now.read.digest, &p->rec.previous))
        give_up_revert(p, FAILURE_BAD_DIGEST, "the kept binary has changed since the swap");
    else
        phases_then(p, check_kept, 0);
}

static void check_kept(struct phases *p)
{
    struct host_stat old;
    struct err err = ERR_INIT;

    if (p->host->stat_through(p->host->ctx, p->shelf.at, p->shelf.old, &old, &err) < 0 ||
        !host_stat_same_file(&old, &p->now.read.stat))
        give_up_revert(p, FAILURE_IO, "somebody else replaced the kept binary");
    else if (phases_may_replace(p, &err) < 0)
        give_up_revert(p, FAILURE_REFUSED_BY_LAW, err.text);
    else
        cross_back(p);
}

/* A revert by order remembers the bound units now. After a failed probe, the units remembered
 * before the swap still count. A revert does not wait: it takes the package managers' lock only if
 * the lock is free. */
static void cross_back(struct phases *p)
{
    if (p->packaged != TRI_NO)
        (void)p->host->package_lock(p->host->ctx);
    if (p->rec.by_order)
        phases_remember_bound(p);
    phases_cross(p, p->shelf.old, &p->rec.previous);
}

static void end_revert(struct phases *p)
{
    p->rec.previous = (struct digest){{0}};
    p->rec.previous_size = 0;
    phases_note(p, LOG_WARNING, EVENT_REVERTED, "%s is the previous binary again: %.150s",
                p->shelf.target, p->rec.verdict.text);
    phases_enter(p, PHASE_REVERTED);
}

void reverting_crossed(struct phases *p, const struct err *err)
{
    if (err != NULL) {
        p->now.act = SERVICE_FAILED;
        str_cut(p->now.act_text, sizeof(p->now.act_text), err->text);
    }
    if (p->rec.was_active)
        phases_probe(p);
    else
        end_revert(p);
}

/* The old binary ran here until the swap and has not changed. So the host has changed. */
static void fail_neither_up(struct phases *p, const struct probe_verdict *v)
{
    static const char host[] = "it is this host, and not the release";
    char was[TEXT_MAX];

    str_cut(was, sizeof(was), p->rec.verdict.text);
    if (v->elsewhere)
        phases_fail(p, v->failure, "%.190s; the old binary is back in place, and runs", v->text);
    else if (p->rec.by_order)
        phases_fail(p, v->failure, "the old binary is back in place and does not come up: %.150s",
                    v->text);
    else
        phases_fail(p, p->rec.verdict.failure,
                    "%.90s; the old binary is back in place and does not come up either, so %s: "
                    "%.70s",
                    was, host, v->text);
}

void reverting_judged(struct phases *p, const struct probe_verdict *v)
{
    if (v->outcome == PROBE_PASS) {
        end_revert(p);
        return;
    }
    phases_evidence(p);
    p->rec.previous = (struct digest){{0}};
    fail_neither_up(p, v);
}

/* After a failed probe, a restart of caravan-swap makes the decision again: a reboot may have
 * started the new binary again, and raft data may be touched now. In the same boot this does not
 * start the new binary again. */
void reverting_recover(struct phases *p)
{
    struct host_stat old;
    struct err err = ERR_INIT;

    if (p->host->stat(p->host->ctx, p->shelf.at, p->shelf.old, &old, &err) < 0)
        phases_fail_err(p, &err, "look at the kept binary");
    else if (!old.there)
        phases_resume(p, &p->rec.previous);
    else if (p->rec.by_order)
        phases_come_back(p, FAILURE_INTERRUPTED,
                         "caravan-swap or the host was restarted before the rename");
    else if (p->rec.first_wall_ns == 0)
        phases_resume(p, &p->rec.target);
    else
        phases_enter(p, PHASE_PROBING);
}
