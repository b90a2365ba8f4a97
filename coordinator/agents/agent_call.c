/* One question to an agent: built, sealed, sent; its answer opened and verified. */
#include "agent.h"

#include "hello_plain.h"
#include "str.h"

struct agent_call *agent_call_new(struct agents *a, const struct agent *g, enum message_kind kind)
{
    struct agent_call *c = xzalloc(1, sizeof *c);
    c->owner = a;
    c->kind = kind;
    c->host = g->pub;
    str_cut(c->key, sizeof c->key, g->key);
    c->asked = clock_mono(a->c.clock);
    c->next = a->calls;
    c->from = &a->calls;
    if (c->next != NULL)
        c->next->from = &c->next;
    a->calls = c;
    return c;
}

static void call_free(struct agent_call *c)
{
    *c->from = c->next;
    if (c->next != NULL)
        c->next->from = c->from;
    free(c);
}

/* What came back is the answer to this very call, or nothing. */
static int read_answer(const struct agent_call *c, const void *frame, size_t n, struct receipt *ret,
                       struct err *err)
{
    const struct agents *a = c->owner;
    auto_buf struct buf inner = BUF_INIT;
    enum frame_format format = FRAME_PLAIN;
    struct verified v;
    if (envelope_open(frame, n, a->c.key, INNER_RECEIPT_MAX, &inner, &format, err) < 0)
        return -1;
    if (format != FRAME_SEALED)
        return err_set(err, ERR_CRYPTO, 0, "its answer is not sealed");
    if (envelope_verify(inner.data, inner.len, &v, err) < 0 ||
        envelope_answers(&v, &c->head, &c->digest, &c->host, err) < 0)
        return -1;
    ret->head = v.head;
    return codec_read_receipt(v.payload, v.payload_len, ret, err);
}

static void handle_plain(struct agent_call *c, struct agent *g, const void *frame, size_t n)
{
    struct agents *a = c->owner;
    struct pubkey key;
    struct err err = ERR_INIT;
    if (frame == NULL ||
        hello_plain_read(frame, n, a->c.key, &c->head, &c->digest, &key, a->scratch, &err) < 0)
        return;
    char was[FINGERPRINT_LEN], now[FINGERPRINT_LEN];
    pubkey_fingerprint(was, &g->pub);
    pubkey_fingerprint(now, &key);
    g->key_changed = !pubkey_eq(&key, &g->pub);
    if (g->key_changed)
        snprintf(g->problem, sizeof g->problem, "its key has changed: enrolled %s, now %s", was,
                 now);
    else if (g->failures > 0)
        str_cut(g->problem, sizeof g->problem,
                "answers strangers' hello only: does its trust name your key?");
    a->changes++;
}

static void handle(struct agent_call *c, struct agent *g, const void *frame, size_t n,
                   const struct err *why)
{
    struct agents *a = c->owner;
    struct err err = ERR_INIT;
    memset(a->scratch, 0, sizeof *a->scratch);
    if (frame == NULL || read_answer(c, frame, n, a->scratch, &err) < 0) {
        const char *text = frame == NULL ? why->text : err.text;
        if (c->order)
            agent_queue_event(a, c, NULL, text);
        else if (g != NULL)
            agent_no_answer(a, g, c, text);
        return;
    }
    if (c->order) {
        struct receipt *copy = xalloc(sizeof *copy);
        memcpy(copy, a->scratch, sizeof *copy);
        agent_queue_event(a, c, copy, "");
        return;
    }
    if (g != NULL && c->kind == MSG_HELLO)
        agent_take_hello(a, g, a->scratch, c->asked);
    else if (g != NULL)
        agent_take_status(a, g, a->scratch, c);
    receipt_done_with(a->scratch);
}

static bool *open_flag(const struct agent_call *c, struct agent *g)
{
    if (c->plain)
        return &g->plain_open;
    if (c->kind == MSG_HELLO)
        return &g->hello_open;
    return c->instant ? &g->instant_open : &g->status_open;
}

static void answered(void *ctx, const void *frame, size_t n, const struct err *why)
{
    struct agent_call *c = ctx;
    struct agent *g = agents_find(c->owner, c->key);
    if (g != NULL && !c->order)
        *open_flag(c, g) = false;
    if (g != NULL && c->plain)
        handle_plain(c, g, frame, n);
    else if (!c->plain)
        handle(c, g, frame, n, why);
    call_free(c);
}

