#include "codec.h"
#include "listener_call.h"

struct lease_now call_lease_now(const struct listener *l)
{
    struct lease_now now = {
        .uptime_ms = (uint64_t)clock_mono(l->c.clock),
        .max_ttl_ms = l->c.max_lease_ms,
        .epoch_floor = l->view != NULL ? l->view->hello.swap_epoch : 0,
    };
    memcpy(now.session, l->c.session, SESSION_LEN);
    return now;
}

void call_receipt_head(const struct call *c, struct header *ret)
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

struct order_judgement call_judge(const struct call *c, const struct header *head, uint64_t epoch,
                                  uint64_t sequence, bool kept)
{
    struct order_state s = {
        .self = *keypair_public(c->l->c.key),
        .now_ms = (uint64_t)clock_mono(c->l->c.clock),
        .epoch = epoch,
        .sequence = sequence,
        .sender_named = c->named,
        .sender_may = c->may,
        .n_kept = kept ? 1 : 0,
        .kept = {c->v.digest},
    };
    memcpy(s.cluster, c->cluster, CLUSTER_ID_LEN);
    memcpy(s.session, c->l->c.session, SESSION_LEN);
    return order_judge(head, &c->v.digest, &s);
}

int call_sign(const struct call *c, struct receipt *r, struct buf *ret_inner)
{
    struct err err = ERR_INIT;
    call_receipt_head(c, &r->head);
    if (envelope_sign_receipt(r, c->l->c.key, ret_inner, &err) < 0) {
        log_say(c->l->c.log, LOG_ERROR, EVENT_NONE, "sign a %s receipt: %s",
                message_kind_name(r->head.kind), err.text);
        return -1;
    }
    return 0;
}

int call_send(const struct call *c, const void *inner, size_t n, struct buf *answer)
{
    struct err err = ERR_INIT;
    int rv = c->format == FRAME_PLAIN ? envelope_plain(inner, n, answer, &err)
                                      : envelope_seal(inner, n, &c->v.head.sender, answer, &err);
    if (rv < 0)
        log_say(c->l->c.log, LOG_ERROR, EVENT_NONE, "seal a receipt: %s", err.text);
    return rv;
}

int call_answer(const struct call *c, struct receipt *r, struct buf *answer)
{
    auto_buf struct buf inner = BUF_INIT;
    if (call_sign(c, r, &inner) < 0)
        return -1;
    return call_send(c, inner.data, inner.len, answer);
}
