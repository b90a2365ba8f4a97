#include "orders_sent.h"

#include "fingerprint.h"
#include "lease_book.h"
#include "raft_view.h"

#include <inttypes.h>

int order_sign(struct run *r, const char *key, struct order *o, struct call *c,
               struct buf *ret_inner, struct digest *ret_digest, struct err *err)
{
    const struct ports *ports = r->config->ports;
    const struct host *h = r->world != NULL ? world_host(r->world, key) : NULL;

    if (h == NULL || h->agent.hello_at == 0)
        return 1;
    if (o->head.kind != MSG_LEASE)
        o->head.epoch = lease_epoch(r, key);
    if (o->head.kind != MSG_LEASE && o->head.epoch == 0)
        return 1;
    o->head.version = 1;
    memcpy(o->head.session, h->agent.session, SESSION_LEN);
    if (message_owner(o->head.kind) != OWNER_SWAP)
        ports->random(ports->ctx, o->head.nonce, NONCE_LEN);
    buf_clear(ret_inner);
    if (ports->sign(ports->ctx, key, o, ret_inner, ret_digest, err) < 0)
        return err_wrap(err, "sign the %s order for %s", message_kind_name(o->head.kind), h->name);
    memcpy(c->nonce, o->head.nonce, NONCE_LEN);
    c->sequence = o->head.sequence;
    call_begin(c, ports->now(ports->ctx), CALL_ANSWER_MS);
    return 0;
}

int order_send(struct run *r, const char *key, struct order *o, struct call *c, struct err *err)
{
    const struct ports *ports = r->config->ports;
    auto_buf struct buf inner = BUF_INIT;
    struct digest digest;
    int rv = order_sign(r, key, o, c, &inner, &digest, err);

    if (rv == 0)
        ports->send(ports->ctx, key, o->head.kind, o->head.nonce, &inner);
    return rv;
}

uint64_t order_uptime(const struct agent_view *a, int64_t now)
{
    return a->uptime_ms + (uint64_t)(now > a->hello_at ? now - a->hello_at : 0);
}

static void fill_swap(const struct run *r, const struct plan_host *p, const struct intent *in,
                      struct order_swap *ret)
{
    const struct plan *plan = r->config->plan;

    *ret = (struct order_swap){
        .digest = p->digest,
        .on_not_ready = p->role == ROLE_JOINS ? ON_LEAVE /* a new server has no old binary */
                        : p->is_server        ? plan->server_on_not_ready
                                              : plan->client_on_not_ready,
        .not_before = in->not_before,
        .hold_ms = (uint32_t)plan->policy.hold_ms,
        .deadline_ms = (uint32_t)plan_ready_ms(plan, p),
        .is_server = p->is_server,
    };
}

static void fill_revert(const struct run *r, const struct plan_host *p, const struct intent *in,
                        const struct agent_view *a, struct order_revert *ret)
{
    const struct plan *plan = r->config->plan;

    *ret = (struct order_revert){
        .to = digest_is_zero(&a->work.previous) ? p->before : a->work.previous,
        .why = in->failure,
        .hold_ms = (uint32_t)plan->policy.hold_ms,
        .deadline_ms = (uint32_t)plan_ready_ms(plan, p),
    };
}

uint64_t order_sequence(const struct ledger_host *lh, const struct agent_view *a)
{
    return MAX_OF(MAX_OF(a->hello.swap_sequence, a->work.order_sequence),
                  MAX_OF(lh->call.sequence, lh->keys.call.sequence)) +
           1;
}

void order_nonce(struct run *r, const struct ledger_host *lh, struct header *head,
                 unsigned char ret_salt[static NONCE_LEN])
{
    const struct ports *ports = r->config->ports;

    ports->random(ports->ctx, ret_salt, NONCE_LEN);
    ledger_nonce(r->config->ledger->run_id, &lh->kept_last, ret_salt, head->nonce);
}

void order_keep(struct run *r, struct ledger_host *lh, const unsigned char salt[static NONCE_LEN],
                const struct buf *inner, const struct digest *digest)
{
    const struct host *h = world_host(r->world, lh->key); /* order_sign has seen this host */

    ledger_keep_order(r->config->ledger, lh, h->agent.hello.swap_sequence, salt, inner, digest);
}

void order_keep_receipt(struct run *r, const struct ledger_host *lh, const struct event *ev)
{
    if (ev->inner != NULL)
        ledger_keep_receipt(r->config->ledger, lh, &ev->receipt->head.order, ev->inner);
}

