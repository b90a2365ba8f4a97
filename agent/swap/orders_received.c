#include "orders_received.h"
#include "codec.h"
#include "law_facts.h"
#include "lease_shown.h"
#include "preserve.h"
#include "seed.h"
#include "service_order.h"
#include "str.h"
#include "trust_store.h"

#define STAGE_DEADLINE_MS (15 * 60 * 1000)
#define NOT_BEFORE_MAX_MS LEASE_MAX_MS

/* Limits for the times in orders, so that no order keeps caravan-swap busy for longer. caravan.conf
 * allows the same values at most (caravan.conf(5): hold, server_deadline, stage_deadline). */
#define HOLD_MAX_MS  (60 * 60 * 1000)
#define READY_MAX_MS (4 * 60 * 60 * 1000)
#define STAGE_MAX_MS (24 * 60 * 60 * 1000)

/* One order, and the record as it would be after the order. */
struct obeying {
    struct swap *s;
    const struct order *order;
    struct record next;
    struct stage_job job;
    struct receipt_done done;
    bool fetches;
    void (*after)(struct swap *s); /* called once the record is durable; NULL: nothing */
};

/* One row for each kind of order. The function checks the order, asks the law, and then either
 * refuses or changes `next`. Nothing else happens before `next` is durable together with the
 * receipt. Exceptions: trust, preserve, and enable and disable of service act at once. Their effect
 * is durable by itself, and a repeat changes nothing. */
struct order_row {
    void (*obey)(struct obeying *o); /* NULL: not an order for caravan-swap */
    bool begins;                     /* the phases carry out this order */
};

static void order_refuse(struct obeying *o, enum refusal r, const char *text)
{
    o->done.refusal = r;
    str_cut(o->done.text, sizeof(o->done.text), text);
}

static bool take_law_answer(struct obeying *o, const struct law_answer *a)
{
    if (a->refusal != REFUSAL_NONE)
        order_refuse(o, a->refusal, a->text);
    return a->refusal == REFUSAL_NONE;
}

static bool ask_order_law(struct obeying *o, enum law_question question)
{
    struct swap *s = o->s;
    bool server = s->nomad.server_id[0] != '\0' || o->next.is_server;
    struct law_facts f = law_facts_gather(&s->phases, &s->law, question, server);
    struct law_answer a = law_judge(&s->law, question, &f);

    if (question == LAW_SWAP || question == LAW_REVERT)
        o->next.was_active = o->next.stopped.sequence == 0 &&
                             (f.active != TRI_NO || (question == LAW_SWAP && s->law.start_stopped));
    if (question == LAW_SWAP && o->next.was_active && f.active == TRI_NO && o->next.is_server &&
        s->nomad.server_id[0] == '\0')
        o->next.joining = 1;
    return take_law_answer(o, &a);
}

/* False: the order was refused because of this time. */
static bool fits_limit(struct obeying *o, const char *what, uint32_t ms, uint32_t most_ms)
{
    char text[TEXT_MAX], most[24];

    if (ms <= most_ms)
        return true;
    str_for_ms(most, sizeof(most), most_ms);
    snprintf(text, sizeof(text), "%s of the order is too long: this host accepts %s at most", what,
             most);
    order_refuse(o, REFUSAL_LIMIT, text);
    return false;
}

static bool may_version_run(struct obeying *o, const char *version)
{
    struct law_answer a = law_version(&o->s->law, version);

    return take_law_answer(o, &a);
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

        if (!take_law_answer(o, &a))
            return false;
    }
    return true;
}

static bool check_release(struct obeying *o, const struct manifest *m)
{
    const struct record *was = &o->s->phases.rec;
    const struct law_release r = {
        .version = m->version,
        .created_s = m->created_s,
        .settled = was->settled,
        .settled_s = was->settled_s,
        .now_s = o->s->host.wall(o->s->host.ctx) / 1000000000,
    };
    struct law_answer a = law_signers(&o->s->law, o->next.signers, false);

    if (a.refusal == REFUSAL_NONE)
        a = law_release(&o->s->law, &r);
    return take_law_answer(o, &a);
}

static bool check_vendor(struct obeying *o, const struct manifest *m, const struct build *b)
{
    struct law_answer a =
        law_vendor(&o->s->law, m->sums_len > 0 && m->sums_sig_len > 0, b->packing == PACKING_ZIP);

    return take_law_answer(o, &a);
}

