#include "shell_ports.h"

#include "log_frames.h"
#include "operation_send.h"
#include "seeds.h"
#include "str.h"

static void take_log_line(void *ctx, const char *key, const char *line);

void shell_init(struct shell *s, struct command_context *c, struct ledger_store *store,
                const struct stored_release *release, const unsigned char run_id[static RUN_ID_LEN])
{
    memset(s, 0, sizeof(*s));
    s->context = c;
    s->store = store;
    s->release = release;
    s->last = &s->operated;
    memcpy(s->run_id, run_id, RUN_ID_LEN);
    monitor_on_line(c->monitor, take_log_line, s);
}

void shell_done(struct shell *s)
{
    agent_event_free(&s->current);
    while (s->operated != NULL) {
        struct shell_operated *next = s->operated->next;
        free(s->operated);
        s->operated = next;
    }
    free(take_ptr(&s->given));
    s->last = &s->operated;
    monitor_want(s->context->monitor, NULL, 0);
    monitor_on_line(s->context->monitor, NULL, NULL);
}

static int64_t shell_now(void *ctx)
{
    const struct shell *s = ctx;
    return clock_mono(s->context->clock);
}

static void shell_random(void *ctx, void *p, size_t n)
{
    (void)ctx;
    crypto_random(p, n);
}

static int shell_commit(void *ctx, struct ledger *l, struct err *err)
{
    struct shell *s = ctx;
    if (ledger_store_commit(s->store, l, err) < 0)
        return -1;
    /* What was decided waits for what comes of it; at the end, for every host's last word. */
    observer_look_sooner(s->context->observer, l->state == RUN_VERIFYING);
    return 0;
}

static int shell_sign(void *ctx, const char *key, const struct order *o, struct buf *ret_inner,
                      struct digest *ret_digest, struct err *err)
{
    struct shell *s = ctx;
    return agents_sign(s->context->agents, key, o, ret_inner, ret_digest, err);
}

static void shell_send(void *ctx, const char *key, enum message_kind kind,
                       const unsigned char nonce[static NONCE_LEN], const struct buf *inner)
{
    struct shell *s = ctx;
    agents_send(s->context->agents, key, kind, nonce, inner->data, inner->len);
}

static struct shell_operated *add_operated(struct shell *s, enum event_kind kind, const char *text)
{
    struct shell_operated *o = xzalloc(1, sizeof(*o));
    str_cut(o->why, sizeof(o->why), text);
    o->event = (struct event){.kind = kind, .text = o->why, .key = o->key, .region = o->region};
    *s->last = o;
    s->last = &o->next;
    return o;
}

static void take_nomad_answer(void *ctx, const struct operation_outcome *done)
{
    struct shell_operated *o = add_operated(ctx, EV_OPERATED, done->why);
    o->event.op = done->op;
    o->event.effect = done->effect;
    o->event.ok = done->ok;
}

static void snapshot_is_done(void *ctx, const struct snapshot_taken *t)
{
    struct shell *s = ctx;
    struct shell_operated *o = add_operated(s, EV_OPERATED, t->ok ? t->path : t->why);
    o->event.op = OP_SNAPSHOT;
    o->event.ok = t->ok;
    o->event.final = t->final;
    o->event.bytes = t->bytes;
    o->event.wall_ms = clock_wall(s->context->clock);
    str_cut(o->region, sizeof(o->region), t->region);
}

static void shell_operate(void *ctx, const struct nomad_operation *o)
{
    struct shell *s = ctx;
    struct nomad_base base;
    observer_server_to_ask(s->context->observer, o->region, &base);
    if (o->op == OP_SNAPSHOT)
        snapshot_begin(&s->context->snapshots, s->context->nomad,
                       &(struct snapshot_ask){.base = &base,
                                              .region = o->region,
                                              .dir = s->context->conf.state_dir,
                                              .run_hex = o->run_hex,
                                              .on_done = snapshot_is_done,
                                              .ctx = s});
    else
        operation_send(s->context->nomad, &base, o, take_nomad_answer, s);
}

/* A line of a log: kept with the step; when it means harm, told. */
static void take_log_line(void *ctx, const char *key, const char *line)
{
    struct shell *s = ctx;
    const struct log_sign *sign = log_sign_of(line);
    struct err unused = ERR_INIT;
    /* For people: that it cannot be kept does not stop the run. */
    if (s->step[0] != '\0')
        (void)!ledger_store_add_log_line(s->store, s->run_id, s->step, key, line, &unused);
    if (sign == NULL)
        return;
    struct shell_operated *o = add_operated(s, EV_ALARM, line);
    o->event.advice = sign->advice;
    str_cut(o->key, sizeof(o->key), key);
}

