#include "agents.h"

#include "agent_call.h"
#include "call.h"
#include "envelope.h"
#include "str.h"

struct queued_event {
    struct agent_event event;
    struct queued_event *next;
};

struct agents {
    struct agents_config c;
    bool all;            /* ask every host for one status */
    struct agent **list; /* sorted by key */
    size_t n, cap;
    size_t cursor; /* where an interrupted scan goes on */
    int64_t scan_due, least_due;
    bool interrupted; /* the scan stopped at `cursor`, because too many calls were open */
    int64_t stirred;  /* time of the last agents_ask_sooner */
    size_t n_interest;
    size_t untried;
    uint64_t changes;
    struct agent_calls calls;
    struct queued_event *events, **last_event;
};

static int compare_agent_key(const void *key, const void *agent)
{
    return strcmp(key, (*(struct agent *const *)agent)->key);
}

static struct agent *find_agent(const struct agents *a, const char *key)
{
    struct agent **at =
        a->n > 0 ? bsearch(key, a->list, a->n, sizeof(*a->list), compare_agent_key) : NULL;
    return at != NULL ? *at : NULL;
}

static void wake_at(struct agents *a, int64_t due)
{
    a->scan_due = MIN_OF(a->scan_due, due);
    a->least_due = MIN_OF(a->least_due, due);
}

static bool is_asked_again(const struct agent *g)
{
    return g->interest || g->joining;
}

/* ---- answers ---- */

static void queue_event(struct agents *a, const struct agent_call *call, struct receipt *r,
                        const char *why)
{
    struct queued_event *q = xzalloc(1, sizeof(*q));
    str_cut(q->event.key, sizeof(q->event.key), call->key);
    q->event.kind = call->kind;
    memcpy(q->event.nonce, call->head.nonce, NONCE_LEN);
    q->event.asked_ms = call->asked;
    q->event.receipt = r;
    if (r != NULL)
        buf_add(&q->event.inner, call->inner.data, call->inner.len);
    str_cut(q->event.text, sizeof(q->event.text), why);
    *a->last_event = q;
    a->last_event = &q->next;
}

static void mark_tried(struct agents *a, struct agent *g)
{
    if (!g->tried && a->untried > 0)
        a->untried--;
    g->tried = true;
}

static void take_no_answer(struct agents *a, struct agent *g, const struct agent_call *call,
                           const char *why)
{
    int64_t now = clock_mono(a->c.clock);
    if (call->instant)
        return;
    if (call->kind == MSG_STATUS) {
        g->status_due = now + AGENT_RETRY_MS;
        g->hello_wanted = !a->c.once;
        if (a->c.once)
            g->view.status_at = call->asked;
        wake_at(a, 0);
        return;
    }
    mark_tried(a, g);
    g->failures++;
    /* An agent with another key than the enrolled one cannot open the question, so that it is
     * silent, too. */
    snprintf(g->problem, sizeof(g->problem), "%.400s%s", why,
             a->c.once || g->failures > 1
                 ? "; if its key has changed: `caravan enroll --rekey HOST`"
                 : "");
    int64_t wait = call_wait_ms(g->failures - 1);
    g->hello_due = now + (is_asked_again(g) ? MIN_OF(wait, (int64_t)AGENT_FRESH_MS) : wait);
    wake_at(a, g->hello_due);
}

static void take_hello(struct agents *a, struct agent *g, const struct receipt *r,
                       const struct agent_call *call)
{
    struct err err = ERR_INIT;

    if (!agent_take_wire(g, &r->u.hello, &err)) {
        take_no_answer(a, g, call, err.text);
        return;
    }
    mark_tried(a, g);
    a->changes += agent_take_hello(g, r, call->asked);
    wake_at(a, is_asked_again(g) || a->all ? 0 : INT64_MAX);
}