/* caravan-fetch downloads the zip as a plain file and does not unpack it. */
static void set_zip_job(struct obeying *o, const struct build *b)
{
    struct stage_job *j = &o->job;

    j->zip = true;
    j->get.packing = PACKING_BARE;
    j->get.size = b->fetch_size;
    j->get.digest = b->fetch_digest;
}

static void set_vendor_job(struct obeying *o, const struct manifest *m, const struct build *b)
{
    struct stage_job *j = &o->job;

    j->vendor.asked = true;
    j->vendor.sums_len = m->sums_len;
    memcpy(j->vendor.sums, m->sums, m->sums_len);
    j->vendor.sig_len = m->sums_sig_len;
    memcpy(j->vendor.sig, m->sums_sig, m->sums_sig_len);
    vendor_zip_name(j->vendor.zip, m->version, b->os, b->arch);
}

static void set_fetch_job(struct obeying *o, const struct order_stage *st, const struct build *b)
{
    struct fetch_get *j = &o->job.get;

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

/* Does the record say that the same binary is staged, and was it verified as it would be now? */
static bool is_staged(const struct obeying *o, const struct build *b)
{
    const struct record *was = &o->s->phases.rec;

    return was->phase == PHASE_STAGED && digest_eq(&was->target, &b->digest) &&
           was->target_size == b->size && (!o->job.vendor.asked || was->vendor_signed != 0);
}

/* A host that is a seed must also have the downloaded file for the other hosts. */
static bool is_seeded(const struct obeying *o, const struct build *b)
{
    const struct host *h = &o->s->host;
    const char *dir = o->s->phases.conf.seed_dir;
    struct host_stat st = {.there = false};
    struct err err = ERR_INIT;
    char path[SEED_PATH_MAX];

    if (dir == NULL)
        return true;
    seed_path(dir, &b->fetch_digest, path);
    return h->stat(h->ctx, HOST_OWN_PATH, path, &st, &err) == 0 && st.there &&
           st.size == b->fetch_size;
}

static int64_t wall_seconds(const struct swap *s)
{
    return s->host.wall(s->host.ctx) / 1000000000;
}

static void obey_stage(struct obeying *o)
{
    const struct order_stage *st = &o->order->u.stage;
    autofree struct manifest *m = xzalloc(1, sizeof(*m));
    const struct build *b;
    struct err err = ERR_INIT;
    int64_t wall_s = wall_seconds(o->s);

    if (!fits_limit(o, "deadline_ms", st->deadline_ms, STAGE_MAX_MS) ||
        !ask_order_law(o, LAW_STAGE) || !check_places(o, st))
        return;
    if (trust_manifest(&o->s->trust, st->manifest, st->manifest_len, wall_s, m, &err) < 0) {
        order_refuse(o, REFUSAL_MANIFEST, err.text);
        return;
    }
    o->next.signers = trust_signers(&o->s->trust, st->manifest, st->manifest_len, wall_s);
    if (!check_release(o, m))
        return;
    b = manifest_build(m, go_os(), go_arch());
    if (b == NULL) {
        order_refuse(o, REFUSAL_MANIFEST,
                     "the manifest names no binary for this host's os and arch");
        return;
    }
    if (!check_vendor(o, m, b))
        return;
    set_fetch_job(o, st, b);
    if (o->s->law.require_vendor_signature)
        set_vendor_job(o, m, b);
    if (b->packing == PACKING_ZIP &&
        (o->s->law.require_vendor_signature || o->s->phases.conf.seed_dir != NULL))
        set_zip_job(o, b);
    o->job.kept = is_staged(o, b) && is_seeded(o, b);
    o->next.phase = PHASE_FETCHING;
    o->next.target = b->digest;
    o->next.target_size = b->size;
    str_cut(o->next.version, sizeof(o->next.version), m->version);
    o->next.created_s = m->created_s;
    o->next.vendor_signed = o->job.kept ? o->next.vendor_signed : 0;
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
    struct law_answer signers = law_signers(&s->law, s->phases.rec.signers, true);

    o->next.is_server = sw->is_server || s->nomad.server_id[0] != '\0';
    if (s->phases.rec.phase != PHASE_STAGED && !phases_works(&s->phases)) {
        order_refuse(o, REFUSAL_PHASE, "nothing is staged here");
        return;
    }
    if (!phases_works(&s->phases) && !digest_eq(&sw->digest, &s->phases.rec.target)) {
        order_refuse(o, REFUSAL_DIGEST, "another binary is staged here");
        return;
    }
    if (!phases_works(&s->phases) && s->law.require_vendor_signature &&
        s->phases.rec.vendor_signed == 0) {
        order_refuse(o, REFUSAL_DIGEST,
                     "the binary was staged before root demanded HashiCorp's own signature here: "
                     "stage it again");
        return;
    }
    if (!phases_works(&s->phases) && !take_law_answer(o, &signers))
        return;
    if (sw->not_before > uptime + NOT_BEFORE_MAX_MS) {
        order_refuse(o, REFUSAL_LIMIT, "not_before is too far in the future");
        return;
    }
    if (!fits_limit(o, "hold_ms", sw->hold_ms, HOLD_MAX_MS) ||
        !fits_limit(o, "deadline_ms", sw->deadline_ms, READY_MAX_MS) ||
        !ask_order_law(o, LAW_SWAP) || !may_version_run(o, s->phases.rec.version))
        return;
    o->next.phase = PHASE_SWAPPING;
    o->next.rest = PHASE_STAGED;
    o->next.on_not_ready = sw->on_not_ready;
    o->next.not_before = sw->not_before;
    o->next.hold_ms = sw->hold_ms;
    o->next.deadline_ms = sw->deadline_ms;
    o->next.silence_ms = 0;
    if (s->host.stat_through(s->host.ctx, s->phases.shelf.at, s->phases.shelf.name, &now, &err) ==
            0 &&
        shelf_known(&s->phases.rec.disk, &now)) {
        o->next.previous = s->phases.rec.disk.digest;
        o->next.previous_size = s->phases.rec.disk.size;
    }
}

/* If the failed swap left the service dead, a revert starts it again. If somebody stopped the
 * service after it had settled, it stays stopped. */
static bool runs_after_revert(const struct record *was, const struct record *next)
{
    return next->was_active ||
           (was->phase == PHASE_FAILED && was->was_active && next->stopped.sequence == 0);
}

/* Asks the previous binary for its version, because the record does not contain this version. The
 * law was asked about root's hold before: under a hold no binary is executed. */
static bool may_previous_run(struct obeying *o)
{
    const struct host *h = &o->s->host;
    const struct shelf *shelf = &o->s->phases.shelf;
    char version[VERSION_TEXT] = "", text[TEXT_MAX];
    struct err err = ERR_INIT;
    int binary = -1;

    if (o->s->law.min_version == NULL || o->s->law.min_version[0] == '\0')
        return true;
    if (h->open_through(h->ctx, shelf->at, shelf->old, &binary, &err) == 0) {
        if (h->version_of(h->ctx, binary, version, text) != TRI_YES)
            version[0] = '\0';
        h->close(h->ctx, binary);
    }
    return may_version_run(o, version);
}

static void obey_revert(struct obeying *o)
{
    const struct order_revert *rv = &o->order->u.revert;
    struct swap *s = o->s;
    const struct record *was = &s->phases.rec;

    o->next.is_server = was->is_server || s->nomad.server_id[0] != '\0';
    if (!phases_works(&s->phases) && digest_is_zero(&was->previous)) {
        order_refuse(o, REFUSAL_PHASE, "no previous binary is kept here");
        return;
    }
    if (!phases_works(&s->phases) && !digest_eq(&rv->to, &was->previous)) {
        order_refuse(o, REFUSAL_DIGEST, "another previous binary is kept here");
        return;
    }
    if (!fits_limit(o, "hold_ms", rv->hold_ms, HOLD_MAX_MS) ||
        !fits_limit(o, "deadline_ms", rv->deadline_ms, READY_MAX_MS) ||
        !ask_order_law(o, LAW_REVERT) || !may_previous_run(o))
        return;
    o->next.phase = PHASE_REVERTING;
    o->next.rest = was->phase;
    o->next.by_order = true;
    o->next.was_active = runs_after_revert(was, &o->next);
    o->next.not_before = 0;
    o->next.hold_ms = rv->hold_ms;
    o->next.deadline_ms = rv->deadline_ms;
    o->next.silence_ms = 0;
    o->next.failed_in = PHASE_PROBING;
    o->next.verdict.failure = rv->why;
    str_cut(o->next.verdict.text, sizeof(o->next.verdict.text), "reverted by order");
}

/* ---- the other orders ---- */

static void cancel_work(struct swap *s)
{
    phases_cancel(&s->phases);
}

static void drop_staged(struct swap *s)
{
    struct err err = ERR_INIT;

    if (s->host.unlink(s->host.ctx, s->phases.shelf.at, s->phases.shelf.fresh, &err) < 0)
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
                     "that order is not being carried out, or its rename is done");
    }
}

