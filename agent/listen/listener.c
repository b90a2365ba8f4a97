#include <inttypes.h>
#include <pthread.h>
#include "codec.h"
#include "event_about.h"
#include "listener.h"
#include "order_check.h"
#include "stamp_check.h"
#include "str.h"
#include "receipts.h"

struct listener {
    struct listener_config c;
    char state_path[300];
    struct status_hold *hold;
    /* Readers: orders on their way to caravan-swap. Writer: an order that may change the lease. */
    pthread_rwlock_t passing;
    pthread_mutex_t lock; /* protects all members below; taken after `passing` */
    bool trusted;
    struct trust trust;
    struct swap_status *shown; /* NULL: unknown */
    int64_t facts_asked_ms;    /* when caravan-swap was last woken for new facts */
    int64_t enrolled_ms;       /* when a new hello of enrolment was last answered */
    int64_t again_ms;          /* when a repeated hello of enrolment was last answered */
    struct digest enrolled[ENROLMENT_SEEN]; /* the hellos answered last */
    unsigned n_enrolled;                    /* number of hellos answered so far */
    char why[TEXT_MAX];                     /* why the view is unknown */
    struct agent_state *state;
    struct buf lease_order; /* the newest accepted take or renew; empty after a start */
};

/* One order being answered. */
struct call {
    struct listener *l;
    struct buf inner;
    enum frame_format format;
    struct verified v;
    bool named, may;       /* the sender has a role; the sender may send this kind of order */
    char barred[TEXT_MAX]; /* why root's list forbids the order; "": the list does not */
    unsigned char cluster[CLUSTER_ID_LEN];
};

int listener_new(const struct listener_config *c, struct listener **ret, struct err *err)
{
    struct listener *l = xzalloc(1, sizeof(*l));
    l->c = *c;
    str_cut(l->state_path, sizeof(l->state_path), c->state_path);
    l->state = xzalloc(1, sizeof(*l->state));
    str_cut(l->why, sizeof(l->why), "caravan-swap has not reported its state yet");
    pthread_mutex_init(&l->lock, NULL);
    pthread_rwlock_init(&l->passing, NULL);
    l->enrolled_ms = l->again_ms = -ENROLMENT_MS;
    l->hold = status_hold_new(c->max_held);
    if (agent_store_load(l->state_path, l->state, err) < 0) {
        listener_free(l);
        return -1;
    }
    *ret = l;
    return 0;
}

void listener_free(struct listener *l)
{
    if (l == NULL)
        return;
    status_hold_free(l->hold);
    pthread_rwlock_destroy(&l->passing);
    pthread_mutex_destroy(&l->lock);
    free(l->shown);
    free(l->state);
    buf_free(&l->lease_order);
    free(l);
}

void listener_set_trust(struct listener *l, const struct trust *trust)
{
    pthread_mutex_lock(&l->lock);
    l->trust = *trust;
    l->trusted = true;
    pthread_mutex_unlock(&l->lock);
}

void listener_set_status(struct listener *l, const struct swap_status *shown, const char *why)
{
    pthread_mutex_lock(&l->lock);
    if (shown != NULL && l->shown == NULL)
        l->shown = xalloc(sizeof(*l->shown));
    if (shown != NULL) {
        *l->shown = *shown;
    } else {
        free(take_ptr(&l->shown));
        str_cut(l->why, sizeof(l->why), why);
    }
    pthread_mutex_unlock(&l->lock);
    status_hold_revision(l->hold, shown != NULL ? shown->status.work.revision : 0);
}

void listener_stop(struct listener *l)
{
    status_hold_stop(l->hold);
}

/* ---- used by every answer; called without the lock, unless the comment says otherwise ---- */

/* Under the lock. */
static struct lease_now read_lease_now(const struct listener *l)
{
    struct lease_now now = {
        .uptime_ms = (uint64_t)clock_mono(l->c.clock),
        .max_ttl_ms = l->c.max_lease_ms,
        .epoch_floor = l->shown != NULL ? l->shown->hello.swap_epoch : 0,
    };
    memcpy(now.session, l->c.session, SESSION_LEN);
    return now;
}

