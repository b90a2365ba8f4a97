#include "crash_story.h"
#include "model_swap.h"
#include "model_vendor.h"
#include "spare.h"
#include "orders_received.h"
#include "str.h"

#define STEPS_MAX  3000
#define ORDERS_MAX 16

struct sent {
    struct buf inner, receipt; /* an empty receipt: no answer */
};

struct play {
    const struct crash_story *story;
    struct model_host *m;
    struct swap swap;
    struct desk desk;
    uint64_t sequence;
    struct sent sent[ORDERS_MAX];
    size_t n_sent;
    enum phase told;
    uint64_t told_sequence;
    char *broken;
};

static void broken(struct play *p, const char *fmt, ...) PRINTF(2, 3);
static void broken(struct play *p, const char *fmt, ...)
{
    va_list ap;

    if (p->broken[0] != '\0')
        return;
    va_start(ap, fmt);
    vsnprintf(p->broken, 256, fmt, ap);
    va_end(ap);
}

static void on_changed(void *ctx)
{
    struct play *p = ctx;

    if (p->m->dead)
        return;
    p->told = p->swap.phases.rec.phase;
    p->told_sequence = p->swap.phases.rec.sequence;
}

/* ---- one caravan-swap on the model ---- */

static int open_swap(struct play *p)
{
    struct swap *s = &p->swap;
    struct phases_config conf = model_phases(NULL);
    struct err err = ERR_INIT;

    memset(p->desk.session, 0x50 + (int)p->m->boots, SESSION_LEN);
    model_swap(s, p->m, &p->desk);
    s->law = (struct law){.url_prefixes = "", .allow_file_urls = true};
    s->law.require_vendor_signature = p->story->vendor;
    s->law.allow_stop = true;
    conf.vendor_keys = model_vendor_keys;
    conf.seed_dir = p->story->seed ? MODEL_SEED : NULL;
    conf.changed = on_changed;
    conf.ctx = p;
    if (model_swap_open(s, conf, &err) < 0) {
        broken(p, "caravan-swap does not start any more: %.150s", err.text);
        return -1;
    }
    return 0;
}

static void rest(struct play *p)
{
    struct phases *ph = &p->swap.phases;

    for (int i = 0; phases_works(ph) && !p->m->dead; i++) {
        int64_t now = p->m->uptime_ms;

        if (i == STEPS_MAX) {
            broken(p, "it does not come to rest: %s", phase_name(ph->rec.phase));
            return;
        }
        p->m->uptime_ms = MAX_OF(now + 1, ph->now.wake_ms);
        phases_step(ph);
    }
}

/* ---- orders ---- */

static uint64_t begin_by(const struct play *p)
{
    return (uint64_t)p->m->uptime_ms + 8000;
}

static void fill_stage(struct play *p, struct order_stage *st)
{
    struct digest digest;

    model_digest(p->story->offer, &digest);
    if (p->story->vendor)
        model_vendor_stage(st, p->desk.operator, go_arch(), &digest);
    else
        desk_stage(st, p->desk.operator, go_arch(), MODEL_BINARY, &digest);
    st->n_urls = 1;
    str_cut(st->urls[0], sizeof(st->urls[0]), "file:///offer");
    st->deadline_ms = 60000;
}

/* As caravan-agent passes the order: followed by the lease. */
static void obey(struct play *p, const struct sent *s, struct buf *receipt)
{
    auto_buf struct buf lease = BUF_INIT;

    desk_lease(&p->desk, LEASE_RENEW, 1, begin_by(p), &lease);
    const struct swap_packet packet = {s->inner.data, s->inner.len, lease.data, lease.len};
    swap_answer_order(&p->swap, &packet, receipt);
}

static void send(struct play *p, struct sent *s)
{
    auto_buf struct buf receipt = BUF_INIT;

    obey(p, s, &receipt);
    if (!p->m->dead)
        (void)buf_add(&s->receipt, receipt.data, receipt.len);
}

static void order(struct play *p, enum message_kind kind)
{
    struct order *o = desk_order(&p->desk, kind, 1, ++p->sequence);
    struct sent *s = &p->sent[p->n_sent];

    if (p->n_sent == ORDERS_MAX)
        abort();
    p->n_sent++;
    p->m->no_room_to_write = false;
    o->head.time_ms = begin_by(p);
    if (kind == MSG_STAGE) {
        fill_stage(p, &o->u.stage);
    } else if (kind == MSG_SWAP) {
        o->u.swap.on_not_ready = p->story->policy;
        o->u.swap.hold_ms = 200;
        o->u.swap.deadline_ms = 3000;
        model_digest(p->story->offer, &o->u.swap.digest);
    } else if (kind == MSG_SERVICE) {
        o->u.service.op = p->m->disabled ? SERVICE_STOP : SERVICE_DISABLE;
    } else {
        o->u.revert.hold_ms = 200;
        o->u.revert.deadline_ms = 3000;
        o->u.revert.why = FAILURE_NOT_CAUGHT_UP;
        model_digest("old", &o->u.revert.to);
    }
    desk_inner(o, p->desk.operator, & s->inner);
    free(o);
    send(p, s);
}

