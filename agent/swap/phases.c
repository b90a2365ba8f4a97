#include "phase_step.h"
#include <stdarg.h>
#include <errno.h>
#include "spare.h"
#include "str.h"

#define RETRY_MS 1000

static phase_step fail_interrupted;

struct phase_row {
    phase_step *begin;
    phase_step *recover; /* after a restart; NULL: the recorded phase stays */
    bool names;          /* the name of its record must be durable before it begins */
    bool spares;         /* it begins only with reserved room for the records up to rest */
};

/* Probing needs no durable name of its record: after the rename, recovery does the same for
 * swapping and for probing. */
static const struct phase_row rows[PHASE_COUNT] = {
    [PHASE_IDLE] = {.begin = phases_rest, .names = true},
    [PHASE_FETCHING] = {fetching_begin, fail_interrupted, true, false},
    [PHASE_STAGED] = {.begin = phases_rest, .names = true},
    [PHASE_SWAPPING] = {swapping_begin, swapping_recover, true, true},
    [PHASE_PROBING] = {probing_begin, probing_recover, false, true},
    [PHASE_SETTLED] = {.begin = phases_rest, .names = true},
    [PHASE_REVERTING] = {reverting_begin, reverting_recover, true, true},
    [PHASE_REVERTED] = {.begin = phases_rest, .names = true},
    [PHASE_FAILED] = {.begin = phases_rest, .names = true},
};

void phases_note(struct phases *p, enum log_level level, enum log_event event, const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    p->conf.note(p->conf.ctx, level, event, text);
}

int64_t phases_uptime(const struct phases *p)
{
    return p->host->uptime(p->host->ctx);
}

void phases_then(struct phases *p, phase_step *next, int64_t after_ms)
{
    p->now.then = next;
    p->now.wake_ms = after_ms > 0 ? phases_uptime(p) + after_ms : 0;
}

static void drop_file(struct phases *p, int dir, const char *name)
{
    struct err err = ERR_INIT;

    if (p->host->unlink(p->host->ctx, dir, name, &err) < 0)
        phases_note(p, LOG_WARNING, EVENT_NONE, "%.200s", err.text);
}

/* If the directory does not exist, neither does the name. */
void phases_drop(struct phases *p, const char *name)
{
    if (p->shelf.at >= 0)
        drop_file(p, p->shelf.at, name);
}

void phases_drop_own(struct phases *p, const char *path)
{
    drop_file(p, HOST_OWN_PATH, path);
}

static void unfinished_path(const struct phases *p, char dst[static 512])
{
    snprintf(dst, 512, "%s/" UNFINISHED_NAME, p->conf.dir);
}

/* The mark is durable before the record says that there is work, so that the next boot finds both.
 */
static int mark_unfinished(struct phases *p, struct err *err)
{
    const struct host *h = p->host;
    struct host_stat st;
    char path[512];
    int handle = -1;

    if (!phase_rests(p->rec.phase))
        return 0;
    unfinished_path(p, path);
    if (h->stat(h->ctx, HOST_OWN_PATH, path, &st, err) < 0)
        return -1;
    if (!st.there) {
        if (h->create(h->ctx, HOST_OWN_PATH, path, 0600, &handle, err) < 0)
            return -1;
        h->close(h->ctx, handle);
    }
    return h->sync_dir(h->ctx, HOST_OWN_PATH, p->conf.dir, err);
}

/* The names of the spare files become durable together with the mark. */
static int reserve_room(struct phases *p, struct err *err)
{
    if (!phase_rests(p->rec.phase) || spare_make_all(p->host, p->conf.dir, err) == 0)
        return 0;
    spare_drop_all(p->host, p->conf.dir);
    return -1;
}

static int keep_record(struct phases *p, const struct record *next, bool names, struct err *err)
{
    const struct phase_row *row = &rows[next->phase];

    if (row->spares && reserve_room(p, err) < 0)
        return -1;
    if (!phase_rests(next->phase) && mark_unfinished(p, err) < 0)
        return err_wrap(err, "mark the work as unfinished");
    return record_save(p->host, p->conf.dir, next, names, err);
}