static void fill_receipt_head(const struct call *c, struct header *ret)
{
    const struct header *o = &c->v.head;
    memset(ret, 0, sizeof(*ret));
    ret->kind = o->kind;
    ret->is_receipt = true;
    ret->version = o->version;
    memcpy(ret->cluster, o->cluster, CLUSTER_ID_LEN);
    ret->receiver = o->sender;
    memcpy(ret->nonce, o->nonce, NONCE_LEN);
    memcpy(ret->session, c->l->c.session, SESSION_LEN);
    ret->epoch = o->epoch;
    ret->sequence = o->sequence;
    ret->time_ms = (uint64_t)clock_mono(c->l->c.clock);
    ret->order = c->v.digest;
}

/* Asks order_check. head: the call's own header, or a copy in which epoch and sequence are
 * replaced. epoch and sequence: the highest ones taken. kept: a receipt for these bytes exists. An
 * order for caravan-swap is never too far ahead here: only caravan-swap knows its counts. */
static struct order_judgement judge_call(const struct call *c, const struct header *head,
                                         uint64_t epoch, uint64_t sequence, bool kept)
{
    struct order_state s = {
        .self = *keypair_public(c->l->c.key),
        .now_ms = (uint64_t)clock_mono(c->l->c.clock),
        .epoch = epoch,
        .sequence = sequence,
        .epoch_most = UINT64_MAX,
        .sequence_most =
            message_owner(head->kind) == OWNER_SWAP ? UINT64_MAX : order_limit(sequence),
        .sender_named = c->named,
        .sender_may = c->may,
        .barred = c->barred,
        .n_kept = kept ? 1 : 0,
        .kept = {c->v.digest},
    };
    memcpy(s.cluster, c->cluster, CLUSTER_ID_LEN);
    memcpy(s.session, c->l->c.session, SESSION_LEN);
    return order_check(head, &c->v.digest, &s);
}

/* Fills the header of the receipt and signs it. */
static int sign_receipt_of_call(const struct call *c, struct receipt *r, struct buf *ret_inner)
{
    struct err err = ERR_INIT;
    fill_receipt_head(c, &r->head);
    if (envelope_sign_receipt(r, c->l->c.key, ret_inner, &err) < 0) {
        log_say(c->l->c.log, LOG_ERROR, EVENT_NONE, "sign a %s receipt: %s",
                message_kind_name(r->head.kind), err.text);
        return -1;
    }
    return 0;
}

/* Seals signed inner bytes to the order's sender. Somebody else may have sent a copy of it. */
static int seal_answer(const struct call *c, const void *inner, size_t n, struct buf *answer)
{
    struct err err = ERR_INIT;
    int rv = envelope_seal(inner, n, &c->v.head.sender, answer, &err);

    if (rv < 0)
        log_say(c->l->c.log, LOG_ERROR, EVENT_NONE, "seal a receipt: %s", err.text);
    return rv;
}

static int sign_and_seal_answer(const struct call *c, struct receipt *r, struct buf *answer)
{
    auto_buf struct buf inner = BUF_INIT;
    if (sign_receipt_of_call(c, r, &inner) < 0)
        return -1;
    return seal_answer(c, inner.data, inner.len, answer);
}

/* ---- hello and status ---- */

/* If the view is out of date, wakes caravan-swap behind its socket, so that it writes a new view. A
 * caravan-swap that always runs (without systemd) looks by itself. */
static void freshen_view(struct listener *l)
{
    uint64_t revision = 0;
    enum stamp_age age = STAMP_OLD;

    pthread_mutex_lock(&l->lock);
    if (l->shown != NULL) {
        const struct receipt_status *told = &l->shown->status;
        bool rests = phase_rests(told->work.phase); /* else caravan-swap runs and reports */
        int64_t now = clock_mono(l->c.clock);

        revision = told->work.revision;
        age = rests ? stamp_check(&l->shown->hello.stamp, l->c.binary) : STAMP_FRESH;
        if (rests && hold_file_changed(told, l->c.hold_file))
            age = STAMP_OLD;
        /* The other facts are renewed from time to time. If caravan-swap does not answer, the next
         * hello or status does not wait for it again. */
        int64_t last_ms = MAX_OF((int64_t)(revision / 1000), l->facts_asked_ms);
        if (age == STAMP_FRESH && rests && now > last_ms + facts_valid_ms(told, now)) {
            l->facts_asked_ms = now;
            age = STAMP_OLD;
        }
    }
    pthread_mutex_unlock(&l->lock);
    if (age == STAMP_FRESH || !swap_link_nudge(l->c.swap))
        return;
    if (age == STAMP_OLD)
        status_hold_wait(l->hold, revision, FRESHEN_MS);
}