static void obey_trust(struct obeying *o)
{
    const struct order_trust *t = &o->order->u.trust;
    struct swap *s = o->s;
    struct err err = ERR_INIT;
    if (trust_store_adopt(s->trust_path, &s->trust, t->file, t->len, &err) < 0) {
        order_refuse(o,
                     err.kind == ERR_IO || err.kind == ERR_NOSPACE ? REFUSAL_IO : REFUSAL_MANIFEST,
                     err.text);
        return;
    }
    s->survey.made_ms = 0; /* the view contains the version: make it again now */
    log_say(s->log, LOG_INFO, EVENT_TRUST_ADOPTED, "trust version %u is in force now, by order",
            s->trust.version);
}

/* The copy is durable before the receipt is. A repeat of the order changes nothing. */
static void copy_keystore(struct obeying *o)
{
    struct swap *s = o->s;
    const unsigned char *run = o->order->u.preserve.run_id;
    struct preserved kept;
    struct err err = ERR_INIT;

    if (preserve_keystore(&s->host, s->phases.conf.dir, s->nomad.data_dir, run, &kept, &err) < 0) {
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
    const struct nomad_on_host *f = &o->s->nomad;

    if (phases_works(&o->s->phases))
        order_refuse(o, REFUSAL_BUSY, "another order is being carried out");
    else if (f->data_dir[0] == '\0')
        order_refuse(o, REFUSAL_UNKNOWN,
                     "Nomad's data_dir is not known on this host: set [nomad] data_dir in "
                     "agent.conf");
    else if (f->server_id[0] == '\0')
        order_refuse(o, REFUSAL_PHASE, "no Nomad server keeps its data on this host");
    else
        copy_keystore(o);
}

static void begin_stop(struct swap *s)
{
    phases_act(&s->phases, SERVICE_ACT_STOP, s->phases.rec.sequence);
}

static void begin_start(struct swap *s)
{
    phases_act(&s->phases, SERVICE_ACT_START, s->phases.rec.sequence);
}

static void obey_service(struct obeying *o)
{
    enum service_op op = o->order->u.service.op;
    enum service_act act;
    bool acts = false;

    if (!ask_order_law(o, service_order_question(op)))
        return;
    o->done.refusal = service_order_accept(&o->s->phases, op, &o->next, &acts, &act, o->done.text);
    if (o->done.refusal == REFUSAL_NONE)
        o->s->survey.made_ms = 0; /* its facts about the unit are out of date now */
    if (acts)
        o->after = act == SERVICE_ACT_STOP ? begin_stop : begin_start;
}

static const struct order_row order_rows[MSG_KIND_COUNT] = {
    [MSG_STAGE] = {obey_stage, true},      [MSG_SWAP] = {obey_swap, true},
    [MSG_REVERT] = {obey_revert, true},    [MSG_CANCEL] = {obey_cancel, false},
    [MSG_TRUST] = {obey_trust, false},     [MSG_PRESERVE] = {obey_preserve, false},
    [MSG_SERVICE] = {obey_service, false},
};

/* ---- receipts ---- */

static int sign_swap_receipt(struct swap *s, const struct verified *v,
                             const struct receipt_done *done, struct buf *ret, struct err *err)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));

    r->head = v->head;
    r->head.is_receipt = true;
    r->head.sender = *keypair_public(s->key);
    r->head.receiver = v->head.sender;
    r->head.time_ms = (uint64_t)s->host.uptime(s->host.ctx);
    r->head.order = v->digest;
    memcpy(r->head.session, s->session, SESSION_LEN);
    r->u.done = *done;
    return envelope_sign_receipt(r, s->key, ret, err);
}