static void show_phase_change(struct phases *p)
{
    if (p->conf.changed != NULL)
        p->conf.changed(p->conf.ctx);
}

void phases_rest(struct phases *p)
{
    char path[512];

    p->now = (struct phases_now){.read = SHELF_READ_INIT, .other = SHELF_READ_INIT};
    p->host->package_unlock(p->host->ctx);
    spare_drop_all(p->host, p->conf.dir);
    unfinished_path(p, path);
    phases_drop_own(p, path);
}

/* If somebody has filled the disk meanwhile, a spare file gives the room. */
static int keep_entered_record(struct phases *p, const struct record *next, struct err *err)
{
    bool names = rows[next->phase].names;

    if (keep_record(p, next, names, err) == 0)
        return 0;
    return err->kind == ERR_NOSPACE ? record_save_spare(p->host, p->conf.dir, next, names, err)
                                    : -1;
}

static void enter_phase(struct phases *p)
{
    struct record next = p->rec;
    struct err err = ERR_INIT;

    next.phase = p->now.enter;
    if (next.phase == PHASE_SETTLED)
        record_settled(&next);
    if (keep_entered_record(p, &next, &err) < 0) {
        phases_note(p, LOG_ERROR, EVENT_NONE,
                    "caravan-swap cannot enter phase %s, and tries again every second: %.150s",
                    phase_name(next.phase), err.text);
        phases_then(p, enter_phase, RETRY_MS);
        return;
    }
    p->rec = next;
    show_phase_change(p);
    rows[next.phase].begin(p);
}

void phases_enter(struct phases *p, enum phase phase)
{
    p->now.enter = phase;
    phases_then(p, enter_phase, 0);
}

static void end_work(struct phases *p)
{
    shelf_close(p->host, &p->now.read);
    shelf_close(p->host, &p->now.other);
    if (p->rec.phase == PHASE_FETCHING) {
        p->host->fetch_end(p->host->ctx);
        p->host->unzip_end(p->host->ctx);
    }
    p->host->ask_end(p->host->ctx);
    p->host->package_unlock(p->host->ctx);
}

/* end_work comes after the verdict, because the verdict's text may point into what it closes. */
static void end_with_verdict(struct phases *p, enum failure f, const char *fmt, va_list ap)
    PRINTF(3, 0);
static void end_with_verdict(struct phases *p, enum failure f, const char *fmt, va_list ap)
{
    struct verdict *v = &p->rec.verdict;

    v->failure = f;
    vsnprintf(v->text, sizeof(v->text), fmt, ap);
    end_work(p);
    p->rec.failed_in = p->rec.phase;
}

void phases_fail(struct phases *p, enum failure f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    end_with_verdict(p, f, fmt, ap);
    va_end(ap);
    phases_note(p, LOG_ERROR, EVENT_FAILED, "%s failed (%s): %.180s", phase_name(p->rec.phase),
                failure_name(f), p->rec.verdict.text);
    phases_enter(p, PHASE_FAILED);
}

void phases_fail_err(struct phases *p, const struct err *e, const char *what)
{
    bool space = e->kind == ERR_NOSPACE || e->sys == ENOSPC || e->sys == EDQUOT;

    phases_fail(p, space ? FAILURE_NO_SPACE : FAILURE_IO, "%s: %.200s", what, e->text);
}

void phases_come_back(struct phases *p, enum failure f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    end_with_verdict(p, f, fmt, ap);
    va_end(ap);
    phases_note(p, LOG_WARNING, EVENT_NONE,
                "%s ended before its rename, the phase is %s again: %.160s",
                phase_name(p->rec.phase), phase_name(p->rec.rest), p->rec.verdict.text);
    if (p->rec.phase == PHASE_SWAPPING) {
        phases_drop(p, p->shelf.old);
        p->rec.previous = (struct digest){{0}};
    }
    phases_enter(p, p->rec.rest);
}

/* caravan-swap was killed while fetching: nothing stays on the shelf. */
static void fail_interrupted(struct phases *p)
{
    phases_drop(p, p->shelf.fresh);
    phases_drop_own_copy(p);
    phases_fail(p, FAILURE_INTERRUPTED, "caravan-swap or the host was restarted while fetching");
}

