#include "law_facts.h"
#include "preserve.h"
#include "str.h"
#include "swap_orders.h"
#include "trust_store.h"

#define STAGE_DEADLINE_MS (15 * 60 * 1000)
#define NOT_BEFORE_MAX_MS LEASE_MAX_MS

void order_refuse(struct obeying *o, enum refusal r, const char *text)
{
    o->done.refusal = r;
    str_cut(o->done.text, sizeof(o->done.text), text);
}

static bool ask_law(struct obeying *o, enum law_question question)
{
    struct swap *s = o->s;
    bool server = s->facts.server_id[0] != '\0' || o->next.is_server;
    struct law_facts f = law_facts_gather(&s->phases, &s->law, question, server);
    struct law_answer a = law_judge(&s->law, question, &f);

    if (question != LAW_STAGE)
        o->next.was_active = f.active != TRI_NO || (question == LAW_SWAP && s->law.start_stopped);
    if (a.refusal != REFUSAL_NONE)
        order_refuse(o, a.refusal, a.text);
    return a.refusal == REFUSAL_NONE;
}

/* ---- stage ---- */

static bool check_places(struct obeying *o, const struct order_stage *st)
{
    if (st->n_urls == 0) {
        order_refuse(o, REFUSAL_URL, "the order names no place to get the binary from");
        return false;
    }
    for (uint32_t i = 0; i < st->n_urls; i++) {
        struct law_answer a = law_url(&o->s->law, st->urls[i]);

        if (a.refusal != REFUSAL_NONE) {
            order_refuse(o, a.refusal, a.text);
            return false;
        }
    }
    return true;
}

static void set_job(struct obeying *o, const struct order_stage *st, const struct build *b)
{
    struct fetch_get *j = &o->job;

    j->n_urls = st->n_urls;
    memcpy(j->urls, st->urls, sizeof(j->urls));
    j->fetch_size = b->fetch_size;
    j->fetch_digest = b->fetch_digest;
    j->size = b->size;
    j->digest = b->digest;
    j->packing = b->packing;
    j->speed_min = st->speed_min;
    j->deadline_ms = st->deadline_ms != 0 ? st->deadline_ms : STAGE_DEADLINE_MS;
    str_cut(j->dir, sizeof(j->dir), o->s->fetch_dir);
    o->fetches = true;
}

static void obey_stage(struct obeying *o)
{
    const struct order_stage *st = &o->order->u.stage;
    autofree struct manifest *m = xzalloc(1, sizeof(*m));
    const struct build *b;
    struct err err = ERR_INIT;

    if (!ask_law(o, LAW_STAGE) || !check_places(o, st))
        return;
    if (trust_manifest(&o->s->trust, st->manifest, st->manifest_len, m, &err) < 0) {
        order_refuse(o, REFUSAL_MANIFEST, err.text);
        return;
    }
    b = manifest_build(m, facts_os(), facts_arch());
    if (b == NULL) {
        order_refuse(o, REFUSAL_MANIFEST,
                     "the manifest names no binary for this host's os and arch");
        return;
    }
    set_job(o, st, b);
    o->next.phase = PHASE_FETCHING;
    o->next.target = b->digest;
    o->next.target_size = b->size;
    str_cut(o->next.version, sizeof(o->next.version), m->version);
    o->next.previous = (struct digest){{0}};
    o->next.previous_size = 0;
}

/* ---- swap and revert ---- */

static void obey_swap(struct obeying *o)
{
    const struct order_swap *sw = &o->order->u.swap;
    struct swap *s = o->s;
    struct host_stat now = {.there = false};
    struct err err = ERR_INIT;
    uint64_t uptime = (uint64_t)s->host.uptime(s->host.ctx);

    o->next.is_server = sw->is_server || s->facts.server_id[0] != '\0';
    if (s->phases.rec.phase != PHASE_STAGED && !phases_works(&s->phases)) {
        order_refuse(o, REFUSAL_PHASE, "nothing is staged here");
        return;
    }
    if (!phases_works(&s->phases) && !digest_eq(&sw->digest, &s->phases.rec.target)) {
        order_refuse(o, REFUSAL_DIGEST, "another binary is staged here");
        return;
    }
    if (sw->not_before > uptime + NOT_BEFORE_MAX_MS) {
        order_refuse(o, REFUSAL_LIMIT, "not_before is too far away");
        return;
    }
    if (!ask_law(o, LAW_SWAP))
        return;
    o->next.phase = PHASE_SWAPPING;
    o->next.rest = PHASE_STAGED;
    o->next.on_not_ready = sw->on_not_ready;
    o->next.not_before = sw->not_before;
    o->next.hold_ms = sw->hold_ms;
    o->next.deadline_ms = sw->deadline_ms;
    o->next.silence_ms = 0;
    if (s->host.stat_through(s->host.ctx, s->phases.shelf.target, &now, &err) == 0 &&
        shelf_known(&s->phases.rec.disk, &now)) {
        o->next.previous = s->phases.rec.disk.digest;
        o->next.previous_size = s->phases.rec.disk.size;
    }
}

/* A service that the swap before left dead is to run again; one that somebody has
 * stopped after it had settled stays stopped. */