/* The coordinator's next order for the reported phase. MSG_NONE: the story ends. */
static enum message_kind next_order(const struct play *p)
{
    const struct record *r = &p->swap.phases.rec;

    bool back = p->story->reverts && !digest_is_zero(&r->previous);

    if (r->phase == PHASE_IDLE || (r->phase == PHASE_FAILED && r->failed_in == PHASE_FETCHING))
        return MSG_STAGE;
    if (r->phase == PHASE_STAGED)
        return MSG_SWAP;
    if (p->story->removes && r->phase == PHASE_SETTLED)
        return !p->m->disabled || p->m->process.there ? MSG_SERVICE : MSG_NONE;
    return back && (r->phase == PHASE_FAILED || r->phase == PHASE_SETTLED) ? MSG_REVERT : MSG_NONE;
}

static void play_on(struct play *p)
{
    enum message_kind kind;

    rest(p);
    while (!p->m->dead && p->broken[0] == '\0' && (kind = next_order(p)) != MSG_NONE) {
        if (p->n_sent == ORDERS_MAX) {
            broken(p, "the story does not end: %s", phase_name(p->swap.phases.rec.phase));
            return;
        }
        order(p, kind);
        rest(p);
    }
}

/* ---- judging ---- */

static const char *target_kind(const struct play *p)
{
    return model_kind(model_fs_file(&p->m->fs, MODEL_TARGET));
}

static bool is_offer(const struct play *p, const char *kind)
{
    return str_eq(kind, p->story->offer);
}

static void judge_target(struct play *p)
{
    const struct model_file *f = model_fs_file(&p->m->fs, MODEL_TARGET);
    const char *kind = target_kind(p);

    if (!str_eq(kind, "old") && !is_offer(p, kind))
        broken(p, "the binary at the target is %s", kind);
    else if (f->mode != 0755)
        broken(p, "the binary at the target has mode %o", f->mode);
    if (p->story->linked && !str_eq(model_kind(model_fs_file(&p->m->fs, MODEL_STORE)), "old"))
        broken(p, "the file behind the link was touched");
    if (p->story->linked &&
        str_eq(kind, "old") !=
            (p->m->fs.files[model_fs_find(&p->m->fs, MODEL_TARGET)].leads_to != 0))
        broken(p, "the %s binary at the target is %s link", kind, str_eq(kind, "old") ? "no" : "a");
}

/* Every host may fetch a file named by its digest, so such a file must always be complete. */
static void judge_seed(struct play *p, enum phase phase)
{
    const struct model_fs *fs = &p->m->fs;
    bool there = false;

    for (int i = 0; i < MODEL_NAMES; i++) {
        const struct model_name *n = &fs->names[i];
        const char *name = n->inode != 0 ? model_fs_in(n->path, MODEL_SEED) : NULL;
        struct digest digest;
        char hex[65];

        if (name == NULL || str_eq(name, ".new"))
            continue;
        crypto_digest(fs->files[n->inode].data, fs->files[n->inode].len, &digest);
        digest_hex(hex, &digest);
        if (!str_eq(hex, name))
            broken(p, "%s, and what other hosts may fetch is torn", phase_name(phase));
        if (fs->files[n->inode].mode != 0640)
            broken(p, "what other hosts may fetch has mode %o", fs->files[n->inode].mode);
        there = true;
    }
    if (p->story->seed && phase == PHASE_STAGED && !there)
        broken(p, "staged, and nothing is kept for other hosts");
}

static void judge_shelf(struct play *p)
{
    const struct phases *ph = &p->swap.phases;
    const char *fresh = model_kind(model_fs_file(&p->m->fs, MODEL_FRESH));
    const char *old = model_kind(model_fs_file(&p->m->fs, MODEL_OLD));

    judge_seed(p, ph->rec.phase);
    if (ph->rec.phase == PHASE_STAGED && !is_offer(p, fresh))
        broken(p, "staged, but the staged copy is %s", fresh);
    if (ph->rec.phase == PHASE_SETTLED && digest_is_zero(&ph->rec.previous))
        broken(p, "settled, but no previous binary is known");
    if (!digest_is_zero(&ph->rec.previous) && phase_rests(ph->rec.phase) && !str_eq(old, "old"))
        broken(p, "a previous binary is promised, but it is %s", old);
}