/* Times and the sequence of another boot have no meaning in this boot. */
static void forget_other_boot(struct phases *p)
{
    if (memcmp(p->rec.session, p->conf.session, SESSION_LEN) == 0)
        return;
    memcpy(p->rec.session, p->conf.session, SESSION_LEN);
    p->rec.sequence = 0;
    p->rec.refused_epoch = p->rec.refused_sequence = 0;
    p->rec.not_before = 0;
    p->rec.swapped_ms = p->rec.swapped_ms != 0 ? -1 : 0;
    p->rec.first_wall_ns = 0;
    p->rec.stopped_main = p->rec.stopping = 0;
    p->rec.dir_dev = 0; /* a boot may give devices other numbers */
}

/* After a crash some spare files may be used up. Work goes on without them while the disk has room.
 */
static void reserve_room_again(struct phases *p)
{
    struct err err = ERR_INIT;

    if (rows[p->rec.phase].spares &&
        (spare_make_all(p->host, p->conf.dir, &err) < 0 ||
         p->host->sync_dir(p->host->ctx, HOST_OWN_PATH, p->conf.dir, &err) < 0))
        phases_note(p, LOG_WARNING, EVENT_NONE, "%.200s", err.text);
}

int phases_open(const struct host *host, const struct phases_config *conf, struct phases *ret,
                struct err *err)
{
    struct phases *p = ret;

    *p = (struct phases){
        .host = host, .conf = *conf, .now = {.read = SHELF_READ_INIT, .other = SHELF_READ_INIT}};
    if (shelf_init(&p->shelf, conf->binary, err) < 0 ||
        record_load(host, conf->dir, &p->rec, err) < 0)
        return -1;
    /* If the directory does not exist, the steps and the facts report it. */
    if (shelf_look(host, &p->shelf, err) < 0)
        phases_note(p, LOG_WARNING, EVENT_NONE, "%.200s", err->text);
    forget_other_boot(p);
    reserve_room_again(p);
    if (rows[p->rec.phase].recover != NULL)
        phases_then(p, rows[p->rec.phase].recover, 0);
    else
        phases_rest(p);
    if (p->rec.stopping != 0)
        phases_then(p, stop_recover, 0);
    return 0;
}

void phases_close(struct phases *p)
{
    end_work(p);
    shelf_leave(p->host, &p->shelf);
}

bool phases_works(const struct phases *p)
{
    return p->now.then != NULL;
}

void phases_step(struct phases *p)
{
    if (p->now.then != NULL)
        p->now.then(p);
}

int phases_accept(struct phases *p, const struct record *next, const struct stage_job *job,
                  struct err *err)
{
    bool begins = next->phase != p->rec.phase && !phases_works(p);

    if (keep_record(p, next, true, err) < 0)
        return -1;
    p->rec = *next;
    if (begins) {
        p->now = (struct phases_now){.read = SHELF_READ_INIT,
                                     .other = SHELF_READ_INIT,
                                     .then = rows[next->phase].begin,
                                     .begun_ms = phases_uptime(p)};
        if (job != NULL) {
            p->now.job = job->get;
            p->now.vendor = job->vendor;
            p->now.kept = job->kept;
            p->now.zip = job->zip;
        }
    }
    show_phase_change(p);
    return 0;
}

bool phases_cancellable(const struct phases *p, uint64_t sequence)
{
    return p->rec.order_sequence == sequence &&
           (p->rec.phase == PHASE_FETCHING || p->rec.phase == PHASE_SWAPPING) && !p->now.crossed;
}

void phases_cancel(struct phases *p)
{
    p->now.cancelled = true;
    p->now.wake_ms = 0;
}

void phases_tidy(struct phases *p)
{
    struct record next = p->rec;
    struct err err = ERR_INIT;
    int64_t now_s = p->host->wall(p->host->ctx) / 1000000000;

    if (phases_works(p) || digest_is_zero(&p->rec.previous) ||
        now_s - p->rec.previous_since_s < PREVIOUS_KEPT_S)
        return;
    next.previous = (struct digest){{0}};
    next.previous_size = 0;
    if (phases_accept(p, &next, NULL, &err) == 0)
        phases_drop(p, p->shelf.old);
}
