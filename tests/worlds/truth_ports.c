/* The ports of run and act, on virtual time. */
#include "truth.h"

#define LOST_FOR_LONG 4    /* so many lost messages in a row count as a cut */
#define ANSWER_MS     5000 /* the shell gives up waiting for an answer */

struct counts counts;

static int64_t port_now(void *ctx)
{
    const struct truth *t = ctx;
    return t->now - t->mono_base;
}

static void port_random(void *ctx, void *p, size_t n)
{
    unsigned char *b = p;
    for (size_t i = 0; i < n; i++)
        b[i] = (unsigned char)t_random(ctx);
}

/* Counts down to the planned crash. True: the coordinator crashes here. */
static bool crashes_here(struct truth *t)
{
    if (t->dead)
        return true;
    if (t->crash_at == 0 || --t->crash_at > 0)
        return false;
    t->dead = true;
    counts.crashes++;
    t_say(t, "the coordinator crashes");
    return true;
}

static int port_commit(void *ctx, struct ledger *l, struct err *err)
{
    struct truth *t = ctx;
    bool was = t->dead;

    if (crashes_here(t)) {
        if (!was && t->crash_after) {
            t_commit_copy(&t->committed, l);
            judge_commit(t);
        }
        return err_set(err, ERR_IO, 0, "crashed");
    }
    t_commit_copy(&t->committed, l);
    judge_commit(t);
    return 0;
}

/* ---- messages ---- */

static int message_new(struct truth *t)
{
    for (int i = 0; i < T_MESSAGES; i++)
        if (!t->messages[i].used) {
            t->messages[i].used = true;
            t->messages[i].refs = 0;
            t->messages[i].answered = false;
            t->messages[i].process = t->process;
            return i;
        }
    fprintf(stderr, "seed %llu: too many messages\n", (unsigned long long)t->seed);
    abort();
}

void t_post(struct truth *t, int64_t in, enum t_event_kind kind, int message)
{
    t->messages[message].refs++;
    t_schedule(t, in, kind, t->messages[message].host, 0, message, 0);
}

static void cancel_message(struct truth *t, int message)
{
    if (--t->messages[message].refs == 0)
        t->messages[message].used = false;
}

/* ---- a refusal comes again, while the next order of its kind is under way ---- */

static void keep_refused(struct truth *t, int message)
{
    struct t_host *h = &t->hosts[t->messages[message].host];

    if (h->refused > 0)
        cancel_message(t, h->refused - 1);
    h->refused = message + 1;
    t->messages[message].refs++;
}

static void refused_again(struct truth *t, struct t_host *h, enum message_kind kind)
{
    const struct t_message *m = h->refused > 0 ? &t->messages[h->refused - 1] : NULL;

    if (m == NULL || m->wire.head.kind != kind)
        return;
    if (m->process == t->process && t_more(t) % 3 == 0) {
        t_post(t, (int64_t)(t_more(t) % 20), T_RECEIPT, h->refused - 1);
        counts.doubled++;
    }
    cancel_message(t, h->refused - 1);
    h->refused = 0;
}

static void wire_digest(const struct t_wire *w, struct digest *ret)
{
    uint64_t hash = UINT64_C(1469598103934665603) + (uint64_t)w->key;

    memset(ret, 0, sizeof(*ret));
    for (size_t i = 0; i < sizeof(w->head); i++)
        hash = (hash ^ ((const unsigned char *)&w->head)[i]) * UINT64_C(1099511628211);
    memcpy(ret->bytes, &hash, sizeof(hash));
    memcpy(ret->bytes + 8, w->head.nonce, NONCE_LEN);
}

static int port_sign(void *ctx, const char *key, const struct order *o, struct buf *ret_inner,
                     struct digest *ret_digest, struct err *err)
{
    struct t_wire w;
    const struct truth *t = ctx;

