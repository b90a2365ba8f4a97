#include "agent_call.h"

#include "codec.h"
#include "envelope.h"
#include "str.h"

struct agent_call *agent_call_new(struct agent_calls *s, const char *key, const struct pubkey *host,
                                  enum message_kind kind)
{
    struct agent_call *c = xzalloc(1, sizeof(*c));
    c->owner = s;
    c->kind = kind;
    c->host = *host;
    str_cut(c->key, sizeof(c->key), key);
    c->asked = clock_mono(s->clock);
    c->next = s->list;
    c->from = &s->list;
    if (c->next != NULL)
        c->next->from = &c->next;
    s->list = c;
    return c;
}

static void agent_call_free(struct agent_call *c)
{
    *c->from = c->next;
    if (c->next != NULL)
        c->next->from = c->from;
    buf_free(&c->inner);
    free(c);
}

void agent_calls_free(struct agent_calls *s)
{
    while (s->list != NULL)
        agent_call_free(s->list);
    free(s->scratch);
}

/* ---- answers ---- */

/* Reads the frame only if it is an authentic answer to this call. */
static int read_answer(struct agent_call *c, const void *frame, size_t n, struct receipt *ret,
                       struct err *err)
{
    auto_buf struct buf inner = BUF_INIT;
    enum frame_format format = FRAME_PLAIN;
    struct verified v;
    const struct keypair *mine = c->order ? c->owner->key : c->owner->asks;
    if (envelope_open(frame, n, mine, INNER_RECEIPT_MAX, &inner, &format, err) < 0)
        return -1;
    if (format != FRAME_SEALED)
        return err_set(err, ERR_CRYPTO, 0, "the answer is not sealed");
    if (envelope_verify(inner.data, inner.len, &v, err) < 0 ||
        envelope_answers(&v, &c->head, &c->digest, &c->host, err) < 0)
        return -1;
    ret->head = v.head;
    if (codec_read_receipt(v.payload, v.payload_len, ret, err) < 0)
        return -1;
    if (c->order)
        buf_add(&c->inner, inner.data, inner.len);
    return 0;
}

static void on_call_answered(void *ctx, const void *frame, size_t n, const struct err *why)
{
    struct agent_call *c = ctx;
    struct agent_calls *s = c->owner;
    struct err err = ERR_INIT;
    int rc = -1;
    memset(s->scratch, 0, sizeof(*s->scratch));
    if (frame != NULL)
        rc = read_answer(c, frame, n, s->scratch, &err);
    if (frame != NULL && rc < 0)
        (void)err_wrap(&err, "the answer is not from the agent of this host; perhaps another "
                             "program listens at its address");
    s->answered(s->ctx, c, rc == 0 ? s->scratch : NULL, frame == NULL ? why->text : err.text);
    agent_call_free(c);
}

void agent_call_send(struct agent_call *c, const char *address, const struct buf *frame)
{
    struct err err = ERR_INIT;
    if (address == NULL)
        (void)err_set(&err, ERR_NOTFOUND, 0, "Nomad does not list this host any more");
    else if (links_call(c->owner->links, address, frame->data, frame->len, AGENT_CALL_MS,
                        on_call_answered, c, &err) == 0)
        return;
    on_call_answered(c, NULL, 0, &err);
}

void agent_call_fail(struct agent_call *c, const struct err *why)
{
    on_call_answered(c, NULL, 0, why);
}

/* ---- questions ---- */

bool *agent_call_mark(const struct agent_call *c, struct agent *g)
{
    if (c->kind == MSG_HELLO)
        return &g->hello_open;
    return c->instant ? &g->instant_open : &g->status_open;
}

static struct header question_head(struct agent_calls *s, const struct agent *g,
                                   enum message_kind kind)
{
    struct header h;
    memset(&h, 0, sizeof(h));
    h.kind = kind;
    h.version = kind == MSG_HELLO ? 1 : g->wire;
    memcpy(h.cluster, s->trust->cluster, CLUSTER_ID_LEN);
    h.sender = *keypair_public(s->asks);
    h.receiver = g->pub;
    crypto_random(h.nonce, sizeof(h.nonce));
    memcpy(h.session, g->view.session, SESSION_LEN);
    return h;
}

/* Seals with the box key of the agent's line in known_hosts, which saves deriving the box key. */
static int seal_to(struct agent_calls *s, const struct agent *g, const struct buf *inner,
                   struct buf *ret_frame, struct err *err)
{
    const struct known_host *h = agent_line(g, s->known);
    struct boxkey box;
    if (h == NULL || !pubkey_eq(&h->key, &g->pub))
        return envelope_seal(inner->data, inner->len, &g->pub, ret_frame, err);
    if (known_host_box(h, &box, err) < 0)
        return -1;
    return envelope_seal_boxed(inner->data, inner->len, &box, ret_frame, err);
}

/* A hello or a status changes nothing on the host: it needs no sequence and no row in the ledger.
 */
static void ask_agent(struct agent_calls *s, struct agent *g, struct order *o, bool instant)
{
    auto_buf struct buf inner = BUF_INIT, frame = BUF_INIT;
    struct err err = ERR_INIT;
    struct agent_call *c = agent_call_new(s, g->key, &g->pub, o->head.kind);
    c->head = o->head;
    c->instant = instant;
    *agent_call_mark(c, g) = true;
    c->after = o->head.kind == MSG_STATUS ? o->u.status.after : 0;
    if (envelope_sign_order(o, s->asks, &inner, &err) < 0 ||
        seal_to(s, g, &inner, &frame, &err) < 0) {
        agent_call_fail(c, &err);
        return;
    }
    crypto_digest(inner.data, inner.len, &c->digest);
    agent_call_send(c, g->address, &frame);
}

void agent_ask_hello(struct agent_calls *s, struct agent *g)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    o->head = question_head(s, g, MSG_HELLO);
    o->u.hello = (struct order_hello){.wire_min = WIRE_MIN, .wire_max = WIRE_MAX};
    ask_agent(s, g, o, false);
}

void agent_ask_status(struct agent_calls *s, struct agent *g, enum status_way way)
{
    autofree struct order *o = xzalloc(1, sizeof(*o));
    bool instant = way == STATUS_INSTANT;
    o->head = question_head(s, g, MSG_STATUS);
    if (way == STATUS_HELD)
        o->u.status = (struct order_status){
            .after = g->view.status_at != 0 ? g->view.work.revision : 0, .wait_ms = AGENT_HOLD_MS};
    g->instant_wanted &= !instant;
    ask_agent(s, g, o, instant);
}