static bool runs_after_revert(const struct record *was, bool active)
{
    return active || (was->phase == PHASE_FAILED && was->was_active);
}

static void obey_revert(struct obeying *o)
{
    const struct order_revert *rv = &o->order->u.revert;
    struct swap *s = o->s;
    const struct record *was = &s->phases.rec;

    o->next.is_server = was->is_server || s->facts.server_id[0] != '\0';
    if (!phases_works(&s->phases) && digest_is_zero(&was->previous)) {
        order_refuse(o, REFUSAL_PHASE, "no previous binary is kept here");
        return;
    }
    if (!phases_works(&s->phases) && !digest_eq(&rv->to, &was->previous)) {
        order_refuse(o, REFUSAL_DIGEST, "the previous binary kept here is another one");
        return;
    }
    if (!ask_law(o, LAW_REVERT))
        return;
    o->next.phase = PHASE_REVERTING;
    o->next.rest = was->phase;
    o->next.by_order = true;
    o->next.was_active = runs_after_revert(was, o->next.was_active);
    o->next.not_before = 0;
    o->next.hold_ms = rv->hold_ms;
    o->next.deadline_ms = rv->deadline_ms;
    o->next.silence_ms = 0;
    o->next.failed_in = PHASE_PROBING;
    o->next.verdict.failure = rv->why;
    str_cut(o->next.verdict.text, sizeof(o->next.verdict.text), "reverted by order");
}

/* ---- the others ---- */

static void cancel_work(struct swap *s)
{
    phases_cancel(&s->phases);
}

static void drop_staged(struct swap *s)
{
    struct err err = ERR_INIT;

    if (s->host.unlink(s->host.ctx, s->phases.shelf.fresh, &err) < 0)
        log_say(s->log, LOG_WARNING, EVENT_NONE, "%s", err.text);
}

static void obey_cancel(struct obeying *o)
{
    uint64_t sequence = o->order->u.cancel.sequence;
    struct swap *s = o->s;

    if (phases_cancellable(&s->phases, sequence)) {
        o->after = cancel_work;
    } else if (!phases_works(&s->phases) && s->phases.rec.phase == PHASE_STAGED &&
               s->phases.rec.order_sequence == sequence) {
        o->next.phase = PHASE_IDLE;
        o->after = drop_staged;
    } else {
        order_refuse(o, REFUSAL_PHASE,
                     "that order is not being carried out, or is past its rename");
    }
}

static void obey_trust(struct obeying *o)
{
    const struct order_trust *t = &o->order->u.trust;
    struct swap *s = o->s;
    struct err err = ERR_INIT;

    if (trust_store_adopt(s->trust_path, &s->trust, t->file, t->len, &err) < 0)
        order_refuse(o,
                     err.kind == ERR_IO || err.kind == ERR_NOSPACE ? REFUSAL_IO : REFUSAL_MANIFEST,
                     err.text);
    else
        log_say(s->log, LOG_INFO, EVENT_TRUST_ADOPTED, "trust version %u is in force by order",
                s->trust.version);
}

/* Its result is on the disk before the receipt is: repeating it changes nothing then. */
static void copy_keystore(struct obeying *o)
{
    struct swap *s = o->s;
    const unsigned char *run = o->order->u.preserve.run_id;
    struct preserved kept;
    struct err err = ERR_INIT;

    if (preserve_keystore(&s->host, s->phases.conf.dir, s->facts.data_dir, run, &kept, &err) < 0) {
        order_refuse(o, err.kind == ERR_LIMIT ? REFUSAL_LIMIT : REFUSAL_IO, err.text);
        return;
    }
    o->done.count = kept.files;
    o->done.digest = kept.digest;
    str_cut(o->done.text, sizeof(o->done.text), kept.path);
    if (preserve_tidy(&s->host, s->phases.conf.dir, run, &err) < 0)
        log_say(s->log, LOG_WARNING, EVENT_NONE, "remove old copies of the keystore: %s", err.text);
}

static void obey_preserve(struct obeying *o)
{
    const struct facts *f = &o->s->facts;

    if (phases_works(&o->s->phases))
        order_refuse(o, REFUSAL_BUSY, "another order is being carried out");
    else if (f->data_dir[0] == '\0')
        order_refuse(o, REFUSAL_UNKNOWN,
                     "where Nomad keeps its data is not known here: name it in agent.conf "
                     "([nomad] data_dir)");
    else if (f->server_id[0] == '\0')
        order_refuse(o, REFUSAL_PHASE, "no Nomad server keeps its data on this host");
    else
        copy_keystore(o);
}

static void obey_unsupported(struct obeying *o)
{
    order_refuse(o, REFUSAL_UNSUPPORTED, "this build of caravan-swap has no such order");
}

const struct order_row order_rows[MSG_KIND_COUNT] = {
    [MSG_STAGE] = {obey_stage, true},          [MSG_SWAP] = {obey_swap, true},
    [MSG_REVERT] = {obey_revert, true},        [MSG_CANCEL] = {obey_cancel, false},
    [MSG_TRUST] = {obey_trust, false},         [MSG_PRESERVE] = {obey_preserve, false},
    [MSG_SERVICE] = {obey_unsupported, false},
};
