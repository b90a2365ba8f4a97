#include "phase_step.h"
#include "elf_arch.h"
#include "str.h"

static phase_step check_resumed;

/* Does the main process already execute the file at the target path? */
static int does_main_run_target(struct phases *p, bool *ret_runs, struct err *err)
{
    const struct host *h = p->host;
    struct service_state state;
    struct host_process proc = {.there = false};
    struct host_stat target;

    if (h->stat_through(h->ctx, p->shelf.at, p->shelf.name, &target, err) < 0 ||
        h->service->state(h->service->self, &state, err) < 0)
        return -1;
    if (state.main_pid != 0 && h->process(h->ctx, state.main_pid, &proc, err) < 0)
        return -1;
    *ret_runs = proc.there && target.there && proc.dev == target.dev && proc.ino == target.ino;
    return 0;
}

static int restart_service(struct phases *p, struct err *err)
{
    struct service *s = p->host->service;
    bool runs = false;

    p->now.act = SERVICE_DONE;
    if (!p->rec.was_active)
        return 0;
    if (does_main_run_target(p, &runs, err) < 0)
        runs = false; /* not known: a restart makes it certain */
    if (runs)
        return 0;
    if (s->begin(s->self, SERVICE_ACT_RESTART, err) < 0)
        return err_wrap(err, "restart the service");
    p->now.act = SERVICE_WORKING;
    return 0;
}

/* Nomad has been silent since the swap. A revert after a failed probe does not change this time. */
static void record_cross_times(struct phases *p)
{
    int64_t now = phases_uptime(p);

    if (p->rec.phase == PHASE_SWAPPING || p->rec.by_order)
        p->rec.swapped_ms = now;
    p->rec.first_ms = now;
    p->rec.first_wall_ns = p->host->wall(p->host->ctx);
}

static int make_durable_and_restart(struct phases *p, const struct digest *digest, struct err *err)
{
    const struct host *h = p->host;
    struct host_stat now;

    if (h->sync_dir(h->ctx, p->shelf.at, ".", err) < 0)
        return err_wrap(err, "make the rename durable");
    if (restart_service(p, err) < 0)
        return -1;
    if (h->stat_through(h->ctx, p->shelf.at, p->shelf.name, &now, err) < 0)
        return -1;
    shelf_learn(&p->rec.disk, &now, digest);
    return 0;
}

void phases_remember_bound(struct phases *p)
{
    autofree struct service_about *about = xzalloc(1, sizeof(*about));
    const struct service *s = p->host->service;
    struct err err = ERR_INIT;
    bool known = s->about(s->self, about, &err) == 0;

    bound_units_remember(&p->bound, known ? about : NULL, phases_uptime(p));
}

/* Other checks deal with a file that does not exist or cannot be read. */
int phases_may_replace(const struct phases *p, struct err *err)
{
    const struct shelf *s = &p->shelf;
    struct host_stat now = {.there = false};
    struct err ignored = ERR_INIT;

    if (elf_arch_is(p->host, s->at, s->name, &ignored) != TRI_NO)
        return 0;
    if (p->host->stat_through(p->host->ctx, s->at, s->name, &now, &ignored) == 0 &&
        shelf_known(&p->rec.disk, &now) && digest_eq(&p->rec.disk.digest, &p->rec.placed))
        return 0;
    return err_set(err, ERR_REFUSED, 0,
                   "%.80s is no program but a script or another file: Caravan does not replace it. "
                   "In agent.conf, set [nomad] binary to the program that it starts",
                   s->target);
}

void phases_cross(struct phases *p, const char *from, const struct digest *digest)
{
    const struct host *h = p->host;
    struct err err = ERR_INIT;
    int rc;

    record_cross_times(p);
    if (h->rename(h->ctx, p->shelf.at, from, p->shelf.name, &err) < 0) {
        if (p->rec.phase == PHASE_REVERTING)
            reverting_failed(p, err.text);
        else
            phases_come_back(p, FAILURE_IO, "%.200s", err.text);
        return;
    }
    p->now.crossed = true;
    p->rec.placed = *digest;
    rc = make_durable_and_restart(p, digest, &err);
    shelf_close(h, &p->now.read);
    if (p->rec.phase == PHASE_REVERTING)
        reverting_crossed(p, rc < 0 ? &err : NULL);
    else
        swapping_crossed(p, rc < 0 ? &err : NULL);
}

void phases_resume(struct phases *p, const struct digest *digest)
{
    struct err err = ERR_INIT;

    p->now.crossed = true;
    p->now.expected = *digest;
    if (shelf_open(p->host, &p->shelf, p->shelf.name, SHELF_BINARY_MAX, &p->now.other, &err) < 0)
        phases_fail_err(p, &err, "look at the binary in place after a restart");
    else
        phases_then(p, check_resumed, 0);
}

static void continue_crossed(struct phases *p)
{
    struct err err = ERR_INIT;

    if (restart_service(p, &err) < 0) {
        p->now.act = SERVICE_FAILED;
        str_cut(p->now.act_text, sizeof(p->now.act_text), err.text);
    }
    if (p->rec.phase == PHASE_REVERTING && digest_eq(&p->now.expected, &p->rec.previous))
        reverting_crossed(p, NULL);
    else
        swapping_crossed(p, NULL);
}

static void check_resumed(struct phases *p)
{
    struct err err = ERR_INIT;
    int rc = shelf_step(p->host, &p->now.other, &err);

    if (rc > 0)
        return;
    if (rc < 0) {
        phases_fail_err(p, &err, "look at the binary in place after a restart");
    } else if (!digest_eq(&p->now.other.digest, &p->now.expected)) {
        phases_fail(p, FAILURE_IO,
                    "after a restart %.120s is neither the old nor the new binary: somebody else "
                    "replaced it",
                    p->shelf.target);
    } else {
        shelf_learn(&p->rec.disk, &p->now.other.stat, &p->now.other.digest);
        p->rec.placed = p->now.expected;
        shelf_close(p->host, &p->now.other);
        continue_crossed(p);
    }
}