/* Under the lock. */
static bool has_enrolled(const struct listener *l, const struct digest *hello)
{
    for (unsigned i = 0; i < MIN_OF(l->n_enrolled, (unsigned)ENROLMENT_SEEN); i++)
        if (digest_eq(&l->enrolled[i], hello))
            return true;
    return false;
}

/* A hello of enrolment has no session and no sequence, so it may be a copy, sent by anybody. A
 * repeated hello waits for new ones, and a new hello never waits for repeated ones: otherwise
 * copies could use up all the answers. */
static bool may_enrol(struct listener *l, const struct digest *hello)
{
    int64_t now = clock_mono(l->c.clock);

    pthread_mutex_lock(&l->lock);
    bool again = has_enrolled(l, hello);
    int64_t last = again ? MAX_OF(l->enrolled_ms, l->again_ms) : l->enrolled_ms;
    bool may = now - last >= ENROLMENT_MS;
    if (may && again) {
        l->again_ms = now;
    } else if (may) {
        l->enrolled_ms = now;
        l->enrolled[l->n_enrolled++ % ENROLMENT_SEEN] = *hello;
    }
    pthread_mutex_unlock(&l->lock);
    return may;
}

static int answer_hello(const struct call *c, struct buf *answer)
{
    struct listener *l = c->l;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));

    if (c->format == FRAME_PLAIN && !may_enrol(l, &c->v.digest))
        return -1;
    freshen_view(l);
    pthread_mutex_lock(&l->lock);
    const struct receipt_sources t = {l->shown, l->why, l->state, read_lease_now(l)};
    receipts_fill_hello(&t, &r->u.hello);
    r->u.hello.trust_version = l->trust.version; /* the trust used here; the view may be older */
    pthread_mutex_unlock(&l->lock);
    return sign_and_seal_answer(c, r, answer);
}

static void fill_held_status(const struct call *c, const struct order_status *o, struct receipt *r)
{
    struct listener *l = c->l;
    pthread_mutex_lock(&l->lock);
    const struct receipt_sources t = {l->shown, l->why, l->state, read_lease_now(l)};
    receipts_fill_status(&t, o, &r->u.status);
    pthread_mutex_unlock(&l->lock);
}

/* Notes, facts and log together may be too large for one receipt. The caller then cuts the log. */
static bool fits_into_receipt(const struct receipt *r)
{
    auto_buf struct buf payload = BUF_INIT;
    struct err err = ERR_INIT;
    return codec_pack_receipt(r, &payload, &err) == 0 && payload.len <= RECEIPT_PAYLOAD_MAX;
}

static int answer_status(const struct call *c, struct buf *answer)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    struct err err = ERR_INIT;

    o->head = c->v.head;
    if (codec_read_order(c->v.payload, c->v.payload_len, o, &err) < 0)
        return -1;
    freshen_view(c->l);
    status_hold_wait(c->l->hold, o->u.status.after, o->u.status.wait_ms);
    autofree struct receipt *r = xzalloc(1, sizeof(*r)); /* large, so not before the wait */
    fill_held_status(c, &o->u.status, r);
    fill_receipt_head(c, &r->head);
    r->u.status.n_facts = MIN_OF(r->u.status.n_facts, message_facts_max(r->head.version));
    while (!fits_into_receipt(r) && r->u.status.n_log > 0) {
        r->u.status.n_log /= 2;
        r->u.status.log_cursor = r->u.status.n_log > 0
                                     ? r->u.status.log[r->u.status.n_log - 1].cursor
                                     : o->u.status.log_after;
    }
    int rv = sign_and_seal_answer(c, r, answer);
    receipt_done_with(r);
    return rv;
}

/* ---- orders that caravan-agent carries out itself ---- */

static enum refusal apply_lease(const struct call *c, const struct order *o,
                                const struct lease_now *now, struct agent_state *s, char *text)
{
    return lease_apply(&s->lease, &o->u.lease, c->v.head.epoch, now, &s->lease, text);
}