static void take_status(struct agents *a, struct agent *g, struct receipt *r,
                        const struct agent_call *call)
{
    const struct status_asked q = {.at = call->asked,
                                   .now = clock_mono(a->c.clock),
                                   .after = call->after,
                                   .instant = call->instant,
                                   .once = a->c.once};
    a->changes += agent_take_status(g, r, &q);
    wake_at(a, g->status_due);
}

static void queue_receipt(struct agents *a, const struct agent_call *call, const struct receipt *r,
                          const char *why)
{
    struct receipt *copy = r != NULL ? xalloc(sizeof(*copy)) : NULL;
    if (r != NULL)
        memcpy(copy, r, sizeof(*copy));
    queue_event(a, call, copy, why);
}

static void on_agent_answered(void *ctx, const struct agent_call *call, struct receipt *r,
                              const char *why)
{
    struct agents *a = ctx;
    struct agent *g = find_agent(a, call->key);
    if (call->order) {
        queue_receipt(a, call, r, why);
        return;
    }
    if (g != NULL)
        *agent_call_mark(call, g) = false;
    if (g != NULL && r == NULL)
        take_no_answer(a, g, call, why);
    else if (g != NULL && call->kind == MSG_HELLO)
        take_hello(a, g, r, call);
    else if (g != NULL)
        take_status(a, g, r, call);
    receipt_done_with(r);
}

/* ---- the set ---- */

struct agents *agents_new(const struct agents_config *c)
{
    struct agents *a = xzalloc(1, sizeof(*a));
    a->c = *c;
    a->last_event = &a->events;
    a->calls = (struct agent_calls){.trust = c->trust,
                                    .key = c->key,
                                    .asks = c->asks != NULL ? c->asks : c->key,
                                    .known = c->known,
                                    .links = c->links,
                                    .clock = c->clock,
                                    .answered = on_agent_answered,
                                    .ctx = a,
                                    .scratch = xzalloc(1, sizeof(*a->calls.scratch))};
    return a;
}

void agents_free(struct agents *a)
{
    struct agent_event e;
    if (a == NULL)
        return;
    while (agents_next(a, &e))
        agent_event_free(&e);
    for (size_t i = 0; i < a->n; i++)
        agent_free(a->list[i]);
    free(a->list);
    agent_calls_free(&a->calls);
    free(a);
}

int agent_address(const struct coord_conf *c, const struct host *h, char *dst, size_t n)
{
    const char *mapped = address_map_find(&c->agents, h->server_id, h->name);
    if (mapped == NULL)
        mapped = address_map_find(&c->agents, h->node_id, h->name);
    int len = -1;
    if (h->joins)
        len = snprintf(dst, n, "%s", h->agent.address);
    else if (mapped != NULL && strchr(mapped, ':') != NULL)
        len = snprintf(dst, n, "%s", mapped);
    else if (mapped != NULL)
        len = snprintf(dst, n, "%s:%d", mapped, AGENT_PORT);
    else if (h->addr[0] != '\0')
        len = strchr(h->addr, ':') != NULL ? snprintf(dst, n, "[%s]:%d", h->addr, AGENT_PORT)
                                           : snprintf(dst, n, "%s:%d", h->addr, AGENT_PORT);
    return len > 0 && (size_t)len < n ? 0 : -1;
}

static void refresh_agent(struct agents *a, struct agent *g, const struct host *h)
{
    char address[128] = "";
    bool moved = !str_eq(g->server_id, h->server_id) || !str_eq(g->node_id, h->node_id);
    if (agent_address(a->c.conf, h, address, sizeof(address)) < 0)
        address[0] = '\0';
    str_cut(g->name, sizeof(g->name), h->name);
    g->joining = h->joins && h->server_id[0] == '\0';
    if (!moved && str_eq(address, g->address))
        return;
    str_cut(g->server_id, sizeof(g->server_id), h->server_id);
    str_cut(g->node_id, sizeof(g->node_id), h->node_id);
    str_cut(g->address, sizeof(g->address), address);
    agent_look_up(g, a->c.known);
    g->hello_wanted = g->keyed;
    wake_at(a, 0);
}

