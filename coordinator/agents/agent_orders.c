/* Orders to agents: signed once, sealed each time they are sent; what came of them. */
#include "agent.h"

#include "str.h"

int agents_sign(struct agents *a, const char *key, const struct order *o, struct buf *ret_inner,
                struct digest *ret_digest, struct err *err)
{
    const struct agent *g = agents_find(a, key);
    if (g == NULL || !g->keyed)
        return err_set(err, ERR_STATE, 0, "host %s has no enrolled agent", key);
    autofree struct order *mine = xalloc(sizeof *mine);
    memcpy(mine, o, sizeof *mine);
    mine->head.is_receipt = false;
    mine->head.version = WIRE_MAX;
    mine->head.receiver = g->pub;
    memcpy(mine->head.cluster, a->c.trust->cluster, CLUSTER_ID_LEN);
    size_t before = ret_inner->len;
    if (envelope_sign_order(mine, a->c.key, ret_inner, err) < 0)
        return -1;
    crypto_digest(ret_inner->data + before, ret_inner->len - before, ret_digest);
    return 0;
}

void agents_send(struct agents *a, const char *key, enum message_kind kind,
                 const unsigned char nonce[static NONCE_LEN], const void *inner, size_t n)
{
    auto_buf struct buf frame = BUF_INIT;
    struct err err = ERR_INIT;
    struct verified v;
    const struct agent *g = agents_find(a, key);
    struct agent nobody;
    if (g == NULL) {
        memset(&nobody, 0, sizeof nobody);
        str_cut(nobody.key, sizeof nobody.key, key);
        g = &nobody;
    }
    struct agent_call *c = agent_call_new(a, g, kind);
    c->order = true;
    c->head.kind = kind;
    memcpy(c->head.nonce, nonce, NONCE_LEN);
    /* Our own bytes, perhaps out of a ledger of long ago: they must still be whole. */
    if (envelope_verify(inner, n, &v, &err) == 0) {
        c->head = v.head;
        c->digest = v.digest;
        c->host = v.head.receiver;
        if (envelope_seal(inner, n, &v.head.receiver, &frame, &err) == 0) {
            agent_call_start(a, c, &frame);
            return;
        }
    }
    agent_queue_event(a, c, NULL, err.text);
    *c->from = c->next;
    if (c->next != NULL)
        c->next->from = c->from;
    free(c);
}

void agent_queue_event(struct agents *a, const struct agent_call *call, struct receipt *r,
                       const char *why)
{
    struct agent_queued *q = xzalloc(1, sizeof *q);
    str_cut(q->event.key, sizeof q->event.key, call->key);
    q->event.kind = call->kind;
    memcpy(q->event.nonce, call->head.nonce, NONCE_LEN);
    q->event.asked_ms = call->asked;
    q->event.receipt = r;
    str_cut(q->event.text, sizeof q->event.text, why);
    *a->last_event = q;
    a->last_event = &q->next;
}

bool agents_next(struct agents *a, struct agent_event *ret)
{
    struct agent_queued *q = a->events;
    if (q == NULL)
        return false;
    *ret = q->event;
    a->events = q->next;
    if (a->events == NULL)
        a->last_event = &a->events;
    free(q);
    /* What the host says from a moment after this was heard is about this order. */
    struct agent *g = agents_find(a, ret->key);
    if (g != NULL && ret->receipt != NULL && message_owner(ret->kind) == OWNER_SWAP) {
        g->instant_wanted = true;
        g->instant_due = clock_mono(a->c.clock) + AGENT_INSTANT_MS;
        agents_wake_at(a, g->instant_due);
    }
    return true;
}

void agent_event_free(struct agent_event *e)
{
    receipt_done_with(e->receipt);
    free(e->receipt);
    e->receipt = NULL;
}