static enum refusal apply_note(const struct call *c, const struct order *o,
                               const struct lease_now *now, struct agent_state *s, char *text)
{
    const struct header *h = &c->v.head;
    enum refusal r = lease_allows(&s->lease, MSG_NOTE, h->epoch, now, text);

    if (r == REFUSAL_NONE)
        r = notes_apply(&s->notes, &o->u.note, text);
    if (h->epoch == s->lease.epoch) /* an order of another epoch must not reset the count */
        sequences_take(&s->noted, now->session, h->epoch, h->sequence);
    return r;
}

static enum refusal apply_own_order(const struct call *c, const struct lease_now *now,
                                    struct agent_state *s, char *text)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    struct err err = ERR_INIT;

    o->head = c->v.head;
    if (codec_read_order(c->v.payload, c->v.payload_len, o, &err) < 0) {
        str_cut(text, TEXT_MAX, err.text);
        return REFUSAL_FORMAT;
    }
    return c->v.head.kind == MSG_LEASE ? apply_lease(c, o, now, s, text)
                                       : apply_note(c, o, now, s, text);
}

static void fill_own_receipt(const struct call *c, const struct agent_state *s,
                             const struct lease_now *now, struct receipt_done *ret)
{
    ret->last_epoch = s->lease.epoch;
    ret->last_sequence = sequences_in(&s->noted, now->session, s->lease.epoch);
    if (c->v.head.kind == MSG_LEASE)
        lease_describe(&s->lease, now, &ret->lease);
}

/* Under the lock. The new state and the receipt become durable together, or neither does. */
static int commit_state(const struct call *c, struct agent_state **next, const struct buf *inner)
{
    struct listener *l = c->l;
    struct err err = ERR_INIT;

    if (agent_state_keep(*next, &c->v.digest, inner, &err) < 0 ||
        agent_store_save(l->state_path, *next, &err) < 0) {
        log_say(l->c.log, LOG_ERROR, EVENT_NONE,
                "a %s order is refused, because it could not be stored: %s",
                message_kind_name(c->v.head.kind), err.text);
        return -1;
    }
    free(l->state);
    l->state = take_ptr(next);
    return 0;
}

static struct agent_state *copy_state(const struct listener *l)
{
    struct agent_state *next = xalloc(sizeof(*next));
    *next = *l->state;
    return next;
}

/* Under the lock. Keeps the order if it is an accepted take or renew. (A pause contains no time,
 * and a lease that was given back needs no proof.) */
static void keep_lease_order(const struct call *c)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    struct err err = ERR_INIT;

    o->head = c->v.head;
    if (c->v.head.kind != MSG_LEASE || c->inner.len > SWAP_LEASE_MAX ||
        codec_read_order(c->v.payload, c->v.payload_len, o, &err) < 0 ||
        (o->u.lease.op != LEASE_TAKE && o->u.lease.op != LEASE_RENEW))
        return;
    buf_clear(&c->l->lease_order);
    (void)buf_add(&c->l->lease_order, c->inner.data, c->inner.len);
}

/* Under the lock. Carries out the order and signs the receipt into ret_inner. */
static int carry_out_new(const struct call *c, struct buf *ret_inner, struct receipt_done *ret_done)
{
    struct listener *l = c->l;
    autofree struct agent_state *next = copy_state(l);
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct receipt_done *done = &r->u.done;
    struct lease_now now = read_lease_now(l);

    done->refusal = apply_own_order(c, &now, next, done->text);
    fill_own_receipt(c, next, &now, done);
    if (sign_receipt_of_call(c, r, ret_inner) < 0)
        return -1;
    if (commit_state(c, &next, ret_inner) < 0) {
        memset(done, 0, sizeof(*done));
        done->refusal = REFUSAL_IO;
        snprintf(done->text, sizeof(done->text),
                 "%.180s cannot be written: see caravan-agent's log", l->state_path);
        fill_own_receipt(c, l->state, &now, done);
        buf_clear(ret_inner);
        if (sign_receipt_of_call(c, r, ret_inner) < 0)
            return -1;
    }
    if (done->refusal == REFUSAL_NONE)
        keep_lease_order(c);
    *ret_done = *done;
    return 0;
}

