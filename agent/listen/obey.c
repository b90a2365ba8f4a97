#include <inttypes.h>
#include "codec.h"
#include "event_about.h"
#include "obey.h"
#include "str.h"

/* ---- orders the agent owns ---- */

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
    count_take(&s->noted, now->session, h->epoch, h->sequence);
    return r;
}

static enum refusal apply(const struct call *c, const struct lease_now *now, struct agent_state *s,
                          char *text)
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

static void fill_done(const struct call *c, const struct agent_state *s,
                      const struct lease_now *now, struct receipt_done *ret)
{
    ret->last_epoch = s->lease.epoch;
    ret->last_sequence = count_in(&s->noted, now->session, s->lease.epoch);
    if (c->v.head.kind == MSG_LEASE)
        lease_tell(&s->lease, now, &ret->lease);
}

/* The state after the order becomes durable together with its receipt, or not at
 * all. Under the lock. */
static int commit(const struct call *c, struct agent_state **next, const struct buf *inner)
{
    struct listener *l = c->l;
    struct err err = ERR_INIT;

    if (agent_state_keep(*next, &c->v.digest, inner, &err) < 0 ||
        agent_store_save(l->state_path, *next, &err) < 0) {
        log_say(l->c.log, LOG_ERROR, EVENT_NONE,
                "a %s order could not be made durable and is refused: %s",
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

/* Under the lock. Signs into ret_inner. */
static int obey_new(const struct call *c, struct buf *ret_inner, struct receipt_done *ret_done)
{
    struct listener *l = c->l;
    autofree struct agent_state *next = copy_state(l);
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct receipt_done *done = &r->u.done;
    struct lease_now now = call_lease_now(l);

    done->refusal = apply(c, &now, next, done->text);
    fill_done(c, next, &now, done);
    if (call_sign(c, r, ret_inner) < 0)
        return -1;
    if (commit(c, &next, ret_inner) < 0) {
        memset(done, 0, sizeof(*done));
        done->refusal = REFUSAL_IO;
        snprintf(done->text, sizeof(done->text), "%.200s cannot be written: look at the host's log",
                 l->state_path);
        fill_done(c, l->state, &now, done);
        buf_clear(ret_inner);
        if (call_sign(c, r, ret_inner) < 0)
            return -1;
    }
    *ret_done = *done;
    return 0;
}

/* Under the lock. A refusal that changes nothing. */
static int sign_refusal(const struct call *c, enum refusal refusal, const char *why,
                        struct buf *ret_inner, struct receipt_done *ret_done)
{
    autofree struct receipt *r = xzalloc(1, sizeof(*r));
    struct lease_now now = call_lease_now(c->l);

    r->u.done.refusal = refusal;
    str_cut(r->u.done.text, sizeof(r->u.done.text), why);
    fill_done(c, c->l->state, &now, &r->u.done);
    *ret_done = r->u.done;
    return call_sign(c, r, ret_inner);
}

/* Under the lock. */
static int judge_and_obey(const struct call *c, struct buf *ret_inner,
                          struct receipt_done *ret_done)
{
    const struct agent_state *s = c->l->state;
    const struct kept *kept = agent_state_kept(s, &c->v.digest);
    struct header head = c->v.head;
    uint64_t epoch = s->lease.epoch;

    if (head.kind == MSG_LEASE) {
        /* The revision it is based on stands for epoch and sequence (lease.h). */
        head.sequence = 1;
        epoch = 0;
    }
    struct order_judgement j = call_judge(
        c, &head, epoch, head.kind == MSG_LEASE ? 0 : count_in(&s->noted, c->l->c.session, epoch),
        kept != NULL);
    switch (j.outcome) {
    case ORDER_DROP:
        break;
    case ORDER_REPEAT:
        return buf_add(ret_inner, kept->receipt, kept->len);
    case ORDER_REFUSE:
        return sign_refusal(c, j.refusal, j.why, ret_inner, ret_done);
    case ORDER_NEW:
        return obey_new(c, ret_inner, ret_done);
    }
    return -1;
}

/* lease: as it is after the order. An accepted order about it is its holder's. */
static void log_outcome(const struct call *c, const struct receipt_done *d,
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
        log_say_about(log, LOG_INFO, EVENT_ORDER_ACCEPTED, &about, "%s order obeyed", about.order);
}

int obey_order(const struct call *c, struct buf *answer)
{
    struct listener *l = c->l;
    auto_buf struct buf inner = BUF_INIT;
    struct receipt_done done = {.refusal = REFUSAL_COUNT};

    pthread_rwlock_wrlock(&l->passing);
    pthread_mutex_lock(&l->lock);
    int rv = judge_and_obey(c, &inner, &done);
    struct lease lease = l->state->lease;
    pthread_mutex_unlock(&l->lock);
    pthread_rwlock_unlock(&l->passing);
    if (rv < 0)
        return -1;
    if (done.refusal != REFUSAL_COUNT) { /* not a repeat */
        log_outcome(c, &done, &lease);
        if (done.refusal == REFUSAL_NONE)
            status_hold_stir(l->hold);
    }
    return call_send(c, inner.data, inner.len, answer);
}

/* ---- orders for swap ---- */

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
    if (l->view != NULL) {
        done->last_sequence = l->view->hello.swap_sequence;
        done->last_epoch = l->view->hello.swap_epoch;
    }
    about.run = run.hex;
    log_say_about(l->c.log, LOG_WARNING, EVENT_ORDER_REFUSED, &about, "%s order refused (%s): %s",
                  about.order, about.refusal, why);
    return call_sign(c, r, ret_inner);
}

/* Under the lock. The same, and it takes the order's sequence and is kept: a copy
 * of the order that comes when the reason has gone is not obeyed after all. */
static int refuse_for_good(const struct call *c, enum refusal refusal, const char *why,
                           struct buf *ret_inner)
{
    const struct header *h = &c->v.head;
    autofree struct agent_state *next = copy_state(c->l);

    if (refuse_for_swap(c, refusal, why, ret_inner) < 0)
        return -1;
    if (h->epoch == next->lease.epoch)
        count_take(&next->refused, c->l->c.session, h->epoch, h->sequence);
    /* What cannot be remembered cannot be refused for good: unknown, then. */
    return commit(c, &next, ret_inner);
}

/* Under the lock. 1: the order goes to swap. 0: ret_inner is the answer. */
static int judge_for_swap(const struct call *c, struct buf *ret_inner)
{
    const struct listener *l = c->l;
    const struct header *h = &c->v.head;
    const struct kept *kept = agent_state_kept(l->state, &c->v.digest);
    const struct receipt_hello *swap = l->view != NULL ? &l->view->hello : NULL;
    struct lease_now now = call_lease_now(l);
    struct order_judgement j = call_judge(c, h, swap != NULL ? swap->swap_epoch : 0,
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
    if (h->sequence <= count_in(&l->state->refused, l->c.session, h->epoch))
        return refuse_for_swap(c, REFUSAL_SEQUENCE, "the sequence is not above one refused before",
                               ret_inner);
    enum refusal r = lease_allows(&l->state->lease, h->kind, h->epoch, &now, text);
    return r == REFUSAL_NONE ? 1 : refuse_for_good(c, r, text, ret_inner);
}

/* Under passing. 0: ret_inner is the answer. */
static int ask_swap(const struct call *c, struct buf *ret_inner)
{
    struct listener *l = c->l;
    struct err err = ERR_INIT;
    bool delivered;

    if (swap_link_call(l->c.swap, c->inner.data, c->inner.len, ret_inner, &delivered, &err) == 0)
        return ret_inner->len > 0 ? 0 : -1;
    log_say(l->c.log, LOG_ERROR, EVENT_NONE, "%s order: %s", message_kind_name(c->v.head.kind),
            err.text);
    if (delivered)
        return -1;
    pthread_mutex_lock(&l->lock);
    int rv = refuse_for_good(c, REFUSAL_IO, err.text, ret_inner);
    pthread_mutex_unlock(&l->lock);
    return rv;
}

int hand_on_order(const struct call *c, struct buf *answer)
{
    struct listener *l = c->l;
    auto_buf struct buf inner = BUF_INIT;

    pthread_rwlock_rdlock(&l->passing);
    pthread_mutex_lock(&l->lock);
    int rv = judge_for_swap(c, &inner);
    pthread_mutex_unlock(&l->lock);
    if (rv > 0)
        rv = ask_swap(c, &inner);
    pthread_rwlock_unlock(&l->passing);
    return rv < 0 ? -1 : call_send(c, inner.data, inner.len, answer);
}