static void log_swap_outcome(struct swap *s, const struct verified *v, const struct receipt_done *d)
{
    struct log_about about = event_about_order(&v->head, d->refusal);
    struct event_run run = s->run;

    event_run_look(s->agent_state, v->head.epoch, &run);
    about.run = run.hex;
    log_say_about(s->log, d->refusal == REFUSAL_NONE ? LOG_INFO : LOG_WARNING,
                  d->refusal == REFUSAL_NONE ? EVENT_ORDER_ACCEPTED : EVENT_ORDER_REFUSED, &about,
                  "%s order %llu %s%s%s%s", message_kind_name(v->head.kind),
                  (unsigned long long)v->head.sequence,
                  d->refusal == REFUSAL_NONE ? "accepted" : "refused: ",
                  d->refusal == REFUSAL_NONE ? "" : refusal_name(d->refusal),
                  d->text[0] != '\0' ? ", " : "", d->text);
}

static void answer_swap_order(struct swap *s, const struct verified *v,
                              const struct receipt_done *done, struct buf *ret)
{
    struct err err = ERR_INIT;

    log_swap_outcome(s, v, done);
    if (sign_swap_receipt(s, v, done, ret, &err) < 0) {
        buf_clear(ret);
        log_say(s->log, LOG_ERROR, EVENT_NONE, "sign a receipt: %s", err.text);
    }
}