static struct agent *add_agent(struct agents *a, const struct host *h)
{
    if (a->n == a->cap) {
        a->cap = a->cap == 0 ? 64 : a->cap * 2;
        a->list = xrealloc(a->list, a->cap * sizeof(struct agent *));
    }
    struct agent *g = agent_new(h->key);
    a->list[a->n++] = g;
    return g;
}

static int by_agent_key(const void *x, const void *y)
{
    return strcmp((*(struct agent *const *)x)->key, (*(struct agent *const *)y)->key);
}

static void drop_unseen(struct agents *a)
{
    size_t kept = 0;
    a->untried = 0;
    for (size_t i = 0; i < a->n; i++) {
        struct agent *g = a->list[i];
        bool twice = kept > 0 && str_eq(a->list[kept - 1]->key, g->key);
        if (twice)
            a->list[kept - 1]->doubled = true;
        if (twice || (!g->seen && !g->hello_open && !g->status_open && !g->instant_open)) {
            agent_free(g);
            continue;
        }
        a->untried += g->keyed && g->address[0] != '\0' && !g->tried;
        a->list[kept++] = g;
    }
    a->n = kept;
}

void agents_sync(struct agents *a, const struct host *hosts, size_t n)
{
    size_t known = a->n, sorted = a->n;
    for (size_t i = 0; i < known; i++)
        a->list[i]->seen = a->list[i]->doubled = false;
    for (size_t i = 0; i < n; i++) {
        a->n = sorted; /* search only the part of the list that is sorted */
        struct agent *g = find_agent(a, hosts[i].key);
        a->n = known;
        if (g == NULL)
            g = add_agent(a, &hosts[i]);
        else if (g->seen)
            g->doubled = true;
        known = a->n;
        g->seen = true;
        refresh_agent(a, g, &hosts[i]);
    }
    if (known > sorted)
        qsort(a->list, a->n, sizeof(struct agent *), by_agent_key);
    drop_unseen(a);
    if (known > sorted || a->n != known) {
        a->interrupted = false;
        a->cursor = 0;
    }
}

/* ---- asking ---- */

void agents_interest(struct agents *a, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < a->n; i++)
        a->list[i]->interest = false;
    for (size_t i = 0; i < n; i++) {
        struct agent *g = find_agent(a, keys[i]);
        if (g != NULL)
            g->interest = true;
    }
    a->n_interest = n;
    wake_at(a, 0);
}

void agents_ask_sooner(struct agents *a)
{
    a->stirred = clock_mono(a->c.clock);
    wake_at(a, 0);
}

/* A hello from before the last stir is repeated soon; the fewer hosts, the sooner. */
static int64_t hello_again(const struct agents *a, const struct agent *g)
{
    int64_t fresh = AGENT_FRESH_MS;
    if (g->view.hello_at > a->stirred)
        return g->view.hello_at + fresh;
    fresh = MIN_OF(fresh, (int64_t)(AGENT_STIRRED_MS * a->n_interest));
    return MAX_OF(g->view.hello_at + fresh, a->stirred + 1);
}

static int64_t hello_due(const struct agents *a, const struct agent *g)
{
    if (!g->keyed || g->address[0] == '\0' || g->hello_open || !g->seen)
        return INT64_MAX;
    if (g->failures > 0)
        return g->hello_due;
    if (g->view.hello_at == 0 || g->hello_wanted)
        return 0;
    return is_asked_again(g) ? hello_again(a, g) : INT64_MAX;
}

static int64_t status_due(const struct agents *a, const struct agent *g)
{
    if ((!g->interest && !a->all) || g->status_open || g->wire == 0 || g->view.hello_at == 0 ||
        g->failures > 0 || !g->seen || (a->c.once && g->view.status_at != 0))
        return INT64_MAX;
    return g->status_due;
}

