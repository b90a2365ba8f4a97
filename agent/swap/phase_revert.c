#include "phase_step.h"
#include "str.h"

static phase_step hashing, crossing, cross;

/* After a failed probe the verdict already says what was wrong with the new binary;
 * that the old one could not be put back comes behind it. */
static void give_up(struct phases *p, enum failure f, const char *why)
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
    give_up(p, FAILURE_IO, why);
}

void reverting_begin(struct phases *p)
{
    struct err err = ERR_INIT;

    shelf_close(p->host, &p->now.read);
    p->now.crossed = false;
    if (p->rec.by_order) /* nobody else has looked what the one that goes says last */
        phases_evidence(p);
    if (!shelf_is(&p->shelf, p->rec.dir_dev, p->rec.dir_ino))
        give_up(p, FAILURE_IO, "the binary's directory was replaced by another one since the swap");
    else if (shelf_open(p->host, &p->shelf, p->shelf.old, SHELF_BINARY_MAX, &p->now.read, &err) < 0)
        give_up(p, FAILURE_NOTHING_TO_REVERT, err.text);
    else
        phases_then(p, hashing, 0);
}

static void hashing(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc = shelf_step(p->host, &p->now.read, &err);

    if (rc > 0)
        return;
    if (rc < 0)
        give_up(p, FAILURE_IO, err.text);
    else if (!digest_eq(&p->now.read.digest, &p->rec.previous))
        give_up(p, FAILURE_BAD_DIGEST, "the kept binary is not any more what it was");
    else
        phases_then(p, crossing, 0);
}

static void crossing(struct phases *p)
{
    struct host_stat old;
    struct err err = ERR_INIT;

    if (p->host->stat_through(p->host->ctx, p->shelf.at, p->shelf.old, &old, &err) < 0 ||
        !host_stat_same_file(&old, &p->now.read.stat))
        give_up(p, FAILURE_IO, "the kept binary was replaced by somebody else");
    else if (phases_may_replace(p, &err) < 0)
        give_up(p, FAILURE_REFUSED_BY_LAW, err.text);
    else
        cross(p);
}

/* What was up before a swap that failed is what should be up after its way back. The way back waits
 * for nobody: the package managers' lock is taken if it is free. */
static void cross(struct phases *p)
{
    if (p->packaged != TRI_NO)
        (void)p->host->package_lock(p->host->ctx);
    if (p->rec.by_order)
        phases_remember_bound(p);
    phases_cross(p, p->shelf.old, &p->rec.previous);
}

static void reverted(struct phases *p)
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
        reverted(p);
}

/* The old binary ran here until the swap, and is what it was: what changed is the host. */
static void neither_comes_up(struct phases *p, const struct probe_verdict *v)
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
        reverted(p);
        return;
    }
    phases_evidence(p);
    p->rec.previous = (struct digest){{0}};
    neither_comes_up(p, v);
}

/* A failed probe's revert decides anew: a reboot may have started the new binary
 * again, and what was untouched then may not be now. In the same boot the new binary
 * is not started once more for that. */
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