/* Under the lock. Signs a refusal; the state does not change. */
static int sign_refusal(const struct call *c, enum refusal refusal, const char *why,
                        struct buf *ret_inner, struct receipt_done *ret_done)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct lease_now now = read_lease_now(c->l);

    r->u.done.refusal = refusal;
    str_cut(r->u.done.text, sizeof(r->u.done.text), why);
    fill_own_receipt(c, c->l->state, &now, &r->u.done);
    *ret_done = r->u.done;
    return sign_receipt_of_call(c, r, ret_inner);
}

/* Under the lock. */
static int judge_own_order(const struct call *c, struct buf *ret_inner,
                           struct receipt_done *ret_done)
{
    const struct agent_state *s = c->l->state;
    const struct kept_reply *kept = agent_state_kept(s, &c->v.digest);
    struct header head = c->v.head;
    uint64_t epoch = s->lease.epoch;

    if (head.kind == MSG_LEASE) {
        /* A lease order has a revision in place of epoch and sequence (lease.h). */
        head.sequence = 1;
        head.epoch = epoch = 0;
    }
    struct order_judgement j = judge_call(
        c, &head, epoch,
        head.kind == MSG_LEASE ? 0 : sequences_in(&s->noted, c->l->c.session, epoch), kept != NULL);
    switch (j.outcome) {
    case ORDER_DROP:
        break;
    case ORDER_REPEAT:
        return buf_add(ret_inner, kept->receipt, kept->len);
    case ORDER_REFUSE:
        return sign_refusal(c, j.refusal, j.why, ret_inner, ret_done);
    case ORDER_NEW:
        return carry_out_new(c, ret_inner, ret_done);
    }
    return -1;
}

/* lease: the lease after the order. An accepted lease order belongs to the run that holds it. */
static void log_own_order(const struct call *c, const struct receipt_done *d,
                          const struct lease *lease)
{
    const struct log *log = c->l->c.log;
    const struct header *h = &c->v.head;
    bool changed = h->kind == MSG_LEASE && d->refusal == REFUSAL_NONE;
    struct event_run run = event_run_of(lease, changed ? lease->epoch : h->epoch);
    struct log_about about = event_about_order(h, d->refusal);

    about.run = run.hex;
    if (d->refusal != REFUSAL_NONE)
        log_say_about(log, LOG_WARNING, EVENT_ORDER_REFUSED, &about, "%s order refused (%s): %s",
                      about.order, about.refusal, d->text);
    else if (changed && d->lease.held)
        log_say_about(log, LOG_INFO, d->lease.paused ? EVENT_PAUSED : EVENT_LEASE_TAKEN, &about,
                      "lease of run %s, epoch %" PRIu64 ", revision %" PRIu64 ", %" PRIu32 " s%s",
                      run.hex, d->lease.epoch, d->lease.revision, d->lease.expires_in_ms / 1000,
                      d->lease.paused ? ", paused" : "");
    else if (changed)
        log_say_about(log, LOG_INFO, EVENT_LEASE_RELEASED, &about, "lease of run %s has ended",
                      run.hex);
    else
        log_say_about(log, LOG_INFO, EVENT_ORDER_ACCEPTED, &about, "%s order done", about.order);
}

/* 0: answer contains a frame. -1: there is no answer. */
static int answer_own_order(const struct call *c, struct buf *answer)
{
    struct listener *l = c->l;
    auto_buf struct buf inner = BUF_INIT;
    struct receipt_done done = {.refusal = REFUSAL_COUNT};

    pthread_rwlock_wrlock(&l->passing);
    pthread_mutex_lock(&l->lock);
    int rv = judge_own_order(c, &inner, &done);
    struct lease lease = l->state->lease;
    pthread_mutex_unlock(&l->lock);
    pthread_rwlock_unlock(&l->passing);
    if (rv < 0)
        return -1;
    if (done.refusal != REFUSAL_COUNT) { /* not a repeat */
        log_own_order(c, &done, &lease);
        if (done.refusal == REFUSAL_NONE)
            status_hold_release(l->hold);
        if (l->c.keeps_for_others && c->v.head.kind == MSG_LEASE && !lease.held)
            (void)swap_link_nudge(l->c.swap);
    }
    return seal_answer(c, inner.data, inner.len, answer);
}

/* ---- orders for caravan-swap ---- */