static int64_t instant_due(const struct agent *g)
{
    bool can = g->instant_wanted && !g->instant_open && g->interest && g->wire != 0;
    return can ? g->instant_due : INT64_MAX;
}

int64_t agents_tick(struct agents *a)
{
    int64_t now = clock_mono(a->c.clock);
    if (!a->interrupted && now < a->scan_due)
        return a->scan_due;
    if (!a->interrupted) {
        a->cursor = 0;
        a->least_due = INT64_MAX;
    }
    for (a->interrupted = true; a->cursor < a->n; a->cursor++) {
        struct agent *g = a->list[a->cursor];
        if (links_open(a->c.links) >= AGENT_CALLS)
            return now + AGENT_RETRY_MS;
        if (hello_due(a, g) <= now)
            agent_ask_hello(&a->calls, g);
        if (status_due(a, g) <= now)
            agent_ask_status(&a->calls, g, a->c.once ? STATUS_ONCE : STATUS_HELD);
        if (instant_due(g) <= now)
            agent_ask_status(&a->calls, g, STATUS_INSTANT);
        int64_t due = MIN_OF(hello_due(a, g), status_due(a, g));
        a->least_due = MIN_OF(a->least_due, MIN_OF(due, instant_due(g)));
    }
    a->interrupted = false;
    a->scan_due = a->least_due;
    return a->scan_due;
}

bool agents_have_answered(const struct agents *a)
{
    if (a->untried > 0)
        return false;
    for (size_t i = 0; a->c.once && i < a->n; i++)
        if (a->list[i]->status_open || status_due(a, a->list[i]) != INT64_MAX)
            return false;
    return true;
}

void agents_ask_facts(struct agents *a)
{
    a->all = a->c.once;
    wake_at(a, 0);
}

void agents_follow(struct agents *a)
{
    a->c.once = a->all = false;
    for (size_t i = 0; i < a->n; i++)
        agent_drop_facts(a->list[i]);
    wake_at(a, 0);
}

uint64_t agents_changes(const struct agents *a)
{
    return a->changes;
}

/* ---- answers as the world shows them ---- */

/* May it be that this host does not know the key that signs orders on this machine? Then the host
 * has a newer trust file, or the trust file here does not allow the key. */
static bool is_stranger(const struct agents *a, const struct receipt_hello *hello)
{
    return a->c.key != NULL && (hello->trust_version > a->c.trust->version ||
                                !trust_allows(a->c.trust, keypair_public(a->c.key), ROLE_OPERATOR,
                                              clock_wall(a->c.clock) / 1000));
}

void agents_fill(const struct agents *a, struct host *h, struct arena *arena)
{
    const struct agent *g = find_agent(a, h->key);
    struct agent_view *v = &h->agent;
    if (g == NULL) {
        v->address = v->problem = v->failure_text = v->evidence = "";
        return;
    }
    agent_fill(g, h, arena);
    v->stranger = v->hello_at != 0 && is_stranger(a, &v->hello);
}

const char *agents_client_of(const struct agents *a, const char *key)
{
    const struct agent *g = find_agent(a, key);
    return g != NULL && g->view.hello_at != 0 ? g->view.hello.client_id : "";
}

const char *agents_server_of(const struct agents *a, const char *key)
{
    const struct agent *g = find_agent(a, key);
    return g != NULL && g->view.hello_at != 0 ? g->view.hello.server_id : "";
}

const struct note *agents_notes(const struct agents *a, const char *key, size_t *ret_n)
{
    const struct agent *g = find_agent(a, key);
    *ret_n = g != NULL ? g->n_notes : 0;
    return g != NULL ? g->notes : NULL;
}

/* ---- orders: signed once, sealed each time they are sent ---- */

void agents_set_order_key(struct agents *a, const struct keypair *key)
{
    a->c.key = a->calls.key = key;
}