void agent_call_start(struct agents *a, struct agent_call *call, const struct buf *frame)
{
    struct agent *g = agents_find(a, call->key);
    struct err err = ERR_INIT;
    uint64_t id = 0;
    int64_t deadline = AGENT_CALL_MS;
    if (g == NULL)
        (void)err_set(&err, ERR_NOTFOUND, 0, "Nomad does not list this host any more");
    else if (links_call(a->c.links, g->address, frame->data, frame->len, deadline, answered, call,
                        &id, &err) == 0)
        return;
    answered(call, NULL, 0, &err);
}

static struct header question_head(struct agents *a, const struct agent *g, enum message_kind kind)
{
    struct header h;
    memset(&h, 0, sizeof h);
    h.kind = kind;
    h.version = WIRE_MAX;
    memcpy(h.cluster, a->c.trust->cluster, CLUSTER_ID_LEN);
    h.sender = *keypair_public(a->c.key);
    h.receiver = g->pub;
    crypto_random(h.nonce, sizeof h.nonce);
    memcpy(h.session, g->view.session, SESSION_LEN);
    return h;
}

/* To a known host with the box key that is kept for it. */
static int seal_to(struct agents *a, const struct agent *g, const struct buf *inner,
                   struct buf *ret_frame, struct err *err)
{
    const struct known_host *h = known_hosts_find(a->c.known, g->server_id);
    struct boxkey box;
    if (h == NULL)
        h = known_hosts_find(a->c.known, g->node_id);
    if (h == NULL || !pubkey_eq(&h->key, &g->pub))
        return envelope_seal(inner->data, inner->len, &g->pub, ret_frame, err);
    if (box_keys_find(a->boxes, h, &box, err) < 0)
        return -1;
    return envelope_seal_boxed(inner->data, inner->len, &box, ret_frame, err);
}

/* hello and status change nothing: no sequence, nothing kept. */
static void ask(struct agents *a, struct agent *g, struct order *o, bool instant)
{
    auto_buf struct buf inner = BUF_INIT, frame = BUF_INIT;
    struct err err = ERR_INIT;
    struct agent_call *c = agent_call_new(a, g, o->head.kind);
    c->head = o->head;
    c->instant = instant;
    c->after = o->head.kind == MSG_STATUS ? o->u.status.after : 0;
    if (envelope_sign_order(o, a->c.key, &inner, &err) < 0 ||
        seal_to(a, g, &inner, &frame, &err) < 0) {
        answered(c, NULL, 0, &err);
        return;
    }
    crypto_digest(inner.data, inner.len, &c->digest);
    agent_call_start(a, c, &frame);
}

void agent_ask_hello(struct agents *a, struct agent *g)
{
    autofree struct order *o = xzalloc(1, sizeof *o);
    o->head = question_head(a, g, MSG_HELLO);
    o->u.hello = (struct order_hello){.wire_min = WIRE_MIN, .wire_max = WIRE_MAX};
    g->hello_open = true;
    ask(a, g, o, false);
}

void agent_ask_status(struct agents *a, struct agent *g, bool instant)
{
    autofree struct order *o = xzalloc(1, sizeof *o);
    o->head = question_head(a, g, MSG_STATUS);
    if (!a->c.once && !instant)
        o->u.status = (struct order_status){.after = g->view.status_at != 0 ? g->view.revision : 0,
                                            .wait_ms = AGENT_HOLD_MS};
    *(instant ? &g->instant_open : &g->status_open) = true;
    g->instant_wanted &= !instant;
    ask(a, g, o, instant);
}

void agent_ask_plain(struct agents *a, struct agent *g)
{
    auto_buf struct buf frame = BUF_INIT;
    struct err err = ERR_INIT;
    if (g->plain_open || g->address[0] == '\0')
        return;
    struct agent_call *c = agent_call_new(a, g, MSG_HELLO);
    c->plain = true;
    g->plain_open = true;
    if (hello_plain(a->c.trust, a->c.key, &c->head, &c->digest, &frame, &err) < 0)
        answered(c, NULL, 0, &err);
    else
        agent_call_start(a, c, &frame);
}