/* ---- one order from its bytes to its receipt ---- */

/* ret_barred: room for a text that the state and its judgement point to. */
static struct order_state make_order_state(const struct swap *s, const struct verified *v,
                                           char ret_barred[static TEXT_MAX])
{
    const struct record *r = &s->phases.rec;
    struct order_state st = {
        .self = *keypair_public(s->key),
        .now_ms = (uint64_t)s->host.uptime(s->host.ctx),
        .epoch = r->epoch,
        .sequence = r->sequence,
        .refused_epoch = r->refused_epoch,
        .refused_sequence = r->refused_sequence,
        .epoch_most = order_limit(r->epoch),
        /* A coordinator continues from the highest of these: reported to it, or given by it. */
        .sequence_most =
            order_limit(MAX_OF(MAX_OF(r->sequence, r->order_sequence), r->refused_sequence)),
        .wall_s = wall_seconds(s),
        .barred = ret_barred,
    };

    st.sender_may = operators_may(s->law.operators, &s->trust, &v->head, st.wall_s, ret_barred);
    st.sender_named =
        st.sender_may || trust_allows(&s->trust, &v->head.sender, ROLE_NONE, st.wall_s);
    memcpy(st.cluster, s->trust.cluster, CLUSTER_ID_LEN);
    memcpy(st.session, s->session, SESSION_LEN);
    for (; st.n_kept < ORDER_KEPT && r->kept[st.n_kept].len > 0; st.n_kept++)
        st.kept[st.n_kept] = r->kept[st.n_kept].order;
    return st;
}

static void begin_record(struct obeying *o, const struct verified *v)
{
    o->next = o->s->phases.rec;
    if (v->head.epoch >= o->next.refused_epoch)
        o->next.refused_epoch = o->next.refused_sequence = 0;
    o->next.epoch = v->head.epoch;
    o->next.sequence = v->head.sequence;
    service_order_forget_stop(&o->s->phases, &o->next);
}

/* After a refusal the record changes in one point: the sequence is used up. */
static void take_back_refused(struct obeying *o, const struct verified *v)
{
    struct record next = o->s->phases.rec;

    if (v->head.epoch == next.epoch) {
        next.sequence = v->head.sequence;
    } else {
        next.refused_epoch = v->head.epoch;
        next.refused_sequence = v->head.sequence;
    }
    o->next = next;
    o->after = NULL;
    o->fetches = false;
}

static void carry_out_order(struct obeying *o, const struct verified *v)
{
    struct err err = ERR_INIT;
    autofree struct order *order = xzalloc(1, sizeof(*order));

    order->head = v->head;
    o->order = order;
    if (o->done.refusal != REFUSAL_NONE) {
        /* an earlier check refused the order, because of its lease or its start_by */
    } else if (codec_read_order(v->payload, v->payload_len, order, &err) < 0) {
        order_refuse(o, REFUSAL_FORMAT, err.text);
    } else {
        if (order_rows[v->head.kind].begins) {
            o->next.order = v->head.kind;
            o->next.order_sequence = v->head.sequence;
            o->next.failed_in = PHASE_IDLE;
            o->next.verdict = (struct verdict){.failure = FAILURE_NONE};
        }
        order_rows[v->head.kind].obey(o);
    }
    o->order = NULL;
}