/* Under the lock. */
static int refuse_for_swap(const struct call *c, enum refusal refusal, const char *why,
                           struct buf *ret_inner)
{
    const struct listener *l = c->l;
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct receipt_done *done = &r->u.done;
    struct event_run run = event_run_of(&l->state->lease, c->v.head.epoch);
    struct log_about about = event_about_order(&c->v.head, refusal);

    done->refusal = refusal;
    str_cut(done->text, sizeof(done->text), why);
    if (l->shown != NULL) {
        done->last_sequence = l->shown->hello.swap_sequence;
        done->last_epoch = l->shown->hello.swap_epoch;
    }
    /* Sequences refused here are taken too, and the coordinator must know the highest one. */
    done->last_sequence = MAX_OF(done->last_sequence,
                                 sequences_in(&l->state->refused, l->c.session, c->v.head.epoch));
    about.run = run.hex;
    log_say_about(l->c.log, LOG_WARNING, EVENT_ORDER_REFUSED, &about, "%s order refused (%s): %s",
                  about.order, about.refusal, why);
    return sign_receipt_of_call(c, r, ret_inner);
}

/* Under the lock. The highest refused sequence that is counted: half as far ahead as caravan-swap
 * accepts (order_check.h). So above it there is always a sequence that both programs accept. */
static uint64_t find_refused_limit(const struct listener *l)
{
    uint64_t last = 0;

    if (l->shown != NULL)
        last = MAX_OF(l->shown->hello.swap_sequence, l->shown->status.work.order_sequence);
    return last > UINT64_MAX - ORDER_AHEAD_MAX / 2 ? UINT64_MAX : last + ORDER_AHEAD_MAX / 2;
}

/* Under the lock. Refuses, takes the order's sequence and keeps the receipt. So a copy of the order
 * that arrives when the reason for the refusal is gone is refused too. */
static int refuse_and_count(const struct call *c, enum refusal refusal, const char *why,
                            struct buf *ret_inner)
{
    const struct header *h = &c->v.head;
    autofree struct agent_state *next = copy_state(c->l);

    if (refuse_for_swap(c, refusal, why, ret_inner) < 0)
        return -1;
    if (h->epoch == next->lease.epoch && order_is_counted(h->kind) &&
        h->sequence <= find_refused_limit(c->l))
        sequences_take(&next->refused, c->l->c.session, h->epoch, h->sequence);
    /* If the refusal cannot be stored, it is not sent: the outcome stays unknown. */
    return commit_state(c, &next, ret_inner);
}

/* Under the lock. 1: the order goes to caravan-swap. 0: ret_inner is the answer. */
static int judge_for_swap(const struct call *c, struct buf *ret_inner)
{
    const struct listener *l = c->l;
    const struct header *h = &c->v.head;
    const struct kept_reply *kept = agent_state_kept(l->state, &c->v.digest);
    const struct receipt_hello *swap = l->shown != NULL ? &l->shown->hello : NULL;
    struct lease_now now = read_lease_now(l);
    struct order_judgement j = judge_call(c, h, swap != NULL ? swap->swap_epoch : 0,
                                          swap != NULL ? swap->swap_sequence : 0, kept != NULL);
    char text[TEXT_MAX] = "";

    if (j.outcome == ORDER_DROP)
        return -1;
    if (j.outcome == ORDER_REPEAT)
        return buf_add(ret_inner, kept->receipt, kept->len);
    if (j.outcome == ORDER_REFUSE && j.refusal == REFUSAL_ROLE)
        return refuse_for_swap(c, j.refusal, j.why, ret_inner);
    if (j.outcome == ORDER_REFUSE)
        return 1;
    if (order_is_counted(h->kind) &&
        h->sequence <= sequences_in(&l->state->refused, l->c.session, h->epoch))
        return refuse_for_swap(c, REFUSAL_SEQUENCE, "the sequence is not above a refused one",
                               ret_inner);
    enum refusal r = lease_allows(&l->state->lease, h->kind, h->epoch, &now, text);
    return r == REFUSAL_NONE ? 1 : refuse_and_count(c, r, text, ret_inner);
}