static unsigned whole_spares(const struct play *p)
{
    unsigned n = 0;

    for (unsigned i = 0; i < SPARES; i++) {
        const struct model_file *f;
        char path[512];

        spare_path(MODEL_DIR, i, path);
        f = model_fs_file(&p->m->fs, path);
        n += f != NULL && f->len == RECORD_MAX;
    }
    return n;
}

/* Until the disk is full every spare file must be whole. */
static void judge_spares(struct play *p, enum phase phase)
{
    bool due = !phase_rests(phase) && phase != PHASE_FETCHING;

    if (due && !p->m->no_room_to_write && whole_spares(p) != SPARES)
        broken(p, "%s, but only %u spares are whole", phase_name(phase), whole_spares(p));
}

static void judge_phase(struct play *p)
{
    const struct record *r = &p->swap.phases.rec;
    bool offer = is_offer(p, target_kind(p));
    bool new_phase =
        r->phase == PHASE_SETTLED || (r->phase == PHASE_FAILED && r->failed_in != PHASE_FETCHING);

    if (!phase_rests(r->phase))
        broken(p, "%s is no rest", phase_name(r->phase));
    if (offer != new_phase)
        broken(p, "the phase is %s, the binary at the target is %s", phase_name(r->phase),
               target_kind(p));
    if (model_fs_find(&p->m->fs, MODEL_DIR "/" UNFINISHED_NAME) != 0)
        broken(p, "at rest (%s), but marked as unfinished", phase_name(r->phase));
    if (whole_spares(p) != 0)
        broken(p, "at rest (%s), but spares lie about", phase_name(r->phase));
}

/* An order has disabled or stopped the service, or is about to do so. */
static bool is_removed(const struct play *p)
{
    return p->story->removes && (p->m->disabled || p->swap.phases.rec.stopped.sequence != 0);
}

static void judge_removed(struct play *p)
{
    const struct record *r = &p->swap.phases.rec;

    if (r->stopped.sequence != 0 && p->m->process.there)
        broken(p, "an order stopped the service, and it runs");
    if (r->stopped.sequence != 0 && !p->m->disabled)
        broken(p, "the service was stopped, and is not disabled any more");
    if (r->disabled.sequence != 0 && !p->m->disabled)
        broken(p, "disabled by the record alone");
    if (r->stopping != 0)
        broken(p, "at rest, but still stopping");
}

static void judge_service(struct play *p)
{
    const struct model_process *proc = &p->m->process;

    if (is_removed(p)) {
        judge_removed(p);
    } else if (p->story->stopped) {
        if (proc->there)
            broken(p, "the service was stopped and was started");
    } else if (!proc->there && !str_eq(target_kind(p), "bad")) {
        broken(p, "the service does not run any more (%s)", phase_name(p->swap.phases.rec.phase));
    } else if (proc->there && proc->inode != model_fs_through(&p->m->fs, MODEL_TARGET)) {
        broken(p, "the service runs another file than the one in place");
    }
}

/* Every answered order must get the same answer again, and must not be carried out again. */
static void judge_receipts(struct play *p, size_t n)
{
    for (size_t i = n > ORDER_KEPT ? n - ORDER_KEPT : 0; i < n; i++) {
        auto_buf struct buf again = BUF_INIT;
        struct sent *s = &p->sent[i];

        if (s->receipt.len == 0)
            continue;
        obey(p, s, &again);
        if (again.len != s->receipt.len || memcmp(again.data, s->receipt.data, again.len) != 0)
            broken(p, "order %zu, answered before the crash, gets another receipt", i + 1);
        if (phases_works(&p->swap.phases))
            broken(p, "order %zu, answered before the crash, is obeyed again", i + 1);
    }
}

/* ---- the crash ---- */

/* Checks the files before any program runs again. */
static void judge_remains(struct play *p, const struct crash *c, struct record *ret)
{
    struct err err = ERR_INIT;
    bool marked = model_fs_find(&p->m->fs, MODEL_DIR "/" UNFINISHED_NAME) != 0;
    const char *kind = target_kind(p);
    bool back;

    record_init(ret);
    judge_target(p);
    if (record_load(&p->m->host, MODEL_DIR, ret, &err) < 0) {
        broken(p, "%.200s", err.text);
        return;
    }
    back = ret->phase == PHASE_REVERTING || ret->phase == PHASE_REVERTED;
    if (!phase_rests(ret->phase) && !marked)
        broken(p, "%s, but a boot would not start caravan-swap", phase_name(ret->phase));
    judge_spares(p, ret->phase);
    judge_seed(p, ret->phase);
    if (phase_rests(p->told) && ret->sequence == p->told_sequence && ret->phase != p->told)
        broken(p, "%s was told, the record says %s", phase_name(p->told), phase_name(ret->phase));
    if (c->kind != CRASH_SWAP && p->m->ran_new_bytes && !back && str_eq(kind, "old"))
        broken(p, "the new binary has run, the power cut brought the old one back");
    if (p->m->ran_old_again && !str_eq(kind, "old"))
        broken(p, "the old binary ran again, the power cut brought the new one back");
}