    (void)err;
    memset(&w, 0, sizeof(w));
    w.key = t->key;
    w.head = o->head;
    if (o->head.kind == MSG_LEASE)
        w.lease = o->u.lease;
    else if (o->head.kind == MSG_SWAP)
        w.swap = o->u.swap;
    else if (o->head.kind == MSG_REVERT)
        w.revert = o->u.revert;
    else if (o->head.kind == MSG_SERVICE)
        w.service = o->u.service.op;
    else if (o->head.kind == MSG_NOTE) {
        w.clear = o->u.note.clear;
        w.slot = o->u.note.slot;
    }
    str_cut((char *)w.head.receiver.bytes, sizeof(w.head.receiver.bytes), key);
    buf_add(ret_inner, &w, sizeof(w));
    wire_digest(&w, ret_digest);
    return 0;
}

bool t_faulty(const struct truth *t)
{
    return t->now < t->faults_end;
}

/* A message may get lost, come late, or come twice. */
static void send_message(struct truth *t, int message, enum t_event_kind kind)
{
    struct t_host *h = &t->hosts[t->messages[message].host];

    if (t_faulty(t) && t_chance(t, t->loss)) {
        counts.lost++;
        h->lost++;
        h->faulted = h->faulted || h->lost >= LOST_FOR_LONG;
        return;
    }
    int64_t in = t_between(t, 3, 40);
    if (t_faulty(t) && t_chance(t, t->late)) {
        in += t_between(t, 1000, 20000);
        counts.late++;
    }
    t_post(t, in, kind, message);
    if (t_faulty(t) && t_chance(t, t->dup)) {
        t_post(t, in + t_between(t, 0, 9000), kind, message);
        counts.doubled++;
    }
}

static void port_send(void *ctx, const char *key, enum message_kind kind,
                      const unsigned char nonce[static NONCE_LEN], const struct buf *inner)
{
    struct truth *t = ctx;
    int host = t_host_of(t, key);
    struct t_wire w;

    (void)nonce;
    if (host < 0 || inner->len != sizeof(w) || crashes_here(t))
        return;
    memcpy(&w, inner->data, sizeof(w));
    w.key = t->key; /* as agents_send, which signs it again */
    int m = message_new(t);
    struct t_message *msg = &t->messages[m];
    refused_again(t, &t->hosts[host], kind);
    msg->host = host;
    msg->wire = w;
    msg->asked = t->now;
    wire_digest(&w, &msg->digest);
    if (message_owner(kind) == OWNER_SWAP)
        memcpy(t->hosts[host].last_asked, w.head.nonce, NONCE_LEN);
    judge_send(t, host, &w);
    t_say(t, "-> %s: %s order (sequence %llu)", t->hosts[host].name, message_kind_name(kind),
          (unsigned long long)w.head.sequence);
    t_post(t, ANSWER_MS, T_NO_ANSWER, m);
    if (kind == MSG_SWAP && t_faulty(t) && t_chance(t, 5)) {
        t->swap_sent = w;
        t->swap_host = host;
        fault_apply(t, FAULT_COPY_ORDERS);
    }
    if (kind == MSG_SWAP && t_faulty(t) && t_chance(t, 20)) {
        t->swap_host = host;
        fault_apply(t, FAULT_DISK_FULL_ONCE);
        t_post(t, t_between(t, 1000, SWAP_BY_MS), T_ORDER, m);
    }
    if (kind == MSG_SWAP && t->hosts[host].is_server)
        t_moment(t, MOMENT_ORDER, host);
    if (kind == MSG_NOTE && !t->hosts[host].is_server)
        t_moment(t, MOMENT_NOTE, host);
    send_message(t, m, T_ORDER);
}

static void port_operate(void *ctx, const struct nomad_operation *o)
{
    struct truth *t = ctx;

    if (crashes_here(t))
        return;
    int m = message_new(t);
    struct t_message *msg = &t->messages[m];
    msg->host = o->op == OP_SNAPSHOT ? t_any_server(t, o->region) : t_host_of(t, o->node_id);
    msg->op = *o;
    str_cut(msg->region, sizeof(msg->region), o->region);
    msg->op.region = msg->region;
    str_cut(msg->run_hex, sizeof(msg->run_hex), o->run_hex);
    str_cut(msg->node, sizeof(msg->node), o->node_id);
    str_cut(msg->peer, sizeof(msg->peer), o->peer_id);
    str_cut(msg->member, sizeof(msg->member), o->member != NULL ? o->member : "");
    judge_operate(t, o);
    if (o->op == OP_TRANSFER)
        t_moment(t, MOMENT_TRANSFER, msg->host);
    if (o->op == OP_DRAIN)
        t_moment(t, MOMENT_EFFECT, -1);
    if (o->op == OP_SNAPSHOT)
        t_moment(t, MOMENT_SNAPSHOT, -1);
    t_post(t, t_between(t, 5, 200), T_OPERATE, m);
}