/* Under `passing`. 0: ret_inner is the answer. */
static int forward_to_swap(const struct call *c, struct buf *ret_inner)
{
    struct listener *l = c->l;
    auto_buf struct buf lease = BUF_INIT;
    struct err err = ERR_INIT;
    bool delivered;

    pthread_mutex_lock(&l->lock);
    (void)buf_add(&lease, l->lease_order.data, l->lease_order.len);
    pthread_mutex_unlock(&l->lock);
    struct swap_packet p = {c->inner.data, c->inner.len, lease.data, lease.len};
    int called = swap_link_call(l->c.swap, &p, ret_inner, &delivered, &err);
    if (called == 0 && ret_inner->len == 0 && p.n_lease > 0) {
        /* A caravan-swap up to version 0.1.0 that still runs after an upgrade of the package drops
         * a packet with a lease order in it. A newer one that needs the lease refuses the order. */
        p.n_lease = 0;
        called = swap_link_call(l->c.swap, &p, ret_inner, &delivered, &err);
    }
    if (called == 0)
        return ret_inner->len > 0 ? 0 : -1;
    log_say(l->c.log, LOG_ERROR, EVENT_NONE, "%s order: %s", message_kind_name(c->v.head.kind),
            err.text);
    if (delivered)
        return -1;
    pthread_mutex_lock(&l->lock);
    int rv = order_is_counted(c->v.head.kind) ? refuse_and_count(c, REFUSAL_IO, err.text, ret_inner)
                                              : refuse_for_swap(c, REFUSAL_IO, err.text, ret_inner);
    pthread_mutex_unlock(&l->lock);
    return rv;
}

/* Checks an order for caravan-swap as far as caravan-agent can, and passes it on. */
static int forward_order(const struct call *c, struct buf *answer)
{
    struct listener *l = c->l;
    auto_buf struct buf inner = BUF_INIT;

    pthread_rwlock_rdlock(&l->passing);
    pthread_mutex_lock(&l->lock);
    int rv = judge_for_swap(c, &inner);
    pthread_mutex_unlock(&l->lock);
    if (rv > 0)
        rv = forward_to_swap(c, &inner);
    pthread_rwlock_unlock(&l->passing);
    return rv < 0 ? -1 : seal_answer(c, inner.data, inner.len, answer);
}

/* ---- which orders get an answer ---- */

/* Sealed to this host; or a hello of enrolment, which is plain and has no receiver. */
static bool is_for_this_key(const struct call *c)
{
    const struct header *h = &c->v.head;
    return c->format == FRAME_SEALED ? pubkey_eq(&h->receiver, keypair_public(c->l->c.key))
                                     : h->kind == MSG_HELLO && pubkey_is_zero(&h->receiver);
}

static bool is_from_known_sender(struct call *c)
{
    struct listener *l = c->l;
    const struct header *h = &c->v.head;
    int64_t wall_s = clock_wall(l->c.clock) / 1000;
    pthread_mutex_lock(&l->lock);
    c->may = l->trusted && operators_may(l->c.operators, &l->trust, h, wall_s, c->barred);
    c->named = c->may || (l->trusted && trust_allows(&l->trust, &h->sender, ROLE_NONE, wall_s));
    memcpy(c->cluster, l->trust.cluster, CLUSTER_ID_LEN);
    pthread_mutex_unlock(&l->lock);
    return !h->is_receipt && c->named && memcmp(h->cluster, c->cluster, CLUSTER_ID_LEN) == 0 &&
           is_for_this_key(c);
}

static int answer_order(struct call *c, struct buf *answer)
{
    if (!is_from_known_sender(c))
        return -1;
    if (c->v.head.kind == MSG_HELLO)
        return answer_hello(c, answer);
    if (c->v.head.kind == MSG_STATUS)
        return c->may ? answer_status(c, answer) : -1;
    return message_owner(c->v.head.kind) == OWNER_AGENT ? answer_own_order(c, answer)
                                                        : forward_order(c, answer);
}

int listener_handle(void *ctx, const void *frame, size_t n, struct buf *answer)
{
    struct call c = {.l = ctx, .inner = BUF_INIT};
    struct err err = ERR_INIT;
    int rv = -1;

    if (envelope_open(frame, n, c.l->c.key, INNER_ORDER_MAX, &c.inner, &c.format, &err) == 0 &&
        envelope_verify(c.inner.data, c.inner.len, &c.v, &err) == 0)
        rv = answer_order(&c, answer);
    buf_free(&c.inner);
    return rv;
}