int order_sign_intent(struct run *r, struct ledger_host *lh, const struct plan_host *p,
                      const struct intent *in, enum message_kind kind, struct err *err)
{
    const struct ports *ports = r->config->ports;
    autofree struct order *o = xzalloc(1, sizeof(*o));
    const struct host *h = r->world != NULL ? world_host(r->world, lh->key) : NULL;
    int64_t now = ports->now(ports->ctx);
    unsigned char salt[NONCE_LEN];

    if (h == NULL)
        return 1;
    o->head.kind = kind;
    o->head.sequence = order_sequence(lh, &h->agent);
    o->head.time_ms = order_uptime(&h->agent, now) + (kind == MSG_STAGE ? STAGE_BY_MS : SWAP_BY_MS);
    if (kind == MSG_STAGE)
        ports->stage_order(ports->ctx, lh->key, &o->u.stage);
    else if (kind == MSG_SWAP)
        fill_swap(r, p, in, &o->u.swap);
    else if (kind == MSG_SERVICE)
        o->u.service.op = in->service;
    else
        fill_revert(r, p, in, &h->agent, &o->u.revert);
    order_nonce(r, lh, &o->head, salt);
    int rv = order_sign(r, lh->key, o, &lh->call, &lh->inner, &lh->inner_digest, err);
    if (rv != 0)
        return rv;
    order_keep(r, lh, salt, &lh->inner, &lh->inner_digest);
    lh->attempts = lh->order == kind ? lh->attempts + 1 : 1;
    lh->order = kind;
    memcpy(lh->session, o->head.session, SESSION_LEN);
    lh->epoch = o->head.epoch;
    lh->ordered_ms = lh->effect_ms = now;
    lh->call.failures = 0;
    lh->answered = false;
    lh->refusal = REFUSAL_NONE;
    lh->receipt_ms = 0;
    lh->dirty = true;
    if (lh->attempts == 1)
        run_moved(r);
    return 0;
}

/* ---- the host before its swap ---- */

/* A drain of this run leaves the allocations of system jobs: they must still run afterwards. Other
 * allocations that still run are about to stop. */
static void keep_allocs(struct ledger_host *lh, const struct client_view *c, bool drained)
{
    for (size_t i = 0; i < c->n_allocs && lh->n_allocs < ALLOCS_KEPT; i++) {
        const struct alloc_view *a = &c->allocs[i];
        if (!str_eq(a->client_status, "running") || (drained && !a->system_job))
            continue;
        struct kept_alloc *k = &lh->allocs[lh->n_allocs++];
        str_cut(k->id, sizeof(k->id), a->id);
        k->started_ns = a->started_ns;
        k->restarts = a->restarts;
        k->started = (uint32_t)a->n_starts;
    }
}

/* Takes the fingerprint of the host before the drain of this run: the turn's end undoes the drain.
 */
static void keep_fingerprint(struct ledger_host *lh, const struct world *w, const struct host *h,
                             bool drained)
{
    /* decide() has checked with this world that the fingerprint can be taken. */
    if (fingerprint_take(w, h, 0, w->begun_ms, true, &lh->fingerprint) != NULL)
        buf_clear(&lh->fingerprint);
    if (!drained)
        return;
    fingerprint_set(&lh->fingerprint, FEATURE_ELIGIBILITY, "eligible");
    fingerprint_set(&lh->fingerprint, FEATURE_DRAIN, "none");
}

void order_note_baseline(const struct run *r, struct ledger_host *lh)
{
    const struct host *h = world_host(r->world, lh->key);
    bool drained = ledger_effect_const(r->config->ledger, EFFECT_DRAIN, lh->key) != NULL;

    /* A host that came back different keeps the fingerprint of before the change. */
    if (lh->differs == FEATURE_NONE || lh->fingerprint.len == 0) {
        lh->differs = FEATURE_NONE;
        buf_clear(&lh->fingerprint);
        /* A joining host has no past to compare with. */
        if (r->config->plan->hosts[lh - r->config->ledger->hosts].role != ROLE_JOINS)
            keep_fingerprint(lh, r->world, h, drained);
    }
    lh->base_stamp = h->agent.hello.stamp;
    lh->base_leader_index = lh->base_modify_index = 0;
    lh->n_allocs = 0;
    if (!h->is_client)
        return;
    if (!h->is_server || str_eq(h->client.status, "ready"))
        lh->base_modify_index = h->client.modify_index;
    keep_allocs(lh, &h->client, drained);
}

void order_note_leader_index(struct ledger *l, const struct plan *p, const struct world *w,
                             int64_t now)
{
    for (size_t i = 0; i < l->n_hosts; i++) {
        struct ledger_host *lh = &l->hosts[i];
        if (lh->state != HOST_SETTLING || !p->hosts[i].is_server || lh->base_leader_index != 0)
            continue;
        const struct host *leader = region_leader(w, p, l, p->hosts[i].region, now);
        if (leader == NULL || leader->server.commit_index == 0)
            continue;
        lh->base_leader_index = leader->server.commit_index;
        lh->dirty = true;
    }
}