static void port_interest(void *ctx, const char *const *keys, size_t n)
{
    struct truth *t = ctx;

    memset(t->interest, 0, sizeof(t->interest));
    for (size_t i = 0; i < n; i++) {
        int h = t_host_of(t, keys[i]);
        if (h >= 0)
            t->interest[h] = true;
    }
}

static void port_rest(void *ctx, int64_t until)
{
    struct truth *t = ctx;
    t->rest_until = until > 0 ? until + t->mono_base : 0;
}

static void port_count(void *ctx, const char *const *keys, size_t n)
{
    struct truth *t = ctx;

    memset(t->counted, 0, sizeof(t->counted));
    for (size_t i = 0; i < n; i++) {
        int h = t_host_of(t, keys[i]);
        if (h >= 0)
            t->counted[h] = true;
    }
}

/* No log says anything in these worlds. */
static void port_listen(void *ctx, const char *step, const char *const *keys, size_t n)
{
    (void)ctx;
    (void)step;
    (void)keys;
    (void)n;
}

static void port_stage(void *ctx, const char *key, struct order_stage *ret)
{
    struct truth *t = ctx;
    int host = t_host_of(t, key);

    ret->manifest_len = 0;
    ret->n_urls = 0;
    if (host >= 0)
        t_places(t, host, ret);
}

/* ---- time passes ---- */

/* An order reaches the agent, or the program that answers at that address. */
static void deliver_order(struct truth *t, const struct t_event *e)
{
    struct t_message *m = &t->messages[e->message];
    struct t_host *h = &t->hosts[m->host];

    if (!h->machine_up || !h->agent.up || t->now < h->agent_cut_ms || h->misplaced)
        return;
    if (!t_obeys(t, m->host, m->wire.key) && !t_refuses_role(t, m->host, m->wire.key))
        return; /* from a stranger */
    if (h->agent.swap_gone && message_owner(m->wire.head.kind) == OWNER_SWAP && t_chance(t, 500))
        return; /* no answer says that it arrived; otherwise the agent reports it */
    t_agent_order(t, m->host, &m->wire, &m->digest, &m->done);
    if (m->done.refusal != REFUSAL_NONE && t_faulty(t))
        keep_refused(t, e->message);
    if (m->done.refusal == REFUSAL_ROLE && message_owner(m->wire.head.kind) == OWNER_SWAP)
        t_trust_refused(t, e->message);
    send_message(t, e->message, T_RECEIPT);
}

/* An answer to an order, or its absence. True: it is for the coordinator, in ret. */
static bool deliver_answer(struct truth *t, const struct t_event *e, struct event *ret)
{
    static struct receipt receipt; /* static because it is large; there is one thread */
    struct t_message *m = &t->messages[e->message];
    struct t_host *h = &t->hosts[m->host];
    bool swap = message_owner(m->wire.head.kind) == OWNER_SWAP;

    if (e->kind == T_RECEIPT) {
        m->answered = true;
        h->lost = 0;
        if (swap && memcmp(h->last_asked, m->wire.head.nonce, NONCE_LEN) == 0)
            h->silent = 0;
        receipt.head = m->wire.head;
        receipt.head.order = m->digest;
        receipt.u.done = m->done;
        ret->kind = EV_RECEIPT;
        ret->receipt = &receipt;
    } else {
        if (m->answered)
            return false;
        if (swap && ++h->silent >= LOST_FOR_LONG)
            h->faulted = true; /* all orders, or all receipts, were lost */
        ret->kind = EV_NO_ANSWER;
        ret->text = "no answer";
    }
    ret->key = h->key;
    ret->order = m->wire.head.kind;
    memcpy(ret->nonce, m->wire.head.nonce, NONCE_LEN);
    ret->asked_ms = m->asked - t->mono_base;
    return true;
}

