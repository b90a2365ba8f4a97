#include "codec.h"
#include "str.h"
#include "swap_orders.h"

/* ---- receipts ---- */

static int sign(struct swap *s, const struct verified *v, const struct receipt_done *done,
                struct buf *ret, struct err *err)
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

static void say_refused(struct swap *s, const struct verified *v, const struct receipt_done *d)
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

static void answer(struct swap *s, const struct verified *v, const struct receipt_done *done,
                   struct buf *ret)
{
    struct err err = ERR_INIT;

    say_refused(s, v, done);
    if (sign(s, v, done, ret, &err) < 0) {
        buf_clear(ret);
        log_say(s->log, LOG_ERROR, EVENT_NONE, "sign a receipt: %s", err.text);
    }
}

/* ---- the way of one order ---- */

static struct order_state state_for(const struct swap *s, const struct verified *v)
{
    const struct record *r = &s->phases.rec;
    struct order_state st = {
        .self = *keypair_public(s->key),
        .now_ms = (uint64_t)s->host.uptime(s->host.ctx),
        .epoch = r->epoch,
        .sequence = r->sequence,
        .sender_named = trust_allows(&s->trust, &v->head.sender, ROLE_NONE),
        .sender_may = trust_allows(&s->trust, &v->head.sender, message_role(v->head.kind)),
    };

    memcpy(st.cluster, s->trust.cluster, CLUSTER_ID_LEN);
    memcpy(st.session, s->session, SESSION_LEN);
    for (; st.n_kept < ORDER_KEPT && r->kept[st.n_kept].len > 0; st.n_kept++)
        st.kept[st.n_kept] = r->kept[st.n_kept].order;
    return st;
}

static void begin_record(struct obeying *o, const struct verified *v)
{
    o->next = o->s->phases.rec;
    if (v->head.epoch > o->next.epoch)
        o->next.sequence = 0;
    o->next.epoch = v->head.epoch;
    o->next.sequence = v->head.sequence;
}

/* What a refusal leaves of the record: the sequence is taken, nothing else. */
static void take_back(struct obeying *o, const struct verified *v)
{
    struct record next = o->s->phases.rec;

    next.epoch = v->head.epoch;
    next.sequence = v->head.sequence;
    o->next = next;
    o->after = NULL;
    o->fetches = false;
}

static void carry_out(struct obeying *o, const struct verified *v)
{
    struct err err = ERR_INIT;
    autofree struct order *order = xzalloc(1, sizeof(*order));

    begin_record(o, v);
    order->head = v->head;
    o->order = order;
    if (codec_read_order(v->payload, v->payload_len, order, &err) < 0) {
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
    if (o->done.refusal != REFUSAL_NONE)
        take_back(o, v);
}

/* The receipt is kept in the same record that takes the sequence: both or none. */
static void settle(struct obeying *o, const struct verified *v, struct buf *ret)
{
    struct swap *s = o->s;
    struct err err = ERR_INIT;

    o->done.last_sequence = v->head.sequence;
    o->done.last_epoch = v->head.epoch;
    o->done.trust_version = s->trust.version;
    answer(s, v, &o->done, ret);
    if (ret->len == 0)
        return;
    record_keep(&o->next, &v->digest, ret->data, ret->len);
    if (phases_accept(&s->phases, &o->next, o->fetches ? &o->job : NULL, &err) < 0) {
        struct receipt_done failed = {.refusal = REFUSAL_IO,
                                      .last_sequence = s->phases.rec.sequence,
                                      .last_epoch = s->phases.rec.epoch};

        str_cut(failed.text, sizeof(failed.text), err.text);
        buf_clear(ret);
        answer(s, v, &failed, ret);
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
    struct receipt_done done = {.refusal = j->refusal,
                                .last_sequence = s->phases.rec.sequence,
                                .last_epoch = s->phases.rec.epoch,
                                .trust_version = s->trust.version};

    str_cut(done.text, sizeof(done.text), j->why);
    answer(s, v, &done, ret);
}

static void take_new(struct swap *s, const struct verified *v, struct buf *ret)
{
    autofree struct obeying *o = xzalloc(1, sizeof(*o));

    o->s = s;
    carry_out(o, v);
    settle(o, v, ret);
}

void swap_obey(struct swap *s, const void *inner, size_t n, struct buf *ret_receipt)
{
    struct verified v;
    struct order_state st;
    struct order_judgement j;
    struct err err = ERR_INIT;

    buf_clear(ret_receipt);
    if (envelope_verify(inner, n, &v, &err) < 0 || v.head.is_receipt ||
        message_owner(v.head.kind) != OWNER_SWAP) {
        log_say(s->log, LOG_WARNING, EVENT_ORDER_REFUSED, "dropped an order: %s",
                err.kind != ERR_NONE ? err.text : "not for caravan-swap");
        return;
    }
    st = state_for(s, &v);
    j = order_judge(&v.head, &v.digest, &st);
    if (j.outcome == ORDER_DROP)
        log_say(s->log, LOG_WARNING, EVENT_ORDER_REFUSED, "dropped an order: %s", j.why);
    else if (j.outcome == ORDER_REPEAT)
        (void)buf_add(ret_receipt, s->phases.rec.kept[j.kept].bytes,
                      s->phases.rec.kept[j.kept].len);
    else if (j.outcome == ORDER_REFUSE)
        refuse_at_once(s, &v, &j, ret_receipt);
    else
        take_new(s, &v, ret_receipt);
}
