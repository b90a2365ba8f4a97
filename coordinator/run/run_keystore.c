#include "run_keystore.h"

#include "orders_sent.h"
#include "decide_keystore.h"
#include "lease_book.h"

#define IO_TRIES 3 /* the disk is full, or Nomad changes its keys at this moment */

/* How often an order is given again after this refusal; 0: the refusal is final. */
static uint32_t tries_for(enum refusal r)
{
    static const uint32_t tries[REFUSAL_COUNT] = {
        [REFUSAL_SESSION] = KEYSTORE_TRIES,
        [REFUSAL_EPOCH] = KEYSTORE_TRIES,
        [REFUSAL_SEQUENCE] = KEYSTORE_TRIES,
        [REFUSAL_REPLAYED] = KEYSTORE_TRIES,
        [REFUSAL_LATE] = KEYSTORE_TRIES,
        [REFUSAL_LEASE] = KEYSTORE_TRIES,
        [REFUSAL_PAUSED] = KEYSTORE_TRIES,
        [REFUSAL_BUSY] = KEYSTORE_TRIES,
        [REFUSAL_IO] = IO_TRIES,
    };
    return (unsigned)r < REFUSAL_COUNT ? tries[r] : 0;
}

static void retry_copy(struct run *r, struct ledger_host *lh, uint32_t tries, const char *why)
{
    struct ledger_keys *k = &lh->keys;

    call_failed(&k->call, r->config->ports->now(r->config->ports->ctx));
    k->refused = k->call.failures >= tries;
    str_cut(k->problem, sizeof(k->problem), why);
    lh->dirty = true;
    run_moved(r);
}

/* ---- the order ---- */

static int order_copy(struct run *r, struct ledger_host *lh, struct err *err)
{
    const struct ports *ports = r->config->ports;
    const struct host *h = world_host(r->world, lh->key);
    autofree struct order *o = xzalloc(1, sizeof(*o));
    struct call *c = &lh->keys.call;
    struct digest digest;
    unsigned char salt[NONCE_LEN];

    if (c->outstanding)
        retry_copy(r, lh, KEYSTORE_TRIES, "its agent does not answer");
    if (h == NULL || lh->keys.refused)
        return 0;
    o->head.kind = MSG_PRESERVE;
    o->head.sequence = order_sequence(lh, &h->agent);
    o->head.time_ms = order_uptime(&h->agent, ports->now(ports->ctx)) + STAGE_BY_MS;
    memcpy(o->u.preserve.run_id, r->config->ledger->run_id, RUN_ID_LEN);
    order_nonce(r, lh, &o->head, salt);
    int rv = order_sign(r, lh->key, o, c, &lh->keys.inner, &digest, err);
    if (rv == 0)
        order_keep(r, lh, salt, &lh->keys.inner, &digest);
    if (rv == 1)
        retry_copy(r, lh, KEYSTORE_TRIES, "its lease is not held");
    lh->dirty = true;
    return MIN_OF(rv, 0);
}

int keystore_plan(struct run *r, struct err *err)
{
    struct ledger *l = r->config->ledger;

    for (size_t i = 0; i < r->config->plan->n_servers && i < l->n_hosts; i++) {
        bool wanted = l->hosts[i].keys.wanted;
        l->hosts[i].keys.wanted = false;
        if (wanted && order_copy(r, &l->hosts[i], err) < 0)
            return -1;
    }
    return 0;
}

void keystore_do(struct run *r)
{
    const struct ports *ports = r->config->ports;
    struct ledger *l = r->config->ledger;

    for (size_t i = 0; i < r->config->plan->n_servers && i < l->n_hosts; i++) {
        struct ledger_keys *k = &l->hosts[i].keys;
        if (k->inner.len > 0)
            ports->send(ports->ctx, l->hosts[i].key, MSG_PRESERVE, k->call.nonce, &k->inner);
        buf_free(&k->inner);
    }
}

/* ---- the answer ---- */

static void record_copy(struct run *r, struct ledger_host *lh, const struct receipt_done *done)
{
    struct ledger_keys *k = &lh->keys;

    call_succeeded(&k->call);
    k->problem[0] = '\0';
    k->files = done->count;
    k->digest = done->digest;
    k->copied_ms = r->config->ports->now(r->config->ports->ctx);
    str_cut(k->path, sizeof(k->path), done->text);
    if (k->path[0] == '\0')
        str_cut(k->path, sizeof(k->path), "(its agent does not say where)");
    lh->dirty = true;
    run_moved(r);
}

void keystore_answer(struct run *r, const struct event *ev)
{
    struct ledger_host *lh = run_host(r, ev->key);

    if (lh == NULL || !lh->keys.call.outstanding || !call_is(&lh->keys.call, ev->nonce))
        return; /* the answer came twice, or belongs to an order that was given up */
    if (ev->kind == EV_NO_ANSWER) {
        retry_copy(r, lh, KEYSTORE_TRIES, ev->text != NULL ? ev->text : "no answer");
        return;
    }
    const struct receipt_done *done = &ev->receipt->u.done;
    order_keep_receipt(r, lh, ev);
    lh->keys.call.sequence = MAX_OF(lh->keys.call.sequence, done->last_sequence);
    if (done->refusal == REFUSAL_NONE) {
        record_copy(r, lh, done);
        return;
    }
    lease_refused_by(r, lh->key, done->refusal);
    retry_copy(r, lh, tries_for(done->refusal),
               done->text[0] != '\0' ? done->text : refusal_name(done->refusal));
}