int agents_sign(struct agents *a, const char *key, const struct order *o, struct buf *ret_inner,
                struct digest *ret_digest, struct err *err)
{
    const struct agent *g = find_agent(a, key);
    if (g == NULL || !g->keyed)
        return err_set(err, ERR_STATE, 0, "host %s has no enrolled agent", key);
    if (g->wire == 0)
        return err_set(err, ERR_STATE, 0, "host %s: %s", key,
                       g->problem[0] != '\0' ? g->problem : "its agent has not answered yet");
    if (a->c.key == NULL)
        return err_set(err, ERR_STATE, 0,
                       "host %s: the order was not signed, because no operator key was opened",
                       key);
    autofree struct order *mine = xalloc(sizeof(*mine));
    memcpy(mine, o, sizeof(*mine));
    mine->head.is_receipt = false;
    mine->head.version = g->wire;
    mine->head.receiver = g->pub;
    memcpy(mine->head.cluster, a->c.trust->cluster, CLUSTER_ID_LEN);
    size_t before = ret_inner->len;
    if (envelope_sign_order(mine, a->c.key, ret_inner, err) < 0)
        return -1;
    crypto_digest(ret_inner->data + before, ret_inner->len - before, ret_digest);
    return 0;
}

/* Fills *ret with the bytes to send: the same bytes, or the same order signed by the key that signs
 * now. Fills *ret_v with the verified header and payload of *ret. */
static int sign_for_sending(const struct agents *a, const void *inner, size_t n, struct buf *ret,
                            struct verified *ret_v, struct err *err)
{
    if (envelope_verify(inner, n, ret_v, err) < 0)
        return -1;
    if (a->c.key == NULL || pubkey_eq(&ret_v->head.sender, keypair_public(a->c.key)))
        return buf_add(ret, inner, n);
    if (envelope_sign(&ret_v->head, ret_v->payload, ret_v->payload_len, a->c.key, ret, err) < 0)
        return -1;
    return envelope_verify(ret->data, ret->len, ret_v, err);
}

void agents_send(struct agents *a, const char *key, enum message_kind kind,
                 const unsigned char nonce[static NONCE_LEN], const void *inner, size_t n)
{
    auto_buf struct buf frame = BUF_INIT, signed_now = BUF_INIT;
    struct err err = ERR_INIT;
    struct verified v;
    static const struct pubkey nobody;
    const struct agent *g = find_agent(a, key);
    struct agent_call *c = agent_call_new(&a->calls, key, g != NULL ? &g->pub : &nobody, kind);
    c->order = true;
    c->head.kind = kind;
    memcpy(c->head.nonce, nonce, NONCE_LEN);
    /* The coordinator signed these bytes, but perhaps long ago: an old ledger may be damaged. */
    if (sign_for_sending(a, inner, n, &signed_now, &v, &err) == 0) {
        c->head = v.head;
        c->digest = v.digest;
        c->host = v.head.receiver;
        if (envelope_seal(signed_now.data, signed_now.len, &v.head.receiver, &frame, &err) == 0) {
            agent_call_send(c, g != NULL ? g->address : NULL, &frame);
            return;
        }
    }
    agent_call_fail(c, &err);
}

bool agents_next(struct agents *a, struct agent_event *ret)
{
    struct queued_event *q = a->events;
    if (q == NULL)
        return false;
    *ret = q->event;
    a->events = q->next;
    if (a->events == NULL)
        a->last_event = &a->events;
    free(q);
    /* Only an answer to a later question is surely about this order. */
    struct agent *g = find_agent(a, ret->key);
    if (g != NULL && ret->receipt != NULL && message_owner(ret->kind) == OWNER_SWAP) {
        g->instant_wanted = true;
        g->instant_due = clock_mono(a->c.clock) + AGENT_INSTANT_MS;
        wake_at(a, g->instant_due);
    }
    return true;
}

void agent_event_free(struct agent_event *e)
{
    receipt_done_with(e->receipt);
    buf_free(&e->inner);
    free(e->receipt);
    e->receipt = NULL;
}