static void shell_count(void *ctx, const char *const *keys, size_t n)
{
    struct shell *s = ctx;
    observer_count(s->context->observer, keys, n);
}

static void shell_listen(void *ctx, const char *step, const char *const *keys, size_t n)
{
    struct shell *s = ctx;
    str_cut(s->step, sizeof(s->step), step);
    monitor_want(s->context->monitor, keys, n);
}

static void shell_interest(void *ctx, const char *const *keys, size_t n)
{
    struct shell *s = ctx;
    observer_interest(s->context->observer, keys, n);
}

static void shell_rest(void *ctx, int64_t until_ms)
{
    struct shell *s = ctx;
    observer_set_rest(s->context->observer, until_ms);
}

/* What cannot be filled stays empty: the host refuses an order without a manifest. */
static void shell_stage_order(void *ctx, const char *key, struct order_stage *ret)
{
    const struct shell *s = ctx;
    const struct world *w = observer_world(s->context->observer);
    const struct host *h = w != NULL ? world_host(w, key) : NULL;
    struct err err = ERR_INIT;
    memset(ret, 0, sizeof(*ret));
    if (h == NULL || s->release == NULL ||
        release_stage(s->release, h->agent.hello.os, h->agent.hello.arch, ret, &err) < 0)
        return;
    const struct build *b = manifest_build(&s->release->manifest, h->agent.hello.os,
                                           h->agent.hello.arch); /* release_stage has seen it */
    seeds_lead(w, h, &b->digest, &b->fetch_digest, ret);
    ret->speed_min = (uint32_t)MIN_OF(s->context->conf.speed_min, (uint64_t)UINT32_MAX);
    ret->deadline_ms = (uint32_t)s->context->conf.stage_deadline_ms;
}

static bool take_operated(struct shell *s, struct event *ret)
{
    free(take_ptr(&s->given));
    struct shell_operated *o = s->operated;
    if (o == NULL)
        return false;
    s->operated = o->next;
    if (s->operated == NULL)
        s->last = &s->operated;
    s->given = o;
    *ret = o->event;
    return true;
}

static bool take_agent(struct shell *s, struct event *ret)
{
    agent_event_free(&s->current);
    if (!agents_next(s->context->agents, &s->current))
        return false;
    const struct agent_event *e = &s->current;
    *ret = (struct event){.kind = e->receipt != NULL ? EV_RECEIPT : EV_NO_ANSWER,
                          .key = e->key,
                          .order = e->kind,
                          .asked_ms = e->asked_ms,
                          .receipt = e->receipt,
                          .inner = e->receipt != NULL ? &e->inner : NULL,
                          .text = e->text};
    memcpy(ret->nonce, e->nonce, NONCE_LEN);
    return true;
}

static bool take_signal(struct shell *s, struct event *ret)
{
    enum operator_request what;
    if (!signals_read(&s->context->signals, &what))
        return false;
    *ret = (struct event){.kind = EV_REQUEST, .request = what};
    return true;
}

static bool take_world(struct shell *s, struct event *ret)
{
    const struct world *w = observer_take(s->context->observer);
    if (w == NULL)
        return false;
    *ret = (struct event){.kind = EV_WORLD, .world = w};
    return true;
}

static int shell_next(void *ctx, int64_t until_ms, struct event *ret, struct err *err)
{
    struct shell *s = ctx;
    for (bool looked = false;; looked = true) {
        if (take_signal(s, ret) || take_operated(s, ret) || take_agent(s, ret) ||
            take_world(s, ret))
            return 0;
        if (looked && shell_now(s) >= until_ms)
            break;
        if (context_wait(s->context, until_ms, err) < 0)
            return -1;
    }
    *ret = (struct event){.kind = EV_TIMEOUT};
    return 0;
}

struct ports shell_ports(struct shell *s)
{
    return (struct ports){.ctx = s,
                          .now = shell_now,
                          .random = shell_random,
                          .commit = shell_commit,
                          .sign = shell_sign,
                          .send = shell_send,
                          .operate = shell_operate,
                          .interest = shell_interest,
                          .rest = shell_rest,
                          .count = shell_count,
                          .listen = shell_listen,
                          .stage_order = shell_stage_order,
                          .next = shell_next};
}