static bool deliver_control(struct truth *t, const struct t_event *e, struct event *ret)
{
    ret->kind = EV_REQUEST;
    ret->request = (enum operator_request)e->arg;
    t->paused = t->paused || ret->request == REQUEST_PAUSE;
    t->aborted = t->aborted || ret->request == REQUEST_ABORT;
    t_say(t, "the operator: control %d", (int)e->arg);
    return true;
}

static bool deliver_world(struct truth *t, const struct t_event *e, struct event *ret)
{
    (void)e;
    ret->kind = EV_WORLD;
    ret->world = t_sight_done(t);
    judge_look(t);
    return true;
}

static bool deliver_operation(struct truth *t, const struct t_event *e, struct event *ret)
{
    t_operated(t, &t->messages[e->message], ret);
    return true;
}

static void goes_wrong(struct truth *t, const struct t_event *e)
{
    t->aimed = e->host;
    fault_apply(t, (int)e->arg);
    t->aimed = -1;
}

static void boot_host(struct truth *t, const struct t_event *e)
{
    t_agent_boot(t, e->host);
}

/* True: the event is for the coordinator, in ret. truth_event handles the events that are in
 * neither table. */
static bool handle_event(struct truth *t, const struct t_event *e, struct event *ret)
{
    static bool (*const heard[T_EVENT_KINDS])(struct truth *, const struct t_event *,
                                              struct event *) = {
        [T_SEEN] = deliver_world,       [T_RECEIPT] = deliver_answer,
        [T_NO_ANSWER] = deliver_answer, [T_OPERATED] = deliver_operation,
        [T_CONTROL] = deliver_control,
    };
    static void (*const unheard[T_EVENT_KINDS])(struct truth *, const struct t_event *) = {
        [T_OBSERVE] = t_observe, [T_LOOK] = t_observe,   [T_ORDER] = deliver_order,
        [T_OPERATE] = t_operate, [T_FAULT] = goes_wrong, [T_JOB] = t_agent_job,
        [T_BOOT] = boot_host,
    };

    if (heard[e->kind] != NULL)
        return heard[e->kind](t, e, ret);
    if (unheard[e->kind] != NULL)
        unheard[e->kind](t, e);
    else
        truth_event(t, e);
    return false;
}

static int port_next(void *ctx, int64_t until, struct event *ret, struct err *err)
{
    struct truth *t = ctx;
    int64_t stop = until + t->mono_base;

    memset(ret, 0, sizeof(*ret));
    if (t->now > T_LIFE || ++t->asked > T_ASKED)
        judge_says(t, INVARIANT_ENDS, "the run does not end (state %s)",
                   run_state_name(t->ledger.state));
    while (!t->dead && t->violated == 0) {
        if (t->n_heap == 0 || t->heap[0].at > stop) {
            t->now = MAX_OF(t->now, stop);
            ret->kind = EV_TIMEOUT;
            return 0;
        }
        struct t_event e = t_next(t);
        t->now = MAX_OF(t->now, e.at);
        counts.events++;
        bool out = handle_event(t, &e, ret);
        if (e.message >= 0 && t->messages[e.message].process != t->process)
            out = false; /* it was for a process that has ended */
        if (e.message >= 0)
            cancel_message(t, e.message);
        judge_step(t);
        if (out)
            return 0;
    }
    return err_set(err, ERR_IO, 0, "crashed");
}

void t_pass(struct truth *t, int64_t ms)
{
    int64_t until = t->now + ms;
    struct event ev;

    while (t->n_heap > 0 && t->heap[0].at <= until && t->violated == 0) {
        struct t_event e = t_next(t);
        t->now = MAX_OF(t->now, e.at);
        memset(&ev, 0, sizeof(ev));
        if (e.kind != T_CONTROL)
            handle_event(t, &e, &ev);
        if (e.message >= 0)
            cancel_message(t, e.message);
        judge_step(t);
    }
    t->now = until;
}

const struct ports truth_ports = {
    .now = port_now,
    .random = port_random,
    .commit = port_commit,
    .sign = port_sign,
    .send = port_send,
    .operate = port_operate,
    .interest = port_interest,
    .rest = port_rest,
    .count = port_count,
    .listen = port_listen,
    .stage_order = port_stage,
    .next = port_next,
};