/* The record that uses up the sequence also keeps the receipt: both become durable, or neither. */
static void settle_order(struct obeying *o, const struct verified *v, struct buf *ret)
{
    struct swap *s = o->s;
    struct err err = ERR_INIT;

    o->done.last_sequence = v->head.sequence;
    o->done.last_epoch = o->next.epoch;
    o->done.trust_version = s->trust.version;
    answer_swap_order(s, v, &o->done, ret);
    if (ret->len == 0)
        return;
    record_keep(&o->next, &v->digest, ret->data, ret->len);
    if (phases_accept(&s->phases, &o->next, o->fetches ? &o->job : NULL, &err) < 0) {
        struct receipt_done failed = {.refusal = REFUSAL_IO,
                                      .last_sequence = s->phases.rec.sequence,
                                      .last_epoch = s->phases.rec.epoch};

        str_cut(failed.text, sizeof(failed.text), err.text);
        buf_clear(ret);
        answer_swap_order(s, v, &failed, ret);
        return;
    }
    if (order_rows[v->head.kind].begins && o->done.refusal == REFUSAL_NONE)
        event_run_look(s->agent_state, v->head.epoch, &s->run);
    if (o->after != NULL)
        o->after(s);
}

static void refuse_at_once(struct swap *s, const struct verified *v,
                           const struct order_judgement *j, struct buf *ret)
{
    const struct record *r = &s->phases.rec;
    bool beside = r->refused_epoch != 0 && v->head.epoch == r->refused_epoch;
    struct receipt_done done = {.refusal = j->refusal,
                                .last_sequence = beside ? r->refused_sequence : r->sequence,
                                .last_epoch = r->epoch,
                                .trust_version = s->trust.version};

    str_cut(done.text, sizeof(done.text), j->why);
    answer_swap_order(s, v, &done, ret);
}

/* The trust store makes the new trust durable. The record does not change. */
static void take_trust_order(struct swap *s, const struct verified *v, struct buf *ret)
{
    autofree struct obeying *o = xzalloc(1, sizeof(*o));

    o->s = s;
    carry_out_order(o, v);
    o->done.last_sequence = s->phases.rec.sequence;
    o->done.last_epoch = s->phases.rec.epoch;
    o->done.trust_version = s->trust.version;
    answer_swap_order(s, v, &o->done, ret);
}

static void take_new_order(struct swap *s, const struct swap_packet *p, const struct verified *v,
                           const struct order_state *st, struct buf *ret)
{
    autofree struct obeying *o = xzalloc(1, sizeof(*o));

    struct order_judgement by = order_check_start_by(&v->head, st->now_ms);

    o->s = s;
    if (by.outcome == ORDER_REFUSE)
        order_refuse(o, by.refusal, by.why);
    else
        o->done.refusal = lease_shown(p, &v->head, st, &s->trust, s->max_lease_ms, o->done.text);
    begin_record(o, v);
    carry_out_order(o, v);
    if (o->done.refusal != REFUSAL_NONE)
        take_back_refused(o, v);
    settle_order(o, v, ret);
}

void swap_answer_order(struct swap *s, const struct swap_packet *p, struct buf *ret_receipt)
{
    struct verified v;
    struct err err = ERR_INIT;
    char barred[TEXT_MAX];

    buf_clear(ret_receipt);
    if (envelope_verify(p->order, p->n, &v, &err) < 0 || v.head.is_receipt ||
        message_owner(v.head.kind) != OWNER_SWAP) {
        log_say(s->log, LOG_WARNING, EVENT_ORDER_REFUSED, "dropped an order: %s",
                err.kind != ERR_NONE ? err.text : "not for caravan-swap");
        return;
    }
    struct order_state st = make_order_state(s, &v, barred);
    struct order_judgement j = order_check(&v.head, &v.digest, &st);
    if (j.outcome == ORDER_DROP)
        log_say(s->log, LOG_WARNING, EVENT_ORDER_REFUSED, "dropped an order: %s", j.why);
    else if (j.outcome == ORDER_REPEAT)
        (void)buf_add(ret_receipt, s->phases.rec.kept[j.kept].bytes,
                      s->phases.rec.kept[j.kept].len);
    else if (j.outcome == ORDER_REFUSE)
        refuse_at_once(s, &v, &j, ret_receipt);
    else if (order_is_counted(v.head.kind))
        take_new_order(s, p, &v, &st, ret_receipt);
    else
        take_trust_order(s, &v, ret_receipt);
}