/* A power cut, and init does not start the service: only a host after its rename and not at rest
 * must run again. */
static bool service_is_judged(const struct play *p, const struct crash *c, const struct record *was,
                              const char *kind)
{
    if (c->kind != CRASH_HOST_BARE || p->story->stopped)
        return true;
    if (phase_rests(was->phase) || was->phase == PHASE_FETCHING)
        return false;
    if (was->phase == PHASE_REVERTING && was->by_order)
        return str_eq(kind, "old");
    return was->phase == PHASE_REVERTING || is_offer(p, kind);
}

static void judge_crossing(struct play *p, const char *before, const struct record *was)
{
    const char *after = target_kind(p);

    if (str_eq(before, after))
        return;
    if (!is_offer(p, before) || !str_eq(after, "old"))
        broken(p, "recovery alone made %s of %s", after, before);
    else if (was->phase == PHASE_REVERTING && was->by_order)
        broken(p, "recovery alone carried out a revert order");
    else if (str_eq(p->story->offer, "new"))
        broken(p, "recovery took back a good binary");
}

static void crash_and_recover(struct play *p, const struct crash *c, struct crash_result *r)
{
    uint64_t random = c->seed * 2654435761U + c->at + 1;
    struct record was;
    const char *before;
    size_t answered = p->n_sent;
    bool judged;

    phases_close(&p->swap.phases);
    if (c->kind == CRASH_SWAP)
        model_revive(p->m);
    else
        model_reboot(p->m, c->loss, &random, c->kind == CRASH_HOST && !p->story->stopped);
    judge_remains(p, c, &was);
    before = target_kind(p);
    judged = service_is_judged(p, c, &was, before);
    if (p->broken[0] != '\0' || open_swap(p) < 0)
        return;
    rest(p);
    r->recovered = p->swap.phases.rec.phase;
    judge_crossing(p, before, &was);
    judge_target(p);
    judge_shelf(p);
    judge_phase(p);
    if (judged)
        judge_service(p);
    judge_receipts(p, answered);
    /* If nobody started the service, the test starts it by hand before the story continues. */
    if (!p->story->stopped && !is_removed(p))
        model_start_service(p->m);
    play_on(p);
}

static void judge_end(struct play *p)
{
    const struct record *r = &p->swap.phases.rec;

    judge_target(p);
    judge_shelf(p);
    judge_phase(p);
    judge_service(p);
    if (p->story->removes && (p->m->process.there || !p->m->disabled))
        broken(p, "in the end the service is not removed");
    if (r->phase != p->story->ends || !str_eq(target_kind(p), p->story->at_end))
        broken(p, "the story ended as %s with %s (%s)", phase_name(r->phase), target_kind(p),
               r->verdict.text);
}

struct crash_result crash_story_play(const struct crash_story *story, const struct crash *crash,
                                     const struct desk *desk, struct model_host *m)
{
    struct crash_result r = {.broken = ""};
    autofree struct play *p = xzalloc(1, sizeof(*p));

    p->story = story;
    p->m = m;
    p->broken = r.broken;
    p->desk = *desk;
    model_open(m, story->offer);
    if (story->vendor)
        model_vendor_open(m);
    m->crash_at = crash->kind == CRASH_NONE ? 0 : crash->at;
    m->skip_sync = crash->skip_sync;
    m->fills_at_rename = story->fills;
    if (story->linked)
        model_link(m);
    if (story->stopped)
        m->process.there = false;
    if (open_swap(p) == 0) {
        play_on(p);
        r.operations = m->operations;
        r.syncs = m->syncs;
        r.crashed = m->dead;
        if (m->dead)
            crash_and_recover(p, crash, &r);
        if (r.broken[0] == '\0')
            judge_end(p);
        phases_close(&p->swap.phases);
    }
    for (size_t i = 0; i < p->n_sent; i++) {
        buf_free(&p->sent[i].inner);
        buf_free(&p->sent[i].receipt);
    }
    return r;
}
